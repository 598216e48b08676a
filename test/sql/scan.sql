-- "Custom Scan (tj_perm)": rows of workspaces that are wholly the user's are let
-- through without a call, and where a table is read as a whole other rows are denied
-- without one. No answer depends on it, whatever changes while a scan is under way.
-- Random queries: test/property/plans.
SET client_min_messages = warning;
CREATE ROLE regress_scan_app;
CREATE ROLE regress_scan_other;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_scan_app;
CREATE SCHEMA regress_scan;
GRANT ALL ON SCHEMA regress_scan TO regress_scan_app, regress_scan_other;
SET search_path = regress_scan, public, pg_temp;
SET max_parallel_workers_per_gather = 0;

-- boss: Admins of 1, viewer of one folder of 2, Admins of 3, which is archived
-- below. viv: viewer of 1. dora: editor of 1 and 2. fay: a folder of 1. vic:
-- editor of 2, viewer of 1, of which vic was editor once
SELECT tj_perm.create_workspace(w, 'root') FROM unnest('{1,2,3}'::text[]) w;
SELECT tj_perm.add_user(w, u) FROM unnest('{1,2,3}'::text[]) w, unnest('{boss,viv,dora,fay,tim,vic}'::text[]) u;
SELECT tj_perm.add_to_group(w, 'Admins', '{boss}') FROM unnest('{1,3}'::text[]) w;
SELECT tj_perm.grant_access('2/folder:5', 'viewer', to_user => 'boss'), tj_perm.grant_access('1', 'viewer', to_user => 'viv'),
	tj_perm.grant_access('1', 'editor', to_user => 'dora'), tj_perm.grant_access('2', 'editor', to_user => 'dora'),
	tj_perm.grant_access('1/folder:5', 'viewer', to_user => 'fay'), tj_perm.grant_access('1/folder:*', 'viewer', to_user => 'fay');

SELECT tj_perm.grant_access('1', 'viewer', to_user => 'vic'), tj_perm.grant_access('2', 'editor', to_user => 'vic');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_until) VALUES ('1', 'vic', '1', 'editor', '2001-01-01Z');

CREATE TABLE docs (gone int, id bigint, org int, folder bigint, body text, twice bigint GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO docs (id, org, folder, body) SELECT g, 1 + g / 400, nullif(g % 10, 0), 'document ' || g FROM generate_series(0, 1199) g;
INSERT INTO docs (id, org, folder, body) VALUES (NULL, 1, 5, 'no id'), (7000, NULL, 5, 'no workspace');
CREATE INDEX docs_org ON docs (org);
CREATE INDEX docs_id ON docs (id);
ANALYZE docs;
CREATE POLICY see ON docs FOR SELECT USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'doc', id), 'viewer'));
CREATE POLICY change ON docs FOR UPDATE USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'doc', id), 'editor'));
CREATE POLICY remove ON docs FOR DELETE USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'doc', id), 'viewer'));
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
GRANT ALL ON docs TO regress_scan_app, regress_scan_other;

-- a plan, with short names of our calls
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || CASE WHEN query LIKE '(%' THEN '' ELSE '(COSTS OFF) ' END || query LOOP
		line := regexp_replace(replace(line, 'tj_user()', 'user'), '(rows=\d+)\.00', '\1');
		RETURN NEXT regexp_replace(line, 'tj_perm\.(_\w+)\([^()]*\)', '\1', 'g');
	END LOOP;
END $$;
-- the rows with the support and without it, and whether they are the same
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got text;
	want text;
	scans text := '';
BEGIN
	FOR got IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF got ~ 'Custom Scan \(tj_perm\)' THEN scans := 'by the node: '; END IF;
	END LOOP;
	EXECUTE format('SELECT count(*) || '' '' || left(coalesce(string_agg(q::text, '' '' ORDER BY q::text), ''''), 40) || '' '' || coalesce(md5(string_agg(q::text, '' '' ORDER BY q::text)), '''') FROM (%s) q', query) INTO got;
	SET LOCAL tj_perm.planner_support = off;
	EXECUTE format('SELECT count(*) || '' '' || left(coalesce(string_agg(q::text, '' '' ORDER BY q::text), ''''), 40) || '' '' || coalesce(md5(string_agg(q::text, '' '' ORDER BY q::text)), '''') FROM (%s) q', query) INTO want;
	SET LOCAL tj_perm.planner_support = on;
	RETURN scans || CASE WHEN got = want THEN regexp_replace(got, ' \w*$', '') ELSE format('DIFFERENT: %s, without: %s', got, want) END;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA regress_scan TO regress_scan_app, regress_scan_other;
SET ROLE regress_scan_app;

-- 1. where the node stands: above scans of the heap, for whoever holds a workspace;
-- and for everybody where a table of some size is read as a whole
SET tj_perm.user_id = 'boss';
SELECT plan_of('SELECT body FROM docs');
SELECT plan_of('SELECT body FROM docs WHERE org = 1 AND body <> ''document 3''');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT plan_of('SELECT body FROM docs WHERE org = 1 ORDER BY org');
SET enable_indexscan = off;
SET enable_bitmapscan = on;
SELECT plan_of('SELECT body FROM docs WHERE org = 1');
RESET enable_seqscan;
RESET enable_indexscan;
-- not where few rows are expected, nor where the key names the row
SELECT plan_of('SELECT body FROM docs WHERE id = 17');
-- not in a workspace of which the user holds a part only
SELECT plan_of('SELECT body FROM docs WHERE org = 2');
SET tj_perm.user_id = 'fay';
SELECT plan_of('SELECT body FROM docs');
SELECT plan_of('SELECT body FROM docs ORDER BY body LIMIT 3');
-- not where few rows are read
SELECT plan_of('SELECT body FROM docs LIMIT 3');
SELECT plan_of('SELECT body FROM docs WHERE twice < 300');
-- a workspace is not wholly the user's at any level
SET tj_perm.user_id = 'viv';
SELECT plan_of('SELECT body FROM docs WHERE org = 1');
RESET ROLE;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT rows_of('SELECT body FROM docs WHERE tj_can(tj_user(), tj_resource(org, ''doc'', id), ''editor'')');
RESET enable_indexscan;
RESET enable_bitmapscan;
SELECT plan_of('SELECT body FROM docs WHERE tj_can(''dora'', tj_resource(org, ''doc'', id), ''editor'')');
SELECT rows_of('SELECT org, count(*) FROM docs WHERE tj_can(''vic'', tj_resource(org, ''doc'', id), ''editor'') GROUP BY org');
SELECT rows_of('SELECT org, count(*) FROM docs WHERE tj_can(''vic'', tj_resource(org, ''doc'', id), ''viewer'') GROUP BY org');
-- not without the support, and not where more than columns makes the resource
SET tj_perm.planner_support = off;
SELECT plan_of('SELECT body FROM docs WHERE tj_can(''dora'', tj_resource(org, ''doc'', id), ''editor'')');
RESET tj_perm.planner_support;
SELECT rows_of('SELECT body FROM docs WHERE tj_can(''dora'', tj_resource(org, ''doc'', id + 1), ''editor'')');
SELECT plan_of('SELECT body FROM docs WHERE tj_can(''dora'', tj_resource(org, ''folder'', ARRAY[folder], ''doc'', id), ''editor'')');
-- a workspace that is a constant, and a container
SELECT plan_of('SELECT body FROM docs WHERE tj_can(''dora'', tj_resource(1, ''folder'', 8, ''doc'', id), ''editor'')');
SELECT rows_of('SELECT id FROM docs WHERE tj_can(''dora'', tj_resource(1, ''folder'', 8, ''doc'', id), ''editor'')');
SELECT rows_of('SELECT id FROM docs WHERE tj_can(''dora'', tj_resource(1, ''folder'', repeat(''x'', 256), ''doc'', id), ''editor'')');
SELECT rows_of('SELECT id FROM docs WHERE tj_can(''dora'', tj_resource(org, ''folder'', NULL::text, ''doc'', id), ''editor'')');
-- not above an index, where most rows that are read are of other workspaces
CREATE TABLE spread AS SELECT g / 200 AS org, g AS id FROM generate_series(0, 1999) g;
ANALYZE spread;
SELECT plan_of('SELECT id FROM spread WHERE tj_can(''viv'', tj_resource(org, ''doc'', id), ''viewer'')');
CREATE INDEX ON spread (org);
SET enable_seqscan = off;
SELECT plan_of('SELECT id FROM spread WHERE tj_can(''viv'', tj_resource(org, ''doc'', id), ''viewer'')');
RESET enable_seqscan;
SET ROLE regress_scan_app;

-- 2. the rows: of boss those of 1 but the one without an id, and folder 5 of 2
SET tj_perm.user_id = 'boss';
SELECT rows_of('SELECT org, count(*) FROM docs GROUP BY org');
SELECT rows_of('SELECT count(*) FROM docs WHERE org = 3');
RESET ROLE;
SELECT tj_perm.archive_workspace('3');
SET ROLE regress_scan_app;
SELECT rows_of('SELECT org, count(*) FROM docs GROUP BY org');
SET tj_perm.user_id = 'dora';
SELECT rows_of('SELECT org, count(*) FROM docs GROUP BY org');
SELECT rows_of('SELECT org, count(*) FROM docs WHERE folder = 3 GROUP BY org');
-- conditions that are checked after the policy
SELECT plan_of('SELECT id FROM docs WHERE body LIKE ''%7'' AND length(body) > 10');
SELECT rows_of('SELECT org, count(*) FROM docs WHERE body LIKE ''%7'' AND length(body) > 10 GROUP BY org');
-- rows of workspaces in turn
SELECT rows_of('SELECT org, count(*) FROM (SELECT * FROM docs ORDER BY id % 400 OFFSET 0) d GROUP BY org');
RESET ROLE;
UPDATE tj_perm.members SET status = 'archived' WHERE user_id = 'dora' AND workspace_id = '1';
SET ROLE regress_scan_app;
SELECT rows_of('SELECT org, count(*) FROM docs GROUP BY org');
RESET ROLE;
UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'dora' AND workspace_id = '1';
SET ROLE regress_scan_app;

-- 3. nothing sees a row before the policy has let it through
RESET ROLE;
CREATE FUNCTION tell(n bigint, org int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	IF org IS DISTINCT FROM 1 THEN RAISE WARNING 'seen: % of %', n, org; END IF;
	RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION tell TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'viv';
SELECT plan_of('SELECT count(*) FROM docs WHERE tell(id, org) AND id < 1000');
SELECT count(*) FROM docs WHERE tell(id, org) AND id < 1000;

-- 4. who asks, while a scan is under way
SET tj_perm.user_id = 'boss';
BEGIN;
DECLARE c CURSOR FOR SELECT id, org, folder FROM docs WHERE id > 100;
FETCH 2 FROM c;
SET LOCAL tj_perm.user_id = 'fay';
FETCH 2 FROM c;
SET LOCAL tj_perm.user_id = 'nobody';
FETCH 2 FROM c;
SET LOCAL tj_perm.user_id = '';
FETCH 2 FROM c;
ROLLBACK;
-- in one statement: from the 100th row on it is nobody
SELECT count(*), max(id) FROM (SELECT id, set_config('tj_perm.user_id', CASE WHEN id < 100 THEN 'boss' ELSE 'nobody' END, false) FROM docs OFFSET 0) d;
SET tj_perm.user_id = 'boss';
-- what a savepoint takes back
BEGIN;
SAVEPOINT s;
SET LOCAL tj_perm.user_id = 'nobody';
DECLARE c CURSOR FOR SELECT id FROM docs;
FETCH 1 FROM c;
ROLLBACK TO s;
DECLARE c CURSOR FOR SELECT id FROM docs;
FETCH 1 FROM c;
ROLLBACK;

-- 5. the clock: a FETCH is a statement
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.grant_access('1', 'viewer', to_user => 'tim', valid_until => clock_timestamp() + interval '0.7 s');
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'tim';
SELECT plan_of('SELECT id FROM docs');
BEGIN;
DECLARE c CURSOR FOR SELECT id, org FROM docs;
FETCH 2 FROM c;
SELECT pg_sleep(0.8);
FETCH 2 FROM c;
COMMIT;
-- and what is not valid yet
RESET ROLE;
UPDATE tj_perm.grants SET valid_from = clock_timestamp() + interval '0.7 s', valid_until = NULL WHERE user_id = 'tim' AND workspace_id = '1';
SET ROLE regress_scan_app;
BEGIN;
DECLARE c CURSOR FOR SELECT id, org FROM docs WHERE id < 500;
SELECT count(*) FROM docs;
SELECT pg_sleep(0.8);
FETCH 1 FROM c;
COMMIT;
SELECT rows_of('SELECT org, count(*) FROM docs GROUP BY org');

-- 6. own changes: a cursor answers under its own snapshot, the next statement under its own
RESET ROLE;
GRANT ALL ON tj_perm.grants TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'viv';
BEGIN;
DECLARE c CURSOR FOR SELECT id, org FROM docs;
FETCH 1 FROM c;
DELETE FROM tj_perm.grants WHERE user_id = 'viv';
FETCH 1 FROM c;
SELECT count(*) FROM docs;
SAVEPOINT s;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('2', 'viv', '2', 'viewer');
SELECT min(org), count(*) FROM docs;
ROLLBACK TO s;
SELECT count(*) FROM docs;
FETCH 1 FROM c;
ROLLBACK;
-- a cursor of a function that is called for each row that a statement deletes: each
-- call sees one row more gone, under a snapshot of the same content
RESET ROLE;
RESET tj_perm.user_id;
CREATE FUNCTION peek(n bigint, times int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c refcursor := 'peeking';
	seen bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'peeking') THEN
		OPEN c NO SCROLL FOR SELECT id FROM regress_scan.docs WHERE id >= 20;
	END IF;
	IF n <= times THEN
		FETCH c INTO seen;
		RAISE WARNING '% sees %', tj_user(), seen;
	END IF;
	RETURN true;
END $$;
CREATE TABLE pace AS SELECT 0 AS n;
GRANT ALL ON pace TO regress_scan_app;
GRANT EXECUTE ON FUNCTION peek TO regress_scan_app;
GRANT USAGE ON SCHEMA tj_perm TO regress_scan_app;
SELECT tj_perm.grant_access(tj_resource(1, 'folder', 990 + g), 'viewer', to_user => 'viv') FROM generate_series(1, 3) g;
CREATE TABLE order_of_grants AS SELECT grant_id, row_number() OVER (ORDER BY resource) AS n FROM tj_perm.grants WHERE user_id = 'viv';
GRANT SELECT ON order_of_grants TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'viv';
BEGIN;
SELECT count(*) FROM docs;
DELETE FROM tj_perm.grants g USING (SELECT grant_id, n FROM order_of_grants ORDER BY n OFFSET 0) o WHERE o.grant_id = g.grant_id AND peek(n, 9);
ROLLBACK;
-- and when all are gone, and what was known before has given way to other snapshots
BEGIN;
DELETE FROM tj_perm.grants g USING (SELECT grant_id, n FROM order_of_grants ORDER BY n OFFSET 0) o WHERE o.grant_id = g.grant_id AND peek(n, 1);
DO $$
BEGIN
	FOR i IN 1 .. 10 LOOP
		UPDATE regress_scan.pace SET n = i;
		PERFORM tj_can('viv', '2', 'viewer');
	END LOOP;
END $$;
FETCH 1 FROM peeking;
ROLLBACK;
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.revoke_access(tj_resource(1, 'folder', 990 + g), from_user => 'viv') FROM generate_series(1, 3) g;
REVOKE ALL ON tj_perm.grants FROM regress_scan_app;

-- 7. cursors to and fro, held, and the row that one stands on
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'boss';
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM docs WHERE id > 396;
FETCH 4 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 2 FROM c;
COMMIT;
SET tj_perm.user_id = 'dora';
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM docs;
COMMIT;
SET tj_perm.user_id = 'nobody';
FETCH 2 FROM c;
CLOSE c;
SET tj_perm.user_id = 'dora';
BEGIN;
DECLARE c CURSOR FOR SELECT id, ctid FROM docs WHERE folder = 3;
MOVE 2 FROM c;
UPDATE docs SET body = 'changed' WHERE CURRENT OF c RETURNING id, body;
FETCH 1 FROM c;
ROLLBACK;

-- 8. what is asked of a row: system columns, the whole row, columns that are gone,
-- came later or are made
SELECT rows_of('SELECT d FROM docs d');
SELECT rows_of('SELECT ctid, tableoid::regclass FROM docs');
SELECT rows_of('SELECT count(*) FROM docs');
SELECT rows_of('SELECT FROM docs');
SELECT rows_of('SELECT twice, upper(body) FROM docs');
SELECT rows_of('SELECT id, (SELECT count(*) FROM docs s WHERE s.org = d.org AND s.id < d.id) FROM docs d WHERE folder = 7');
RESET ROLE;
ALTER TABLE docs DROP COLUMN gone;
ALTER TABLE docs ADD COLUMN later text DEFAULT 'later';
ANALYZE docs;
SET ROLE regress_scan_app;
SELECT rows_of('SELECT d FROM docs d');
SELECT rows_of('SELECT later, id FROM docs d');
SELECT rows_of('SELECT count(*) FROM docs');
-- a bitmap scan of which nothing is asked
SET enable_seqscan = off;
SET enable_indexscan = off;
RESET ROLE;
VACUUM docs;
SET ROLE regress_scan_app;
SELECT plan_of('SELECT count(*) FROM docs WHERE org = 1');
SELECT rows_of('SELECT count(*) FROM docs WHERE org = 1');
RESET enable_seqscan;
RESET enable_indexscan;

-- 9. joins: scans that start anew, and that go back to a mark
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT plan_of('SELECT count(*) FROM generate_series(1, 3) g JOIN docs d ON d.org = g');
SELECT rows_of('SELECT g, count(*) FROM generate_series(1, 3) g JOIN docs d ON d.org = g GROUP BY g');
SELECT rows_of('SELECT count(*) FROM docs a JOIN docs b ON a.id = b.org AND a.org = b.org');
SELECT plan_of('SELECT count(*) FROM generate_series(1, 4) g LEFT JOIN docs d ON d.org + 0 = g');
SELECT rows_of('SELECT g, count(d.id) FROM generate_series(1, 4) g LEFT JOIN docs d ON d.org + 0 = g GROUP BY g');
RESET enable_mergejoin;
SET enable_nestloop = off;
SET enable_sort = off;
SET enable_seqscan = off;
SELECT plan_of('SELECT count(*) FROM docs a JOIN docs b ON a.id = b.id');
SELECT rows_of('SELECT count(*) FROM docs a JOIN docs b ON a.id = b.id');
SELECT plan_of('SELECT count(*) FROM docs a JOIN docs b ON a.org = b.org');
SELECT rows_of('SELECT count(*) FROM docs a JOIN docs b ON a.org = b.org');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;
RESET enable_nestloop;
RESET enable_sort;
RESET enable_seqscan;

-- 10. changes of rows that the node finds
BEGIN;
SELECT plan_of('UPDATE docs SET body = ''new''');
WITH u AS (UPDATE docs SET body = 'new' RETURNING org) SELECT org, count(*) FROM u GROUP BY org ORDER BY org;
WITH d AS (DELETE FROM docs WHERE folder = 4 RETURNING org) SELECT org, count(*) FROM d GROUP BY org ORDER BY org;
MERGE INTO docs USING (VALUES (3, 1), (403, 2), (803, 3)) AS v (n, o) ON id = n AND org > 0 WHEN MATCHED THEN UPDATE SET body = 'merged';
SELECT id, body FROM docs WHERE body = 'merged' ORDER BY id;
SELECT count(*) FROM (SELECT FROM docs WHERE org = 2 FOR UPDATE) AS l;
-- a viewer changes nothing
SET LOCAL tj_perm.user_id = 'viv';
WITH u AS (UPDATE docs SET body = 'new' RETURNING org) SELECT org, count(*) FROM u GROUP BY org ORDER BY org;
ROLLBACK;

-- 11. other roles, and plans that they share
RESET ROLE;
RESET tj_perm.user_id;
CREATE TABLE bare AS SELECT * FROM docs;
ANALYZE bare;
GRANT SELECT ON bare TO regress_scan_app, regress_scan_other;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO regress_scan_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_scan_other;
SET plan_cache_mode = force_generic_plan;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'dora';
PREPARE q AS SELECT count(*) FROM bare WHERE tj_can(tj_user(), tj_resource(org, 'doc', id), 'viewer');
EXECUTE q;
EXPLAIN (COSTS OFF) EXECUTE q;
EXPLAIN (COSTS OFF, VERBOSE) EXECUTE q;
SELECT plan_of('(ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE q');
PREPARE all_mine AS SELECT count(*) FROM bare WHERE tj_can(tj_user(), tj_resource(org, 'doc', id), 'viewer') AND org = 1 AND id IS NOT NULL;
EXECUTE all_mine;
SET ROLE regress_scan_other;
EXECUTE q;
EXECUTE all_mine;
SET ROLE regress_scan_app;
-- small and large users in turn
SET tj_perm.user_id = 'nobody';
EXECUTE q;
SELECT plan_of('EXECUTE q');
SET tj_perm.user_id = 'dora';
EXECUTE q;
SELECT plan_of('EXECUTE q');
SET tj_perm.user_id = 'boss';
EXECUTE q;
RESET ROLE;
RESET tj_perm.user_id;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM regress_scan_app;
-- what a plan stands on goes, and comes back
PREPARE p AS SELECT count(*) FROM bare WHERE tj_can('dora', tj_resource(org, 'doc', id), 'viewer');
EXECUTE p;
SELECT plan_of('EXECUTE p');
BEGIN;
DROP EXTENSION tj_perm CASCADE;
\set VERBOSITY sqlstate
EXECUTE p;
\set VERBOSITY default
ROLLBACK;
EXECUTE p;
DEALLOCATE ALL;
RESET plan_cache_mode;

-- 12. keys and ids of all types
CREATE DOMAIN short_key AS varchar(40);
SELECT tj_perm.create_workspace(w, 'root') FROM unnest(ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380001', 'acme', repeat('k', 125), repeat('k', 126), repeat('k', 127), repeat('k', 255), '0']) w;
SELECT tj_perm.add_user(workspace_id, 'kim', '{Admins}') FROM tj_perm.workspaces WHERE workspace_id !~ '^[23]$';
CREATE TABLE keys (small smallint, large bigint, id uuid, word text, name short_key, folder text, item varchar, folders text[]);
INSERT INTO keys SELECT nullif(g % 4, 3), g % 3, ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd38000' || g % 3)::uuid, repeat('k', 124 + g % 4), CASE g % 3 WHEN 1 THEN 'acme' WHEN 2 THEN 'Acme' ELSE '' END,
	CASE WHEN g % 5 > 0 THEN repeat('f', 250 + g % 9) END, CASE WHEN g % 7 > 0 THEN repeat('i', 120 + 133 * (g % 2) + g % 5) END,
	ARRAY[NULL, repeat('f', 250 + g % 9)] FROM generate_series(1, 600) g;
ANALYZE keys;
SELECT k AS key, rows_of(format('SELECT * FROM keys WHERE tj_can(''kim'', tj_resource(%s, ''item'', large), ''admin'')', k)) AS rows FROM unnest('{small,large,id,word,name}'::text[]) k;
SELECT f AS ids, rows_of(format('SELECT * FROM keys WHERE tj_can(''kim'', tj_resource(small, %s), ''admin'')', f)) AS rows
FROM unnest(ARRAY['''item'', item', '''item'', item, ''part'', large', '''folder'', folder, ''item'', large', '''folder'', folder, ''item'', item', '''folder'', id, ''item'', name', '''folder'', folders, ''item'', large']) f;
SELECT rows_of('SELECT * FROM keys WHERE tj_can(''kim'', tj_workspace(word), ''admin'')');
SELECT length(word), count(*) FROM keys WHERE tj_can('kim', tj_workspace(word), 'admin') GROUP BY 1 ORDER BY 1;

-- 13. partitions, whose columns have other numbers
CREATE TABLE parts (id bigint, org int, folder bigint, body text) PARTITION BY LIST (org);
CREATE TABLE parts_1 (junk int, body text, folder bigint, org int, id bigint);
ALTER TABLE parts_1 DROP COLUMN junk;
ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT id, org, folder, body FROM docs WHERE id IS NOT NULL;
INSERT INTO parts VALUES (NULL, 1, 5, 'no id');
ANALYZE parts;
CREATE POLICY see ON parts USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'doc', id), 'viewer'));
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
GRANT ALL ON parts TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'dora';
SELECT plan_of('SELECT * FROM parts');
SELECT rows_of('SELECT * FROM parts');
SELECT rows_of('SELECT org, count(body) FROM parts GROUP BY org');
SELECT rows_of('SELECT tableoid::regclass, p FROM parts p');

-- 14. parallel scans
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT plan_of('SELECT body FROM docs');
SELECT rows_of('SELECT org, body FROM docs');
SELECT rows_of('SELECT * FROM parts');
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;

-- 15. the node stands in no plan's way: semi and anti joins that look into an index for each row, partitions of which one has none
RESET ROLE;
CREATE TABLE large (id bigint, org int, grp int, body text);
INSERT INTO large SELECT g, 1, g % 400, 'row ' || g FROM generate_series(1, 40000) g;
CREATE INDEX large_grp ON large (grp);
CREATE POLICY see ON large USING (tj_can(tj_user(), tj_resource(org, 'row', id), 'viewer'));
ALTER TABLE large ENABLE ROW LEVEL SECURITY;
CREATE TABLE picks AS SELECT g * 7 AS grp FROM generate_series(1, 600) g;
CREATE TABLE halves (LIKE large) PARTITION BY RANGE (grp);
CREATE TABLE half_1 PARTITION OF halves FOR VALUES FROM (0) TO (395);
CREATE TABLE half_2 PARTITION OF halves FOR VALUES FROM (395) TO (400);
INSERT INTO halves SELECT * FROM large;
CREATE INDEX half_1_grp ON half_1 (grp);
CREATE POLICY see ON halves USING (tj_can(tj_user(), tj_resource(org, 'row', id), 'viewer'));
ALTER TABLE halves ENABLE ROW LEVEL SECURITY;
GRANT ALL ON large, picks, halves TO regress_scan_app;
ANALYZE large, picks, halves;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'boss';
SELECT plan_of('SELECT body FROM large');
SELECT plan_of('SELECT grp FROM picks WHERE EXISTS (SELECT FROM large WHERE large.grp = picks.grp)');
SELECT plan_of('SELECT grp FROM picks WHERE NOT EXISTS (SELECT FROM large WHERE large.grp = picks.grp)');
SELECT plan_of('SELECT body FROM picks JOIN halves USING (grp) WHERE picks.grp < 15');
SELECT rows_of('SELECT grp FROM picks WHERE EXISTS (SELECT FROM large WHERE large.grp = picks.grp)');
SELECT rows_of('SELECT grp FROM picks WHERE NOT EXISTS (SELECT FROM large WHERE large.grp = picks.grp)');
SELECT rows_of('SELECT body FROM picks JOIN halves USING (grp) WHERE picks.grp < 15');

-- 16. the right to execute goes while a query is being planned, after the node was thought of: as for any call, it is missed when the query runs
RESET ROLE;
CREATE TABLE tagged AS SELECT g AS id, ARRAY[g % 50] AS tags FROM generate_series(1, 5000) g;
CREATE INDEX ON tagged USING gin (tags);
ANALYZE tagged;
GRANT SELECT ON tagged TO regress_scan_app;
CREATE FUNCTION revoke_in_time() RETURNS int[] LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	remaining int := current_setting('scan.times');
BEGIN
	PERFORM set_config('scan.times', (remaining - 1)::text, false);
	IF remaining = 0 THEN
		REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM PUBLIC;
	END IF;
	RETURN '{3}';
END $$;
CREATE FUNCTION tags() RETURNS int[] LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN revoke_in_time(); END $$;
SET ROLE regress_scan_app;
SET scan.times = 1000;
SELECT plan_of('SELECT body FROM docs JOIN tagged USING (id) WHERE tags && tags()');
BEGIN;
SAVEPOINT s;
SET scan.times = 0;
SELECT body FROM docs JOIN tagged USING (id) WHERE tags && tags();
ROLLBACK TO s;
SET scan.times = 1;
SELECT body FROM docs JOIN tagged USING (id) WHERE tags && tags();
ROLLBACK TO s;
SET scan.times = 2;
SELECT body FROM docs JOIN tagged USING (id) WHERE tags && tags();
ROLLBACK;

-- 17. what a row is denied by, however it is stored: lin holds single things of 1 and 2, by ids of all types
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.add_user(w, 'lin') FROM unnest('{1,2,acme,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380001}'::text[]) w;
SELECT count(*) FROM (SELECT tj_perm.grant_access(tj_resource(w, t, i), 'viewer', to_user => 'lin')
	FROM unnest('{1,2,acme,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380001}'::text[]) w, unnest('{item,folder}'::text[]) t,
		unnest(ARRAY['7', '8', '77', '-7', 'seven', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380007', repeat('i', 200), repeat('i', 255)]) i) g;
CREATE FUNCTION word(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE n % 9 WHEN 7 THEN 'seven' WHEN 1 THEN '8' WHEN 2 THEN repeat('i', 200) WHEN 3 THEN repeat('i', 255) WHEN 4 THEN repeat('i', 256) ELSE n::text END $$;
CREATE TABLE thin AS SELECT g AS id, nullif(g % 13, 0) AS folder, 1 + g % 2 AS org FROM generate_series(-100, 2400) g;
CREATE TABLE mixed AS SELECT (g % 2)::bool AS flag, (g % 90)::smallint AS id, g AS large, 1 + g % 2 AS org, g % 4 > 0 AS other, (g % 13)::smallint AS folder, NULL::int AS nothing FROM generate_series(1, 2400) g;
CREATE TABLE wordy AS SELECT word(g) AS item, g % 3 AS few, CASE g % 3 WHEN 0 THEN '1' WHEN 1 THEN 'acme' ELSE '3' END::varchar AS org, (g % 100)::bigint AS id, word(g / 9) AS folder FROM generate_series(1, 2400) g;
CREATE TABLE packed (few int, item text, org text, note text, id int);
ALTER TABLE packed ALTER item SET STORAGE MAIN, ALTER org SET STORAGE EXTENDED, ALTER note SET STORAGE EXTERNAL, SET (toast_tuple_target = 128);
INSERT INTO packed SELECT few, CASE WHEN id % 4 > 0 THEN item END, org, CASE WHEN id % 10 = 0 THEN repeat('n', 3000) WHEN id % 2 = 0 THEN '' END, id FROM wordy;
CREATE TABLE odd AS SELECT few = 1 AS flag, org, id, item FROM wordy;
CREATE TABLE uuids AS SELECT g % 4 = 0 AS flag, ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd38000' || g % 9)::uuid AS id, ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd38000' || 1 + g % 2)::uuid AS org FROM generate_series(1, 2400) g;
CREATE TABLE far AS SELECT CASE WHEN g % 5 > 0 THEN 1 END AS a, 2 AS b, 3 AS c, 4 AS d, 5 AS e, 6 AS f, CASE WHEN g % 7 > 0 THEN 7 END AS h, 8 AS i, 1 + g % 2 AS org, CASE WHEN g % 3 > 0 THEN g END AS folder, g % 90 AS id, NULL::int AS j FROM generate_series(1, 2400) g;
CREATE TABLE grown AS SELECT g AS id, 1 + g % 3 AS org FROM generate_series(1, 1200) g;
ALTER TABLE grown ADD COLUMN folder int DEFAULT 8;
ALTER TABLE grown ADD COLUMN later int;
INSERT INTO grown SELECT g, 1 + g % 3, g % 9, g % 90 FROM generate_series(1201, 2400) g;
CREATE TABLE shrunk AS SELECT g AS gone, 'x'::text AS lost, g AS id, 1 + g % 2 AS org, g % 100 AS folder FROM generate_series(1, 1200) g;
ALTER TABLE shrunk DROP COLUMN gone, DROP COLUMN lost;
INSERT INTO shrunk SELECT g, 1 + g % 2, g % 90 FROM generate_series(1201, 2400) g;
ANALYZE thin, mixed, wordy, packed, odd, uuids, far, grown, shrunk;
SELECT what, rows_of(format('SELECT * FROM %s WHERE tj_can(''lin'', tj_resource(%s), ''viewer'')', split_part(what, ': ', 1), split_part(what, ': ', 2))) AS rows FROM unnest(ARRAY[
	'thin: org, ''folder'', folder, ''item'', id', 'thin: org, ''item'', id, ''none'', folder', 'thin: 1, ''item'', id', 'thin: ''2'', ''folder'', 8, ''item'', id', 'thin: 3, ''folder'', 8, ''item'', id',
	'thin: org, ''folder'', 78, ''item'', id', 'thin: org, ''folder'', NULL::int, ''item'', id', 'mixed: org, ''folder'', folder, ''item'', id', 'mixed: org, ''item'', large', 'mixed: org, ''item'', id', 'wordy: org, ''item'', item', 'wordy: org, ''folder'', folder, ''item'', item',
	'wordy: org, ''folder'', item, ''item'', id', 'wordy: org, ''folder'', folder', 'packed: org, ''item'', item', 'packed: org, ''item'', id', 'packed: org, ''folder'', item, ''item'', id', 'packed: org, ''folder'', note, ''item'', item', 'odd: org, ''item'', id', 'odd: org, ''item'', item', 'odd: org, ''folder'', item, ''item'', id',
	'uuids: org, ''item'', id', 'far: org, ''folder'', folder, ''item'', id', 'far: org, ''folder'', a, ''item'', id', 'far: org, ''folder'', h, ''item'', i', 'far: h, ''folder'', folder, ''item'', id', 'far: org, ''folder'', id, ''item'', j', 'grown: org, ''folder'', folder, ''item'', id', 'grown: org, ''folder'', id, ''item'', later',
	'grown: org, ''item'', later', 'shrunk: org, ''folder'', folder, ''item'', id', 'shrunk: org, ''item'', id']) what;
-- columns behind those that decide, and in front of them
SELECT rows_of('SELECT other, large, folder FROM mixed WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'')');
SELECT rows_of('SELECT few, id, note IS NULL, length(folder) FROM wordy LEFT JOIN packed USING (few, id) WHERE tj_can(''lin'', tj_resource(wordy.org, ''item'', wordy.item), ''viewer'')');
SELECT rows_of('SELECT j, d, far FROM far WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'') AND b > 1 AND i + h > 2');
-- more than can be sorted, or than fits at all
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT '1', 'lin', tj_resource('1', 'item', g * 10), 'viewer' FROM generate_series(1, 9000) g;
SET tj_perm.cache_size = '64kB';
SELECT rows_of('SELECT * FROM thin WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'')');
RESET tj_perm.cache_size;
SELECT rows_of('SELECT * FROM thin WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'')');
DELETE FROM tj_perm.grants WHERE user_id = 'lin' AND resource::text ~ '/item:\d*0$';

-- 18. where others may let a row through: a policy that does not decide alone is asked about each row
CREATE TABLE shared AS SELECT id, org, id % 50 = 0 AS open FROM thin;
ANALYZE shared;
CREATE POLICY see ON shared USING (tj_can(tj_user(), tj_resource(org, 'item', id), 'viewer'));
ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
GRANT ALL ON shared, thin TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'lin';
SELECT plan_of('SELECT * FROM shared');
SELECT rows_of('SELECT * FROM shared');
RESET ROLE;
CREATE POLICY all_open ON shared USING (open);
SET ROLE regress_scan_app;
SELECT plan_of('SELECT * FROM shared');
SELECT rows_of('SELECT * FROM shared');
SET tj_perm.user_id = 'viv';
SELECT plan_of('SELECT * FROM shared');
SELECT rows_of('SELECT org, count(*) FROM shared GROUP BY org');
RESET ROLE;
DROP POLICY all_open ON shared;
-- two that must both say yes
CREATE POLICY and_this ON shared AS RESTRICTIVE USING (tj_can(tj_user(), tj_resource(org, 'item', id), 'editor'));
SET ROLE regress_scan_app;
SELECT plan_of('SELECT * FROM shared');
SELECT rows_of('SELECT * FROM shared');
RESET ROLE;
DROP POLICY and_this ON shared;

-- 19. what changes while rows are denied
-- who asks: by a condition that is checked before, for each row
CREATE FUNCTION become(n int, first int, last int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
DECLARE
	who text := CASE WHEN n BETWEEN first AND last THEN 'lin' ELSE 'nobody' END;
BEGIN
	IF tj_user() <> who THEN PERFORM set_config('tj_perm.user_id', who, false); END IF;
	RETURN true;
END $$;
SET cpu_operator_cost = 0.2;
SET tj_perm.user_id = 'lin';
SELECT plan_of('SELECT id FROM thin WHERE become(id, -100, 76) AND tj_can(tj_user(), tj_resource(org, ''item'', id), ''viewer'')');
SELECT id FROM thin WHERE become(id, -100, 76) AND tj_can(tj_user(), tj_resource(org, 'item', id), 'viewer');
SELECT id FROM thin WHERE become(id, 8, 77) AND tj_can(tj_user(), tj_resource(org, 'item', id), 'viewer');
RESET cpu_operator_cost;
-- by one that is checked after the policy, and lets nothing through
CREATE FUNCTION leave(n bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	RAISE WARNING '% sees %', tj_user(), n;
	PERFORM set_config('tj_perm.user_id', 'nobody', true);
	RETURN n > 7;
END $$;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'lin';
SELECT id FROM shared WHERE leave(id);
BEGIN;
SET LOCAL tj_perm.user_id = 'lin';
SELECT id FROM shared WHERE id > -7 AND leave(id);
ROLLBACK;
-- by what is handed out, and between two FETCHes
SET tj_perm.user_id = 'lin';
SELECT id, set_config('tj_perm.user_id', CASE WHEN id < 8 THEN 'lin' ELSE 'nobody' END, false) FROM shared;
SET tj_perm.user_id = 'lin';
BEGIN;
DECLARE c CURSOR FOR SELECT id, org FROM shared;
FETCH 1 FROM c;
SET LOCAL tj_perm.user_id = 'nobody';
MOVE 0 FROM c;
SET LOCAL tj_perm.user_id = 'lin';
FETCH 1 FROM c;
SET LOCAL tj_perm.user_id = 'nobody';
FETCH 2 FROM c;
ROLLBACK;
-- the clock
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.grant_access('1/item:500', 'viewer', to_user => 'lin', valid_until => clock_timestamp() + interval '0.7 s'), tj_perm.grant_access('1/item:502', 'viewer', to_user => 'lin', valid_from => clock_timestamp() + interval '0.7 s');
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'lin';
BEGIN;
SELECT id FROM shared WHERE id > 100;
DECLARE c CURSOR FOR SELECT id FROM shared;
FETCH 1 FROM c;
SELECT pg_sleep(0.8);
FETCH ALL FROM c;
COMMIT;
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.revoke_access('1/item:500', from_user => 'lin'), tj_perm.revoke_access('1/item:502', from_user => 'lin');
-- own changes: a cursor answers under its own snapshot, the next statement under its own; and when what was known is gone
GRANT ALL ON tj_perm.grants TO regress_scan_app;
GRANT USAGE ON SCHEMA tj_perm TO regress_scan_app;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'lin';
BEGIN;
SAVEPOINT s;
DELETE FROM tj_perm.grants WHERE user_id = 'lin' AND resource = '1/item:8';
DECLARE c CURSOR FOR SELECT id, org FROM shared;
FETCH 1 FROM c;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('1', 'lin', '1/item:10', 'viewer'), ('1', 'lin', '1/item:8', 'viewer');
SELECT id, org FROM shared;
FETCH 1 FROM c;
DO $$
BEGIN
	FOR i IN 1 .. 10 LOOP
		UPDATE regress_scan.pace SET n = i;
		PERFORM tj_can('viv', '2', 'viewer');
	END LOOP;
END $$;
FETCH 1 FROM c;
ROLLBACK TO s;
SELECT id, org FROM shared;
DECLARE c CURSOR FOR SELECT id, org FROM shared;
FETCH 1 FROM c;
SAVEPOINT t;
DELETE FROM tj_perm.grants WHERE user_id = 'lin';
SELECT id, org FROM shared;
ROLLBACK TO t;
FETCH ALL FROM c;
ROLLBACK;
RESET ROLE;
REVOKE ALL ON tj_perm.grants FROM regress_scan_app;

-- 20. cursors to and fro, the row that one stands on, scans that start anew
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'lin';
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, org FROM shared;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
FETCH LAST FROM c;
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT id, ctid IS NULL AS no_place FROM shared;
MOVE 2 FROM c;
UPDATE shared SET open = true WHERE CURRENT OF c RETURNING id;
FETCH 1 FROM c;
UPDATE shared SET open = NOT open RETURNING id, org;
DELETE FROM shared RETURNING id, org;
ROLLBACK;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT plan_of('SELECT g, id FROM generate_series(6, 9) g LEFT JOIN shared ON id % 100 = g');
SELECT g, id FROM generate_series(6, 9) g LEFT JOIN shared ON id % 100 = g ORDER BY g, id;
SELECT g, (SELECT count(*) FROM shared WHERE org = g), (SELECT id FROM shared WHERE g < 3 LIMIT 1) FROM generate_series(1, 3) g;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_indexscan;
RESET enable_bitmapscan;
-- parallel, and partitions
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT plan_of('SELECT id FROM shared');
SELECT rows_of('SELECT id FROM shared');
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;
RESET ROLE;
CREATE TABLE pieces (org int, id bigint, body text) PARTITION BY LIST (org);
CREATE TABLE pieces_1 (body text, id bigint, junk int, org int);
ALTER TABLE pieces_1 DROP COLUMN junk;
ALTER TABLE pieces ATTACH PARTITION pieces_1 FOR VALUES IN (1);
CREATE TABLE pieces_2 PARTITION OF pieces DEFAULT;
INSERT INTO pieces SELECT 1 + g % 2, g % 1200, 'piece ' || g FROM generate_series(1, 4800) g;
ANALYZE pieces;
SELECT plan_of('SELECT * FROM pieces WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'')');
SELECT rows_of('SELECT * FROM pieces WHERE tj_can(''lin'', tj_resource(org, ''item'', id), ''viewer'')');

-- 21. other roles, and what EXPLAIN shows
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO regress_scan_app;
GRANT SELECT ON thin TO regress_scan_other;
SET plan_cache_mode = force_generic_plan;
SET ROLE regress_scan_app;
PREPARE few AS SELECT id FROM thin WHERE tj_can(tj_user(), tj_resource(org, 'item', id), 'viewer');
EXECUTE few;
SELECT plan_of('EXECUTE few');
SELECT plan_of('(ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE few');
SET ROLE regress_scan_other;
EXECUTE few;
SET ROLE regress_scan_app;
SET tj_perm.user_id = 'viv';
SELECT count(*) FROM (SELECT FROM thin WHERE tj_can(tj_user(), tj_resource(org, 'item', id), 'viewer') OFFSET 0) t;
SELECT count(*) FROM shared;
SET tj_perm.user_id = 'nobody';
EXECUTE few;
SET tj_perm.user_id = '';
EXECUTE few;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM regress_scan_app;
DEALLOCATE ALL;
RESET plan_cache_mode;

RESET tj_perm.user_id;
DELETE FROM tj_perm.workspaces;
DROP SCHEMA regress_scan CASCADE;
REVOKE ALL ON SCHEMA tj_perm FROM regress_scan_app;
REVOKE ALL ON PARAMETER tj_perm.user_id FROM regress_scan_app, regress_scan_other;
DROP ROLE regress_scan_app, regress_scan_other;
