-- Planner support: what policies ask becomes what indexes answer, and no result
-- depends on it. Random queries: test/property/plans.
SET client_min_messages = warning;
SET search_path = public, pg_temp;
CREATE ROLE regress_planner_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_planner_app;
CREATE SCHEMA regress_planner;
GRANT ALL ON SCHEMA regress_planner TO regress_planner_app;
SET search_path = regress_planner, public, pg_temp;

SELECT tj_perm.create_workspace(w, 'root') FROM unnest('{1,2,3}'::text[]) w;
SELECT tj_perm.add_user('1', u) FROM unnest('{alice,bob,eve,fay}'::text[]) u;
SELECT tj_perm.add_user('2', 'alice');
SELECT tj_perm.grant_access('1/app:5', 'editor', to_user => 'alice'), tj_perm.grant_access('1/app:65541', 'viewer', to_user => 'eve'),
	tj_perm.grant_access('2/app:7', 'viewer', to_user => 'alice'), tj_perm.grant_access('1/folder:3', 'viewer', to_user => 'alice');
SELECT tj_perm.grant_access('1', 'viewer', to_user => 'bob');

CREATE TABLE app (org int, folder bigint, id bigint, folders bigint[], small smallint);
INSERT INTO app SELECT 1 + g % 3, nullif(g % 10, 0), g, ARRAY[g % 10, NULL], g % 100 FROM generate_series(1, 3000) g;
INSERT INTO app VALUES (NULL, 3, 5, NULL, 5), (1, 3, NULL, NULL, NULL);
CREATE INDEX app_org ON app (org);
CREATE INDEX app_folder ON app (folder) WHERE folder IS NOT NULL;
CREATE INDEX app_id ON app (id);
CREATE INDEX app_folders ON app USING gin (folders);
CREATE INDEX app_small ON app (small);
ANALYZE app;
GRANT ALL ON app TO regress_planner_app;

-- the index conditions of a plan, by the lists that they read
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'BitmapOr|Index Cond' THEN
			line := regexp_replace(line, 'tj_perm\.(_\w+)\(.*?(wide|held|member)?''?::text.*\)', '\1(...)');
			RETURN NEXT regexp_replace(trim(line), '^->  ', '');
		END IF;
	END LOOP;
END $$;
-- the rows with the support and without it, and whether they are the same
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got text;
	want text;
BEGIN
	EXECUTE format('SELECT coalesce(string_agg(q::text, '' '' ORDER BY q::text), ''nothing'') FROM (%s) q', query) INTO got;
	SET LOCAL tj_perm.planner_support = off;
	EXECUTE format('SELECT coalesce(string_agg(q::text, '' '' ORDER BY q::text), ''nothing'') FROM (%s) q', query) INTO want;
	SET LOCAL tj_perm.planner_support = on;
	RETURN CASE WHEN got = want THEN CASE WHEN length(got) > 60 THEN 'the same ' || length(got) || ' characters' ELSE got END
		ELSE format('DIFFERENT: %s, without: %s', left(got, 60), left(want, 60)) END;
END $$;
SET enable_seqscan = off;

-- one arm for what needs no id, one for each element of the path
SET tj_perm.user_id = 'alice';
SELECT plan_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')');
SELECT rows_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer'')');
SELECT rows_of('SELECT count(*) FROM app WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')');
SELECT rows_of('SELECT count(*) FROM app WHERE NOT tj_can(tj_user(), tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')');
SELECT rows_of('SELECT count(*) FROM app WHERE tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer'') IS NULL');
-- a whole workspace; members; an array of containers; a fixed workspace without its column
SELECT plan_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_workspace(org), ''viewer'')');
SELECT plan_of('SELECT id FROM app WHERE tj_is_member(tj_user(), org)');
SELECT rows_of('SELECT count(*) FROM app WHERE tj_is_member(tj_user(), org)');
SELECT rows_of('SELECT count(*) FROM app WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folders, ''app'', id), ''viewer'')');
SELECT plan_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_resource(''1'', ''app'', id), ''viewer'')');
SELECT rows_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_resource(''1'', ''app'', id), ''viewer'')');
-- 65541 is 5 in 16 bits: no value of a smallint
SET tj_perm.user_id = 'eve';
SELECT rows_of('SELECT id FROM app WHERE tj_can(tj_user(), tj_resource(org, ''app'', small), ''viewer'')');
SET tj_perm.user_id = 'alice';

-- where the query names a workspace: all of that or nothing, known before the scan
SELECT plan_of('SELECT id FROM app WHERE org = 1 AND tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer'')');
SELECT u, n, rows_of(format('SELECT count(*), min(id) FROM app WHERE %s AND tj_can(%L, tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')', n, u))
FROM unnest('{alice,bob,root,nobody}'::text[]) u, unnest('{org = 1,2 = org,org = 3::smallint,org = NULL,(org = 1 OR org = 2)}'::text[]) n;
CREATE DOMAIN key AS varchar(10);
CREATE TABLE spelt (org key, id int);
INSERT INTO spelt SELECT 1 + g % 3, g FROM generate_series(1, 300) g;
CREATE INDEX ON spelt (org);
CREATE INDEX ON spelt (id);
ANALYZE spelt;
SELECT n, rows_of(format('SELECT count(*) FROM spelt WHERE %s AND tj_can(''bob'', tj_resource(org, ''app'', id), ''viewer'')', n))
FROM unnest(ARRAY['org = ''1''', 'org = ''1''::text', 'org = ''1''::varchar(10)', 'org = ''1''::key', 'org = ''1''::name', 'org = ''1   ''::char(4)', 'org COLLATE "C" = ''1''']) n;
-- no arms where no index could serve them, until there is one; an id that is unique needs no workspace beside it
CREATE FUNCTION calls_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Filter: ' THEN
			RETURN (SELECT string_agg(m[1], ' ') FROM regexp_matches(line, 'tj_perm\.(_\w+)\(', 'g') m);
		END IF;
	END LOOP;
END $$;
CREATE TABLE later (org int, folder int, id bigint);
INSERT INTO later SELECT 1 + g % 3, g % 30, g FROM generate_series(1, 300) g;
ANALYZE later;
PREPARE later AS SELECT count(*) FROM later WHERE tj_can(tj_user(), tj_resource(org, 'folder', folder, 'app', id), 'viewer');
SET plan_cache_mode = force_generic_plan;
SELECT calls_of('EXECUTE later');
EXECUTE later;
CREATE INDEX ON later (folder);
SELECT calls_of('EXECUTE later');
CREATE INDEX ON later (org);
SELECT calls_of('EXECUTE later');
CREATE UNIQUE INDEX ON later (id);
SELECT calls_of('EXECUTE later');
EXECUTE later;
RESET plan_cache_mode;
DEALLOCATE later;
-- nor for one row by its key
SELECT q, calls_of(format('SELECT l.* FROM %s AND tj_can(tj_user(), tj_resource(l.org, ''folder'', l.folder, ''app'', l.id), ''viewer'')', q))
FROM unnest('{later l WHERE l.id = 3,later l WHERE l.org = 1 AND 3::smallint = l.id,later l WHERE l.id > 3,later l WHERE (l.id = 3 OR l.id = 4),later l WHERE l.folder = 3}'::text[]) q;
SELECT rows_of(format('SELECT * FROM later WHERE id = %s AND tj_can(tj_user(), tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')', id)) FROM unnest('{3,5,7,8}'::int[]) id;
-- which is planned without a look at what the user holds: nobody has met this one yet
CREATE FUNCTION planning_reads(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	before bigint := loads FROM tj_perm.cache_stats();
BEGIN
	PERFORM plan_of(query);
	RETURN loads > before FROM tj_perm.cache_stats();
END $$;
SELECT q, planning_reads(format('SELECT * FROM later WHERE %s AND tj_can(''fay'', tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')', q))
FROM unnest('{id = 3,folder = 3}'::text[]) q;
-- that somebody holds more than fits is asked anew: there is more room where they can be shared, not in a transaction that changes something
CREATE FUNCTION expected_rows(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SET tj_perm.cache_size = '1MB';
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('1', 'gil');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT '1', 'gil', tj_resource('1', 'app', g), 'viewer' FROM generate_series(1, 1500) g;
BEGIN;
UPDATE tj_perm.members SET status = status WHERE user_id = 'gil';
SELECT expected_rows('SELECT * FROM app WHERE tj_can(''gil'', tj_resource(org, ''app'', id), ''viewer'')') AS first;
ROLLBACK;
SELECT expected_rows('SELECT * FROM app WHERE tj_can(''gil'', tj_resource(org, ''app'', id), ''viewer'')') AS second;
RESET tj_perm.cache_size;
-- a list costs by its length: of somebody who holds many ids, no scan goes through all of them for each row of another table
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('1', 'hal');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT '1', 'hal', tj_resource('1', 'folder', g), 'viewer' FROM generate_series(1, 3000) g;
CREATE TABLE inside (id int PRIMARY KEY, org int, folder int);
INSERT INTO inside SELECT g, 1, 1 + g % 400 FROM generate_series(1, 40000) g;
CREATE INDEX inside_folder ON inside (folder);
ANALYZE inside;
SELECT plan_of('SELECT f, (SELECT count(*) FROM inside WHERE folder = f AND tj_can(''hal'', tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')) FROM generate_series(1, 400) f');
SELECT plan_of('SELECT count(*) FROM inside WHERE folder = 7 AND tj_can(''hal'', tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')');
SELECT sum(n) AS seen FROM (SELECT (SELECT count(*) FROM inside WHERE folder = f AND tj_can('hal', tj_resource(org, 'folder', folder, 'app', id), 'viewer')) AS n FROM generate_series(1, 400) f) s;
DROP TABLE inside;
-- an index on the container that cannot be asked for values: its arm falls back on the last id
CREATE COLLATION vague (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE odd (org int, exact text, folder text COLLATE vague, id int);
INSERT INTO odd SELECT 1 + g % 3, g % 10, g % 10, g FROM generate_series(1, 1000) g;
CREATE INDEX odd_exact ON odd (exact);
CREATE INDEX odd_folder ON odd (folder);
CREATE INDEX odd_id ON odd (id);
ANALYZE odd;
SELECT plan_of('SELECT id FROM odd WHERE tj_can(tj_user(), tj_resource(org, ''folder'', exact, ''app'', id), ''viewer'')');
SELECT plan_of('SELECT id FROM odd WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folder, ''app'', id), ''viewer'')');
SELECT rows_of(format('SELECT count(*), min(id), max(id) FROM odd WHERE tj_can(tj_user(), tj_resource(org, ''folder'', %s, ''app'', id), ''viewer'')', f)) FROM unnest('{exact,folder}'::text[]) f;

-- a level that changes between rescans
CREATE TABLE wanted (n int, level tj_level);
INSERT INTO wanted VALUES (1, 'admin'), (2, 'editor'), (3, NULL), (4, 'viewer');
SELECT rows_of('SELECT n, (SELECT array_agg(id ORDER BY id) FROM app WHERE tj_can(tj_user(), tj_resource(org, ''app'', id), level)) FROM wanted');
-- a domain by another collation, which an index on that expression serves
CREATE DOMAIN name_of_folder AS text;
CREATE TABLE collated (org int, folder name_of_folder, id int);
INSERT INTO collated SELECT 1 + g % 3, g % 100, g FROM generate_series(1, 2000) g;
CREATE INDEX collated_folder ON collated ((folder COLLATE "C"));
CREATE INDEX collated_org ON collated (org);
CREATE INDEX collated_id ON collated (id);
ANALYZE collated;
SELECT plan_of('SELECT id FROM collated WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folder COLLATE "C", ''app'', id), ''viewer'')');
SELECT rows_of('SELECT count(*), min(id), max(id) FROM collated WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folder COLLATE "C", ''app'', id), ''viewer'')');
-- an array of a domain
CREATE DOMAIN number AS bigint;
CREATE TABLE listed (org text, folders number[], id int);
INSERT INTO listed SELECT '1', ARRAY[g % 10]::number[], g FROM generate_series(1, 500) g;
CREATE INDEX ON listed USING gin (folders);
CREATE INDEX ON listed (org);
CREATE INDEX ON listed (id);
SELECT rows_of('SELECT count(*) FROM listed WHERE tj_can(tj_user(), tj_resource(org, ''folder'', folders, ''app'', id), ''viewer'')');
-- grouping sets null what they group by, wherever it stands
SELECT rows_of('SELECT NOT tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer'') AS no, count(*) FROM app GROUP BY ROLLUP (tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer''))');
-- a list on a later column of an index must not pass for its order
CREATE TABLE ordered (id int, org int);
INSERT INTO ordered SELECT g, 1 + g % 3 FROM generate_series(1, 300) g;
CREATE INDEX ON ordered (id, org);
ANALYZE ordered;
SET tj_perm.user_id = 'root';
SET enable_sort = off;
SET enable_bitmapscan = off;
SELECT array_agg(id) FROM (SELECT id FROM ordered WHERE tj_can(tj_user(), tj_workspace(org), 'viewer') ORDER BY id LIMIT 6) o;
SELECT array_agg(id) FROM (SELECT id FROM ordered WHERE tj_is_member(tj_user(), org) ORDER BY id DESC LIMIT 6) o;
RESET enable_sort;
RESET enable_bitmapscan;
SET tj_perm.user_id = 'alice';
-- partitions: their conditions are simplified twice
CREATE TABLE part (org text, id int) PARTITION BY LIST (org);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN ('1');
CREATE TABLE part_rest PARTITION OF part DEFAULT;
INSERT INTO part SELECT 1 + g % 3, g FROM generate_series(1, 300) g;
CREATE INDEX ON part (org, id);
SELECT rows_of('SELECT * FROM part WHERE tj_can(tj_user(), tj_resource(org, ''app'', id), ''viewer'')');
SELECT rows_of('SELECT count(*) FROM part WHERE tj_can(''bob'', tj_workspace(org), ''viewer'')');
SELECT rows_of('SELECT count(*) FROM part WHERE tj_is_member(tj_user(), org)');

-- one plan for all users of a connection
ALTER TABLE app ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON app USING (tj_can(tj_user(), tj_resource(org, 'app', id), 'viewer'));
SET ROLE regress_planner_app;
SET plan_cache_mode = force_generic_plan;
PREPARE mine AS SELECT count(*), min(id), max(id) FROM app;
SET tj_perm.user_id = 'root';
EXECUTE mine;
SET tj_perm.user_id = 'alice';
EXECUTE mine;
SET tj_perm.user_id = 'bob';
EXECUTE mine;
RESET tj_perm.user_id;
EXECUTE mine;
RESET plan_cache_mode;
-- a cursor of bob's, fetched on as alice, shows nothing that is not hers
BEGIN;
SET LOCAL tj_perm.user_id = 'bob';
DECLARE c CURSOR FOR SELECT id FROM app;
MOVE 100 FROM c;
SET LOCAL tj_perm.user_id = 'alice';
FETCH ALL FROM c;
COMMIT;
-- a grant that ends while a cursor is read
RESET ROLE;
BEGIN;
SELECT tj_perm.grant_access('1/app:9', 'viewer', to_user => 'eve'), tj_perm.grant_access('1/app:12', 'viewer', to_user => 'eve', valid_until => clock_timestamp() + interval '0.5 s');
SET LOCAL ROLE regress_planner_app;
SET LOCAL tj_perm.user_id = 'eve';
DECLARE c CURSOR FOR SELECT id FROM app ORDER BY id;
FETCH 1 FROM c;
SELECT pg_sleep(0.7);
FETCH ALL FROM c;
ROLLBACK;

-- what one call site has sorted is over with the next change, although a row
-- that goes within a statement leaves every snapshot as it was
BEGIN;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
SELECT '1', 'eve', tj_resource('1', 'part', g), 'viewer' FROM generate_series(1, 40) g;
CREATE FUNCTION asked(part bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN tj_can('eve', tj_resource('1', 'part', part), 'viewer');
END $$;
WITH before AS MATERIALIZED (SELECT count(*) FILTER (WHERE asked(g)) AS n FROM generate_series(1, 50) g),
	gone AS (DELETE FROM tj_perm.grants WHERE user_id = 'eve' AND resource::text LIKE '1/part:%' AND (SELECT n FROM before) = 40
		RETURNING split_part(resource::text, ':', 2)::bigint AS part)
SELECT count(*) AS gone, (SELECT n FROM before) AS seen_before, count(*) FILTER (WHERE asked(part)) AS seen_after FROM gone;
ROLLBACK;

-- and holds only until a grant begins or ends
BEGIN;
SELECT tj_perm.grant_access('1/part:30', 'viewer', to_user => 'eve', valid_until => clock_timestamp() + interval '0.5 s'),
	tj_perm.grant_access('1/part:30', 'viewer', to_user => 'alice', valid_from => clock_timestamp() + interval '0.5 s');
DECLARE ends CURSOR FOR SELECT n, tj_can('eve', tj_resource('1', 'part', 30 + n - n), 'viewer') FROM generate_series(1, 41) n;
DECLARE begins CURSOR FOR SELECT n, tj_can('alice', tj_resource('1', 'part', 30 + n - n), 'viewer') FROM generate_series(1, 41) n;
MOVE 39 FROM ends;
MOVE 39 FROM begins;
FETCH 1 FROM ends;
FETCH 1 FROM begins;
SELECT pg_sleep(0.7);
FETCH 1 FROM ends;
FETCH 1 FROM begins;
ROLLBACK;

-- nobody else can call what stands in plans
SET ROLE regress_planner_app;
SELECT '1'::tj_perm._planned;
SELECT tj_perm._can(NULL, 'viewer', 'bob'::text, '1'::text, 'app', 5);
SELECT tj_perm._ids(NULL::tj_perm._planned, 'viewer', 'alice'::text, 'app', NULL::text, 0::bigint);
SELECT tj_perm._workspaces(NULL::tj_perm._planned, 'viewer', 'alice'::text, 'member', '{}'::text[], ''::text);
SELECT tj_perm._ids(NULL::tj_perm._planned, 'viewer', 'alice'::text, n::text, NULL::text, 0::bigint) FROM generate_series(1, 1) n;
SELECT count(*) FROM app WHERE tj_perm._held(NULL::tj_perm._planned, 'viewer', 'bob'::text, 'app', id, org, id);
RESET ROLE;
-- whoever may not execute tj_can gets no further, by no plan
BEGIN;
DO $$
BEGIN
	EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', 'tj_can(text, tj_resource, tj_level)'::regprocedure);
END $$;
SET LOCAL ROLE regress_planner_app;
SELECT count(*) FROM app;
ROLLBACK;
-- Nor by a generic plan from before. It calls neither tj_can nor what the call is
-- made of, but PostgreSQL makes a plan anew when a function of the query changes,
-- and so when its privileges do; then the call is left as it is, and checked.
CREATE FUNCTION plan_calls(statement text, name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
	RETURN strpos(plan::text, name || '(') > 0;
END
$$;
CREATE TABLE org (id int PRIMARY KEY);
INSERT INTO org VALUES (1), (2);
ALTER TABLE org ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON org USING (tj_is_member(tj_user(), id));
GRANT SELECT ON org TO regress_planner_app;
SET ROLE regress_planner_app;
SET tj_perm.user_id = 'root';
SET plan_cache_mode = force_generic_plan;
PREPARE by_policy AS SELECT count(*) FROM app;
PREPARE by_query AS SELECT count(*) FROM ordered WHERE tj_can(tj_user(), tj_resource(org::text, 'app', id), 'viewer');
PREPARE by_workspace AS SELECT count(*) FROM ordered WHERE tj_can(tj_user(), tj_workspace(org), 'viewer');
PREPARE by_member AS SELECT count(*) FROM org;
-- what each of them says, or why it does not
CREATE FUNCTION pg_temp.says(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'EXECUTE ' || query INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
RESET ROLE;
GRANT SELECT ON ordered TO regress_planner_app;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q), plan_calls('EXECUTE ' || q, 'tj_perm._can') OR plan_calls('EXECUTE ' || q, 'tj_perm._is_member') AS rewritten FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM PUBLIC;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_is_member(text, bigint) FROM PUBLIC;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_is_member(text, bigint) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_user() FROM PUBLIC;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_user() TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_resource("any", text, VARIADIC "any"), tj_workspace(bigint) FROM PUBLIC;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_resource("any", text, VARIADIC "any"), tj_workspace(bigint) TO PUBLIC;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q), plan_calls('EXECUTE ' || q, 'tj_perm._can') OR plan_calls('EXECUTE ' || q, 'tj_perm._is_member') AS rewritten FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
-- No function changes where the plan is another role's, or a membership gave the
-- right and is gone: the plan stays, and asks for the right to call tj_can itself.
-- For tj_user and the constructors, which tell nothing that the role does not know,
-- it does not, as PostgreSQL does not for functions that it has inlined.
RESET ROLE;
CREATE ROLE regress_planner_group;
GRANT regress_planner_group TO regress_planner_app;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level), tj_is_member(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level), tj_is_member(text, bigint) TO regress_planner_group;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
REVOKE regress_planner_group FROM regress_planner_app;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_policy,by_query,by_workspace,by_member}'::text[]) q;
RESET ROLE;
GRANT USAGE ON SCHEMA regress_planner TO regress_planner_group;
GRANT SELECT ON ordered TO regress_planner_group;
SET ROLE regress_planner_group;
SELECT q, pg_temp.says(q) FROM unnest('{by_query,by_workspace}'::text[]) q;
SET ROLE regress_planner_app;
SELECT q, pg_temp.says(q) FROM unnest('{by_query,by_workspace}'::text[]) q;
RESET ROLE;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level), tj_is_member(text, bigint) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level), tj_is_member(text, bigint) FROM regress_planner_group;
SET ROLE regress_planner_app;
RESET plan_cache_mode;
DEALLOCATE ALL;
DROP FUNCTION pg_temp.says(text);
RESET ROLE;
-- The planner remembers who may execute tj_can, until something changes: a
-- privilege, a membership, who is a superuser or owns the database.
CREATE FUNCTION pg_temp.plans(means text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	SET LOCAL ROLE regress_planner_app;
	answer := CASE WHEN plan_calls('SELECT count(*) FROM ordered WHERE tj_can(tj_user(), tj_resource(org::text, ''app'', id), ''viewer'')', 'tj_perm._can')
		THEN 'rewritten' ELSE 'as it stands' END;
	RESET ROLE;
	RETURN answer || ' ' || means;
EXCEPTION WHEN insufficient_privilege THEN
	RESET ROLE;
	RETURN 'refused ' || means;
END
$$;
SELECT pg_temp.plans('by PUBLIC');
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM PUBLIC;
SELECT pg_temp.plans('to all');
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO regress_planner_group;
SELECT pg_temp.plans('outside the group');
GRANT regress_planner_group TO regress_planner_app;
SELECT pg_temp.plans('by membership');
BEGIN;
REVOKE regress_planner_group FROM regress_planner_app;
SELECT pg_temp.plans('without the membership');
ROLLBACK;
SELECT pg_temp.plans('since it was not taken away');
REVOKE regress_planner_group FROM regress_planner_app;
SELECT pg_temp.plans('without the membership');
ALTER ROLE regress_planner_app SUPERUSER;
SELECT pg_temp.plans('by a superuser');
ALTER ROLE regress_planner_app NOSUPERUSER;
SELECT pg_temp.plans('once it is none');
BEGIN;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO pg_database_owner;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_planner_app', current_database()); END $$;
SELECT pg_temp.plans('by the owner of the database');
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user); END $$;
SELECT pg_temp.plans('once it is another');
ROLLBACK;
GRANT EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) TO PUBLIC;
SELECT pg_temp.plans('by PUBLIC again');
REVOKE EXECUTE ON FUNCTION tj_can(text, tj_resource, tj_level) FROM regress_planner_group;
DROP FUNCTION pg_temp.plans(text);

SET client_min_messages = warning;
DROP SCHEMA regress_planner CASCADE;
RESET tj_perm.user_id;
SELECT tj_perm.drop_workspace(w) FROM unnest('{1,2,3}'::text[]) w;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_planner_app;
DROP ROLE regress_planner_app, regress_planner_group;
