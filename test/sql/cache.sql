-- The cache: whatever happens, tj_can answers what the oracle answers in the
-- same statement. What one session can show; several: test/isolation cache_*.
-- In a database of its own, since the extension comes and goes.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE regress_tj_perm_cache TEMPLATE template0;
\c regress_tj_perm_cache
SET client_min_messages = warning;
CREATE EXTENSION tj_perm;
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/property/oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all

-- Everything that can be asked about the small world below, by product and
-- oracle under one snapshot.
CREATE SCHEMA t;
CREATE VIEW t.probe AS
	SELECT w, u, (w || r)::tj_resource AS resource, types, ids, l::tj_level AS level
	FROM unnest('{w1,w2}'::text[]) w, unnest('{root,a,b,c,nobody}'::text[]) u, unnest('{viewer,editor,admin}'::text[]) l,
		(VALUES ('', '{}'::text[], '{}'::text[]), ('/app:1', '{app}', '{1}'), ('/folder:1/app:2', '{folder,app}', '{1,2}'),
			('/folder:2/app:3', '{folder,app}', '{2,3}')) r(r, types, ids);
CREATE VIEW t.answer AS
	SELECT p.*, tj_can(u, resource, level) AS got, oracle.can(u, w, types, ids, level::text) AS want FROM t.probe p OFFSET 0;
-- how often product and oracle say yes, and where they differ
CREATE VIEW t.verdict AS
	SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE want) AS oracle,
		string_agg(u || ' ' || resource || ' ' || level, ', ') FILTER (WHERE got IS DISTINCT FROM want) AS differences
	FROM t.answer;
-- one question, with the caller's snapshot or one of its own
CREATE FUNCTION t.same(u text, r text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT CASE WHEN a.got IS DISTINCT FROM a.want THEN 'WRONG: ' ELSE '' END || CASE WHEN a.got THEN 'yes' ELSE 'no' END
		FROM (SELECT tj_can(u, r::tj_resource, 'viewer') AS got,
			oracle.can(u, split_part(r, '/', 1), ARRAY[split_part(split_part(r, '/', 2), ':', 1)], ARRAY[split_part(r, ':', 2)], 'viewer') AS want) a);
CREATE FUNCTION t.now(u text, r text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN (SELECT t.same(u, r));
END $$;
CREATE FUNCTION t.loads() RETURNS bigint LANGUAGE sql VOLATILE RETURN (SELECT loads FROM tj_perm.cache_stats());

SELECT tj_perm.create_workspace(w, 'root') FROM unnest('{w1,w2}'::text[]) w;
SELECT tj_perm.add_user(w, u) FROM unnest('{w1,w2}'::text[]) w, unnest('{a,b,c}'::text[]) u;
SELECT tj_perm.create_group(w, g) FROM unnest('{w1,w2}'::text[]) w, unnest('{inner,outer,other}'::text[]) g;
SELECT tj_perm.add_to_group('w1', 'inner', '{a}'), tj_perm.add_to_group('w1', 'other', '{b}'), tj_perm.nest_group('w1', 'inner', 'outer');
SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'outer'), tj_perm.grant_access('w2/app:*', 'viewer', to_group => 'All Users');
SELECT * FROM t.verdict;
-- while nobody commits, a transaction that only reads goes on from where the last one was: some of what follows is about the opposite
\set next_snapshot 'SELECT pg_current_xact_id() IS NOT NULL AS next_snapshot;'
:next_snapshot
SELECT * FROM t.verdict;
:next_snapshot
SELECT * FROM t.verdict;

-- what is kept is used: nothing is loaded again for the same users, in this transaction or the next
SELECT t.loads() AS loads \gset
:next_snapshot
SELECT t.same(u, 'w1/app:1') FROM unnest('{root,a,b,c}'::text[]) u;
SELECT validations > 0 AS validated, hits > 0 AS hits, states > 0 AS states, bytes > 0 AS bytes FROM tj_perm.cache_stats();
BEGIN;
SELECT t.same('a', 'w1/app:1');
SELECT t.same('a', 'w1/app:1');
COMMIT;
SELECT t.loads() = :loads AS nothing_loaded;

-- who gets a grant costs the readers of others nothing
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_group => 'other');
SELECT t.loads() AS loads \gset
SELECT t.same('a', 'w1/app:1');
SELECT t.loads() = :loads AS nothing_loaded;
SELECT t.same('b', 'w1/app:1');
SELECT t.loads() = :loads + 1 AS group_loaded;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
SELECT t.loads() AS loads \gset
SELECT t.same('a', 'w1/app:1'), t.same('b', 'w1/app:1');
SELECT t.loads() = :loads AS nothing_loaded;
SELECT t.same('c', 'w1/app:1');
SELECT t.loads() = :loads + 1 AS member_loaded;
-- a group's grants are there for the next user who is in it
SELECT tj_perm.add_to_group('w1', 'other', '{c}');
SELECT t.loads() AS loads \gset
SELECT t.same('c', 'w1/app:1');
SELECT t.loads() = :loads + 1 AS member_loaded;
SELECT tj_perm.remove_from_group('w1', 'other', '{c}'), tj_perm.revoke_access('w1/app:1', from_user => 'c'), tj_perm.revoke_access('w1/app:1', from_group => 'other');
SELECT * FROM t.verdict;

-- Poisoned state: a row can be seen before its stamp. Whoever looks at that
-- moment sees it, and nobody after ROLLBACK. All are warm.
BEGIN;
WITH i AS (INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w1', u, 'w1/app:1', 'viewer' FROM unnest('{a,b,c}'::text[]) u RETURNING user_id)
SELECT user_id, t.now('a', 'w1/app:1') AS a, t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c, t.same('c', 'w1/app:1') AS c_in_the_statement FROM i;
SELECT t.now('a', 'w1/app:1') AS a, t.now('c', 'w1/app:1') AS c;
ROLLBACK;
SELECT t.same('a', 'w1/app:1') AS a, t.same('b', 'w1/app:1') AS b, t.same('c', 'w1/app:1') AS c;

BEGIN;
SELECT t.now('c', 'w1/app:1') AS c;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, note)
	SELECT 'w1', u, 'w1/app:1', 'viewer', concat_ws(' ', t.now('a', 'w1/app:1'), t.now('b', 'w1/app:1'), t.now('c', 'w1/app:1'))
	FROM unnest('{a,b,c}'::text[]) u;
SELECT user_id, note FROM tj_perm.grants WHERE note IS NOT NULL ORDER BY grant_id;
SELECT t.now('a', 'w1/app:1') AS a, t.now('c', 'w1/app:1') AS c;
-- and back, row by row
DELETE FROM tj_perm.grants WHERE note IS NOT NULL
RETURNING user_id, t.now('a', 'w1/app:1') AS a, t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
SELECT t.now('a', 'w1/app:1') AS a, t.now('c', 'w1/app:1') AS c;
ROLLBACK;
SELECT * FROM t.verdict;

-- the same with memberships, with a status, and with a default group
BEGIN;
INSERT INTO tj_perm.group_members (workspace_id, group_id, user_id)
	SELECT g.workspace_id, g.group_id, u FROM tj_perm.groups g, unnest('{b,c}'::text[]) u WHERE g.workspace_id = 'w1' AND g.kind = 'admins'
	RETURNING user_id, t.now('b', 'w1/app:9') AS b, t.now('c', 'w1/app:9') AS c;
UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'w1' AND user_id IN ('b', 'c')
	RETURNING user_id, t.now('b', 'w1/app:9') AS b, t.now('c', 'w1/app:9') AS c;
SELECT t.now('b', 'w1/app:9') AS b, t.now('c', 'w1/app:9') AS c;
ROLLBACK;
SELECT * FROM t.verdict;

-- through triggers of somebody else, in front of ours and behind
CREATE TABLE t.seen (n serial, by text, answer text);
CREATE FUNCTION t.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t.seen (by, answer) VALUES (TG_NAME, concat_ws(' ', t.now('b', 'w1/app:1'), t.now('c', 'w1/app:1')));
	RETURN NULLIF(NEW, NULL);
END $$;
CREATE TRIGGER "A" BEFORE INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION t.look();
CREATE TRIGGER b BEFORE INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION t.look();
CREATE TRIGGER "C" AFTER INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION t.look();
CREATE TRIGGER d AFTER INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION t.look();
SELECT * FROM t.verdict;
BEGIN;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'w1', u, 'w1/app:1', 'viewer' FROM unnest('{b,c}'::text[]) u;
SELECT t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
SELECT by, answer FROM t.seen ORDER BY n;
ROLLBACK;
SELECT * FROM t.verdict;
DROP FUNCTION t.look CASCADE;

-- a row that is refused after its BEFORE trigger, and one that meets a conflict
BEGIN;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'b', 'w1/app:1', 'viewer');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'b', 'w1/app:1', 'viewer') ON CONFLICT DO NOTHING;
SELECT t.now('b', 'w1/app:1'), t.same('b', 'w1/app:1');
DO $$ BEGIN
	INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'nobody', 'w1/app:1', 'viewer');
EXCEPTION WHEN foreign_key_violation THEN NULL;
END $$;
SELECT * FROM t.verdict;
DELETE FROM tj_perm.grants WHERE user_id = 'b' RETURNING t.now('b', 'w1/app:1');
SELECT * FROM t.verdict;
ROLLBACK;
SELECT * FROM t.verdict;

-- Savepoints and stamps: "stamped already" does not survive ROLLBACK TO
BEGIN;
SAVEPOINT s;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'b');
SELECT t.same('b', 'w1/app:1');
ROLLBACK TO s;
SELECT t.same('b', 'w1/app:1');
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'b');
SELECT t.same('b', 'w1/app:1');
COMMIT;
SELECT t.same('b', 'w1/app:1');
SELECT * FROM t.verdict;
BEGIN;
SELECT tj_perm.revoke_access('w1/app:1', from_user => 'b');
SELECT t.same('b', 'w1/app:1');
SAVEPOINT s;
SELECT tj_perm.grant_access('w1/app:1', 'admin', to_user => 'b');
SAVEPOINT s2;
SELECT * FROM t.verdict;
RELEASE s2;
SELECT * FROM t.verdict;
ROLLBACK TO s;
SELECT * FROM t.verdict;
COMMIT;
SELECT * FROM t.verdict;
-- subtransactions of PL/pgSQL
DO $$
DECLARE
	before text := (SELECT v::text FROM t.verdict v);
BEGIN
	FOR i IN 1 .. 3 LOOP
		BEGIN
			PERFORM tj_perm.grant_access('w1', 'admin', to_user => 'c');
			IF t.now('c', 'w1/app:1') <> 'yes' OR t.same('c', 'w1/app:1') <> 'yes' THEN RAISE EXCEPTION 'expected yes'; END IF;
			RAISE division_by_zero;
		EXCEPTION WHEN division_by_zero THEN
			IF t.now('c', 'w1/app:1') <> 'no' THEN RAISE EXCEPTION 'expected no'; END IF;
		END;
	END LOOP;
	IF before IS DISTINCT FROM (SELECT v::text FROM t.verdict v) THEN RAISE EXCEPTION 'something stayed'; END IF;
END $$;
-- and more of them than a snapshot lists
DO $$
BEGIN
	FOR i IN 1 .. 100 LOOP
		BEGIN
			INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'c', 'w1/app:1', 'viewer');
			IF t.now('c', 'w1/app:1') <> 'yes' THEN RAISE EXCEPTION 'expected yes'; END IF;
			DELETE FROM tj_perm.grants WHERE user_id = 'c';
			IF t.now('c', 'w1/app:1') <> 'no' THEN RAISE EXCEPTION 'expected no'; END IF;
			IF i % 2 = 0 THEN RAISE division_by_zero; END IF;
		EXCEPTION WHEN division_by_zero THEN NULL;
		END;
	END LOOP;
	IF t.now('c', 'w1/app:1') <> 'no' THEN RAISE EXCEPTION 'expected no'; END IF;
END $$;
SELECT * FROM t.verdict;

-- removed and added again; unknown before; workspace archived, restored, dropped, made again
SELECT tj_perm.remove_user('w1', 'a');
SELECT * FROM t.verdict;
SELECT tj_perm.add_user('w1', 'a');
SELECT * FROM t.verdict;
SELECT tj_perm.add_to_group('w1', 'inner', '{a}');
SELECT * FROM t.verdict;
BEGIN;
DELETE FROM tj_perm.members WHERE workspace_id = 'w1' AND user_id = 'a';
SELECT * FROM t.verdict;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('w1', 'a');
COMMIT;
SELECT * FROM t.verdict;
SELECT tj_perm.add_user('w1', 'a', '{inner}'), tj_perm.add_user('w1', 'nobody', '{inner}');
SELECT * FROM t.verdict;
SELECT tj_perm.archive_user('w1', 'nobody');
SELECT * FROM t.verdict;
SELECT tj_perm.restore_user('w1', 'nobody') IS NOT NULL AS invited;
SELECT * FROM t.verdict;
SELECT tj_perm.remove_user('w1', 'nobody');
SELECT tj_perm.archive_workspace('w1');
SELECT * FROM t.verdict;
SELECT tj_perm.restore_workspace('w1');
SELECT * FROM t.verdict;
SELECT tj_perm.drop_workspace('w2');
SELECT * FROM t.verdict;
SELECT tj_perm.create_workspace('w2', 'c');
SELECT * FROM t.verdict;
SELECT tj_perm.add_user('w2', u) FROM unnest('{a,b}'::text[]) u;
SELECT tj_perm.grant_access('w2/app:*', 'viewer', to_group => 'All Users');
SELECT * FROM t.verdict;
-- nesting, groups, and ids of users
SELECT tj_perm.detach_group('w1', 'inner', 'outer');
SELECT * FROM t.verdict;
SELECT tj_perm.nest_group('w1', 'inner', 'outer'), tj_perm.nest_group('w1', 'other', 'inner');
SELECT * FROM t.verdict;
SELECT tj_perm.drop_group('w1', 'inner');
SELECT * FROM t.verdict;
SELECT tj_perm.nest_group('w1', 'other', 'outer'), tj_perm.change_user_id('b', 'nobody');
SELECT * FROM t.verdict;
SELECT tj_perm.change_user_id('nobody', 'b'), tj_perm.add_to_group('w1', 'other', '{a}');
SELECT * FROM t.verdict;

-- Triggers off: exact, without a cache; ENABLE ALWAYS again: with it
ALTER TABLE tj_perm.grants DISABLE TRIGGER ALL;
SELECT * FROM t.verdict;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'c', 'w1/app:1', 'viewer');
SELECT * FROM t.verdict;
SELECT t.loads() AS loads \gset
SELECT t.same('c', 'w1/app:1');
SELECT t.loads() > :loads AS loaded_each_time;
DELETE FROM tj_perm.grants WHERE user_id = 'c';
SELECT * FROM t.verdict;
-- changes that nothing marks, looked at from within
BEGIN;
SELECT t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'w1', u, 'w1/app:1', 'viewer' FROM unnest('{b,c}'::text[]) u
	RETURNING user_id, t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
SELECT t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
WITH d AS (DELETE FROM tj_perm.grants WHERE user_id IN ('b', 'c') RETURNING user_id)
SELECT user_id, t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c FROM d;
SELECT t.now('b', 'w1/app:1') AS b, t.now('c', 'w1/app:1') AS c;
ROLLBACK;
-- as pg_restore leaves it: ORIGIN
ALTER TABLE tj_perm.grants ENABLE TRIGGER ALL;
SELECT * FROM t.verdict;
SET session_replication_role = replica;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'c', 'w1/app:1', 'viewer');
SET session_replication_role = origin;
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.grants ENABLE ALWAYS TRIGGER a_dirty, ENABLE ALWAYS TRIGGER a_stamp, ENABLE ALWAYS TRIGGER a_stamp_group, ENABLE ALWAYS TRIGGER a_truncate;
SELECT * FROM t.verdict;
SELECT t.loads() AS loads \gset
SELECT * FROM t.verdict;
SELECT t.loads() = :loads AS nothing_loaded;
-- off and on in one transaction, with a change that has no stamp
BEGIN;
ALTER TABLE tj_perm.grants DISABLE TRIGGER USER;
DELETE FROM tj_perm.grants WHERE user_id = 'c';
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.grants ENABLE TRIGGER USER, ENABLE ALWAYS TRIGGER a_dirty, ENABLE ALWAYS TRIGGER a_stamp, ENABLE ALWAYS TRIGGER a_stamp_group, ENABLE ALWAYS TRIGGER a_truncate;
SELECT * FROM t.verdict;
COMMIT;
SELECT * FROM t.verdict;
-- a trigger dropped, and made again
DROP TRIGGER a_stamp ON tj_perm.grants;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'c', 'w1/app:1', 'viewer');
SELECT * FROM t.verdict;
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.grants
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('member', 'workspace_id', 'user_id');
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.grants ENABLE ALWAYS TRIGGER a_stamp;
DELETE FROM tj_perm.grants WHERE user_id = 'c';
SELECT * FROM t.verdict;
-- stamps are kept by nobody else, and replica role changes nothing
UPDATE tj_perm.stamps SET stamp = 1;
DELETE FROM tj_perm.stamps;
SELECT count(*) > 10 AS stamps, count(*) FILTER (WHERE stamp = 1) AS planted FROM tj_perm.stamps;
SET session_replication_role = replica;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'c', 'w1/app:1', 'viewer');
SELECT * FROM t.verdict;
DELETE FROM tj_perm.grants WHERE user_id = 'c';
SELECT * FROM t.verdict;
TRUNCATE tj_perm.grants;
RESET session_replication_role;
SELECT * FROM t.verdict;

-- ALTER TABLE, REINDEX, VACUUM FULL, CLUSTER; an index gone and back
ALTER TABLE tj_perm.grants ADD COLUMN extra int;
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.grants DROP COLUMN note;
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.grants ADD COLUMN note text;
REINDEX SCHEMA tj_perm;
SELECT * FROM t.verdict;
REINDEX INDEX CONCURRENTLY tj_perm.stamps_pkey;
REINDEX TABLE CONCURRENTLY tj_perm.grants;
SELECT * FROM t.verdict;
VACUUM FULL tj_perm.stamps;
SELECT * FROM t.verdict;
VACUUM FULL;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
SELECT * FROM t.verdict;
CLUSTER tj_perm.stamps USING stamps_pkey;
CLUSTER tj_perm.group_members USING group_members_pkey;
SELECT tj_perm.revoke_access('w1/app:1', from_user => 'c');
SELECT * FROM t.verdict;
BEGIN;
DROP INDEX tj_perm.grants_member_key;
DROP INDEX tj_perm.grants_group_key;
SELECT * FROM t.verdict;
ROLLBACK;
SELECT * FROM t.verdict;
-- no index that serves, while states are shared: the tables are scanned, also for several groups at once
CREATE TABLE t.valid AS SELECT indexrelid FROM pg_index WHERE indrelid = ANY ('{tj_perm.groups,tj_perm.group_nesting,tj_perm.stamps}'::regclass[]) AND indisvalid;
UPDATE pg_index SET indisvalid = false WHERE indexrelid IN (SELECT indexrelid FROM t.valid);
\c
SET client_min_messages = warning;
SELECT * FROM t.verdict;
:next_snapshot
SELECT * FROM t.verdict;
:next_snapshot
SELECT * FROM t.verdict;
SELECT t.loads() AS loads \gset
:next_snapshot
BEGIN;
SELECT * FROM t.verdict;
SELECT seq_scan > 0 AS scanned, idx_scan FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.stamps'::regclass;
COMMIT;
SELECT t.loads() = :loads AS nothing_loaded;
UPDATE pg_index SET indisvalid = true WHERE indexrelid IN (SELECT indexrelid FROM t.valid);
\c
SET client_min_messages = warning;
SELECT * FROM t.verdict;
-- an index whose predicate asks, first on the list, and none of the name that is asked first: no function is run to choose among indexes, else one check would begin amid another
CREATE FUNCTION t.asks() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_setting('t.asked', true) IS DISTINCT FROM 'yes' THEN
		PERFORM set_config('t.asked', 'yes', false), public.tj_can('a', 'w1', 'admin');
	END IF;
	RETURN true;
END $$;
CREATE INDEX asks ON tj_perm.groups (group_id) WHERE t.asks();
REINDEX INDEX CONCURRENTLY tj_perm.groups_pkey;
REINDEX INDEX CONCURRENTLY tj_perm.groups_group_id_workspace_id_key;
ALTER INDEX tj_perm.groups_pkey RENAME TO not_asked_first;
\c
SET client_min_messages = warning;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT tj_can('root', 'w1', 'admin') AS root, tj_can('a', 'w1', 'admin') AS a, current_setting('t.asked', true) AS asked;
SELECT * FROM t.verdict;
COMMIT;
ALTER INDEX tj_perm.not_asked_first RENAME TO groups_pkey;
DROP INDEX tj_perm.asks;
DROP FUNCTION t.asks;

-- Time: bounds pass while the state stays the same
SELECT t.loads() AS loads \gset
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until)
	VALUES ('w1', 'c', 'w1/app:1', 'viewer', clock_timestamp() + '300 ms', clock_timestamp() + '600 ms');
SELECT t.same('c', 'w1/app:1');
SELECT t.loads() AS loads \gset
SELECT pg_sleep(0.35);
SELECT t.same('c', 'w1/app:1');
SELECT pg_sleep(0.3);
SELECT t.same('c', 'w1/app:1');
SELECT t.loads() = :loads AS nothing_loaded;
-- one clock a statement, the next one in a transaction, in a FETCH
UPDATE tj_perm.grants SET valid_from = NULL, valid_until = clock_timestamp() + '300 ms' WHERE user_id = 'c';
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE k CURSOR FOR SELECT tj_can('c', 'w1/app:1', 'viewer') FROM generate_series(1, 4);
FETCH k;
SELECT tj_can('c', 'w1/app:1', 'viewer') AS before, pg_sleep(0.35) IS NOT NULL AS slept, tj_can('c', 'w1/app:1', 'viewer') AS in_the_same_statement;
FETCH k;
SELECT t.same('c', 'w1/app:1');
COMMIT;
DELETE FROM tj_perm.grants WHERE user_id = 'c';

-- Cursors, each with the snapshot of its own, more than the cache keeps apart
BEGIN;
DECLARE k1 CURSOR FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
FETCH k1;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
DECLARE k2 CURSOR FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
FETCH k2;
FETCH k1;
SELECT tj_perm.revoke_access('w1/app:1', from_user => 'c');
DECLARE k3 CURSOR FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
SAVEPOINT s;
SELECT tj_perm.grant_access('w1', 'viewer', to_user => 'c');
DECLARE k4 CURSOR FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
FETCH k4;
FETCH k3;
FETCH k2;
ROLLBACK TO s;
FETCH k3;
FETCH k1;
FETCH k2;
SELECT tj_perm.grant_access('w1/app:*', 'viewer', to_user => 'c');
DECLARE k5 CURSOR WITH HOLD FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
DELETE FROM tj_perm.grants WHERE user_id = 'c';
DECLARE k6 CURSOR FOR SELECT t.same('c', 'w1/app:1') FROM generate_series(1, 9);
FETCH k6;
FETCH k5;
FETCH k1;
FETCH k2;
FETCH k3;
FETCH k6;
FETCH k5;
COMMIT;
FETCH 2 FROM k5;
CLOSE k5;
SELECT * FROM t.verdict;
-- a cursor of a function, begun as one user and fetched as another
CREATE FUNCTION t.open(u text) RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE
	c refcursor := 'opened';
BEGIN
	OPEN c FOR SELECT tj_user(), t.same(tj_user(), 'w1/app:2') FROM generate_series(1, 3);
	RETURN c;
END $$;
SELECT tj_perm.grant_access('w1/app:2', 'viewer', to_user => 'b');
BEGIN;
SET LOCAL tj_perm.user_id = 'b';
SELECT t.open('b');
FETCH opened;
SET LOCAL tj_perm.user_id = 'c';
FETCH opened;
DELETE FROM tj_perm.grants WHERE user_id = 'b';
SET LOCAL tj_perm.user_id = 'b';
FETCH opened;
SELECT t.same('b', 'w1/app:2');
ROLLBACK;

-- STABLE functions keep the snapshot of the statement, VOLATILE ones do not
BEGIN;
CREATE FUNCTION t.change(u text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM tj_perm.grant_access('w1/app:1', 'viewer', to_user => u);
	RETURN t.now(u, 'w1/app:1') || '/' || t.same(u, 'w1/app:1');
END $$;
SELECT t.same('c', 'w1/app:1') AS before, t.change('c') AS inside, t.same('c', 'w1/app:1') AS in_the_statement, t.now('c', 'w1/app:1') AS from_now_on;
SELECT t.same('c', 'w1/app:1') AS next_statement;
ROLLBACK;
SELECT t.same('c', 'w1/app:1');

-- procedures that COMMIT
CREATE PROCEDURE t.steps() LANGUAGE plpgsql AS $$
DECLARE
	answers text[];
	row record;
BEGIN
	FOR row IN SELECT n, t.same('c', 'w1/app:1') AS at_the_start FROM generate_series(1, 4) n LOOP
		answers := answers || t.now('c', 'w1/app:1') || row.at_the_start;
		IF row.n % 2 = 1 THEN
			PERFORM tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
			answers := answers || ('changed ' || t.now('c', 'w1/app:1'));
			IF row.n = 1 THEN ROLLBACK; ELSE COMMIT; END IF;
			answers := answers || ('ended ' || t.now('c', 'w1/app:1'));
		ELSE
			COMMIT;
		END IF;
	END LOOP;
	RAISE WARNING '%', answers;
END $$;
CALL t.steps();
SELECT * FROM t.verdict;
SELECT tj_perm.revoke_access('w1/app:1', from_user => 'c');

-- prepared statements and generic plans; users and workspaces by turns; DISCARD
SET plan_cache_mode = force_generic_plan;
PREPARE ask(text, text) AS SELECT t.same($1, $2);
EXECUTE ask('c', 'w1/app:1');
BEGIN;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
EXECUTE ask('c', 'w1/app:1');
ROLLBACK;
EXECUTE ask('c', 'w1/app:1');
RESET plan_cache_mode;
SELECT string_agg(t.same(u, w || '/app:2'), ' ' ORDER BY n, w, u) FROM generate_series(1, 2) n, unnest('{a,b,c,root}'::text[]) u, unnest('{w1,w2}'::text[]) w;
DISCARD ALL;
SET client_min_messages = warning;
SELECT * FROM t.verdict;

-- READ ONLY, REPEATABLE READ, SERIALIZABLE, parallel workers
BEGIN READ ONLY;
SELECT * FROM t.verdict;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY;
SELECT * FROM t.verdict;
COMMIT;
SELECT CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END AS parallel \gset
BEGIN;
SET LOCAL :parallel = on;
SELECT * FROM t.verdict;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
SELECT * FROM t.verdict;
ROLLBACK;
BEGIN;
SET LOCAL :parallel = on;
SELECT * FROM t.verdict;
COMMIT;

-- Little memory: a hundred members, each in a group of their own, and all is thrown out again and again
SET tj_perm.cache_size = '64kB';
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w1', 'm' || n FROM generate_series(1, 100) n;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w1', 'm' || n FROM generate_series(1, 100) n;
INSERT INTO tj_perm.group_members (workspace_id, group_id, user_id) SELECT 'w1', group_id, name FROM tj_perm.groups WHERE name ~ '^m[0-9]';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w1', group_id, ('w1/app:' || x)::tj_resource, 'viewer'
	FROM tj_perm.groups, generate_series(substr(name, 2)::int, substr(name, 2)::int + 9) x WHERE name ~ '^m[0-9]';
SELECT evictions FROM tj_perm.cache_stats() \gset
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
FROM (SELECT tj_can('m' || n, ('w1/app:' || x)::tj_resource, 'viewer') AS got, x BETWEEN n AND n + 9 AS want
	FROM generate_series(1, 100) n, unnest('{5,50,105}'::int[]) x OFFSET 0) a;
SELECT evictions > :evictions AS evicted, bytes < 64 * 1024 + 256 * 1024 AS bounded FROM tj_perm.cache_stats();
SELECT * FROM t.verdict;
-- a transaction that changes has states of its own, also bounded
BEGIN;
DELETE FROM tj_perm.grants USING tj_perm.groups g WHERE g.group_id = grants.group_id AND g.name ~ '^m[0-9]*5$';
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
FROM (SELECT tj_can('m' || n, ('w1/app:' || x)::tj_resource, 'viewer') AS got, x BETWEEN n AND n + 9 AND n % 10 <> 5 AS want
	FROM generate_series(1, 100) n, unnest('{5,50,105}'::int[]) x OFFSET 0) a;
SELECT bytes < 64 * 1024 + 256 * 1024 AS bounded FROM tj_perm.cache_stats();
ROLLBACK;
SELECT * FROM t.verdict;
-- and so are the states of several snapshots together
SET tj_perm.cache_size = '1MB';
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w1', 'n' || n FROM generate_series(1, 400) n;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w1', 'n' || n, ('w1/app:' || x)::tj_resource, 'viewer' FROM generate_series(1, 400) n, generate_series(1, 20) x;
CREATE VIEW t.crowd AS
	SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
	FROM (SELECT tj_can('n' || n, ('w1/app:' || x)::tj_resource, 'viewer') AS got,
			EXISTS (SELECT FROM tj_perm.grants WHERE user_id = 'n' || n AND resource = ('w1/app:' || x)::tj_resource) AS want
		FROM generate_series(1, 400) n, unnest('{7,21}'::int[]) x OFFSET 0) a;
SELECT * FROM t.crowd;
BEGIN;
DECLARE d1 CURSOR FOR SELECT * FROM t.crowd;
DELETE FROM tj_perm.grants WHERE user_id = 'n1';
DECLARE d2 CURSOR FOR SELECT * FROM t.crowd;
DELETE FROM tj_perm.grants WHERE user_id = 'n2';
DECLARE d3 CURSOR FOR SELECT * FROM t.crowd;
DELETE FROM tj_perm.grants WHERE user_id = 'n3';
DECLARE d4 CURSOR FOR SELECT * FROM t.crowd;
FETCH d1;
FETCH d2;
FETCH d3;
FETCH d4;
SELECT bytes < (1024 + 256) * 1024 AS bounded FROM tj_perm.cache_stats();
ROLLBACK;
SELECT * FROM t.crowd;
SELECT bytes < (1024 + 256) * 1024 AS bounded FROM tj_perm.cache_stats();
DELETE FROM tj_perm.members WHERE user_id LIKE 'n_%' AND user_id <> 'nobody';
-- one user of many groups with more grants than fit
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w1', 'many ' || n FROM generate_series(1, 40) n;
INSERT INTO tj_perm.group_members (workspace_id, group_id, user_id) SELECT 'w1', group_id, 'm1' FROM tj_perm.groups WHERE name LIKE 'many %';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w1', group_id, ('w1/page:' || split_part(name, ' ', 2)::int * 1000 + x)::tj_resource, 'viewer'
	FROM tj_perm.groups, generate_series(1, 150) x WHERE name LIKE 'many %';
SET tj_perm.cache_size = '256kB';
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
FROM (SELECT tj_can('m1', ('w1/page:' || x)::tj_resource, 'viewer') AS got, x BETWEEN 1001 AND 40999 AND x % 1000 BETWEEN 1 AND 150 AS want
	FROM generate_series(100, 42000, 149) x OFFSET 0) a;
SELECT bytes < 256 * 1024 + 256 * 1024 AS bounded FROM tj_perm.cache_stats();
RESET tj_perm.cache_size;
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
FROM (SELECT tj_can('m1', ('w1/page:' || x)::tj_resource, 'viewer') AS got, x BETWEEN 1001 AND 40999 AND x % 1000 BETWEEN 1 AND 150 AS want
	FROM generate_series(100, 42000, 149) x OFFSET 0) a;

-- One user of many workspaces: a snapshot may take the memory that others leave, and one that comes later has its part
INSERT INTO tj_perm.workspaces (workspace_id) SELECT 'v' || n FROM generate_series(0, 149) n;
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'v' || n, 'rover' FROM generate_series(0, 149) n;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'v' || n, 'rover', tj_resource('v' || n, 'app', n), 'viewer' FROM generate_series(0, 149) n;
CREATE TABLE t.rows AS SELECT 'v' || n % 150 AS org, n / 10 AS id FROM generate_series(1, 3000) n ORDER BY md5(n::text);
CREATE VIEW t.roved AS SELECT org, id, id::text = substr(org, 2) AS want FROM t.rows WHERE tj_can('rover', tj_resource(org, 'app', id), 'viewer');
SET tj_perm.cache_size = '1MB';
SELECT count(*) AS yes, count(*) FILTER (WHERE NOT want) AS differences FROM t.roved;
SELECT validations FROM tj_perm.cache_stats() \gset
SELECT count(*) AS yes, count(*) FILTER (WHERE NOT want) AS differences FROM t.roved;
SELECT validations - :validations < 1000 AS once_each, bytes < (1024 + 256) * 1024 AS bounded FROM tj_perm.cache_stats();
BEGIN;
DECLARE a CURSOR FOR SELECT * FROM t.roved;
FETCH 5 FROM a;
DELETE FROM tj_perm.grants WHERE resource = 'v0/app:0';
DECLARE b CURSOR FOR SELECT * FROM t.roved;
DELETE FROM tj_perm.grants WHERE workspace_id LIKE 'v1%';
DECLARE c CURSOR FOR SELECT * FROM t.roved;
FETCH 2 FROM b;
FETCH 2 FROM c;
DELETE FROM tj_perm.grants WHERE workspace_id LIKE 'v2%';
SELECT count(*) AS yes FROM t.roved;
-- a quarter of the cache, and a block
SELECT sum(total_bytes) BETWEEN 64 * 1024 AND (256 + 64) * 1024 AS bounded FROM pg_backend_memory_contexts WHERE name = 'tj_perm snapshot';
FETCH FROM a;
FETCH FROM b;
FETCH FROM c;
ROLLBACK;
RESET tj_perm.cache_size;
DROP VIEW t.roved;
DROP TABLE t.rows;
DELETE FROM tj_perm.workspaces WHERE workspace_id LIKE 'v%';

-- A scan goes on with what it has sorted, though inner queries take one snapshot after the other: in the ordinary
-- memory, and where it has taken all that it may of a small one (then each row is asked for)
SELECT tj_perm.add_user('w1', 'grown');
SELECT count(tj_perm.create_group('w1', 'grown ' || g)), count(tj_perm.add_to_group('w1', 'grown ' || g, '{grown}')) FROM generate_series(1, 6) g;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT workspace_id, group_id, tj_resource('w1', 'grown', split_part(name, ' ', 2)::int * 1000 + n), 'viewer'
	FROM tj_perm.groups, generate_series(1, 800) n WHERE name LIKE 'grown %';
CREATE TABLE t.docs AS SELECT 'w1' AS org, (n % 6 + 1) * 1000 + n % 900 + 1 AS id FROM generate_series(1, 1000) n;
ANALYZE t.docs;
CREATE TABLE t.log (id int);
CREATE FUNCTION t.log(id int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	INSERT INTO t.log VALUES (id);
	RETURN NOT tj_can('stranger', 'w1', 'viewer');
END $$;
CREATE PROCEDURE t.nested(size text, who text) LANGUAGE plpgsql AS $$
DECLARE
	was bigint;
	yes bigint;
	not_granted bigint;
BEGIN
	PERFORM set_config('tj_perm.cache_size', size, true);
	-- nothing is shared from here on: what is read again was read for the scan
	PERFORM tj_perm.revoke_access('w1/grown:1002', from_group => 'grown 1');
	was := loads FROM tj_perm.cache_stats();
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE id %% 1000 > 800 OR id = 1002)
		FROM t.docs WHERE tj_can(%L, tj_resource(org, ''grown'', id), ''viewer'') AND t.log(id)', who) INTO yes, not_granted;
	-- one for each row's stranger, and what is known of the user who is asked about
	RAISE NOTICE '%, %: % yes, % not granted, loads %', who, size, yes, not_granted,
		CASE WHEN (SELECT loads - was FROM tj_perm.cache_stats()) < yes + 25 THEN 'few' ELSE 'many' END;
	ROLLBACK;
END $$;
SELECT count(*) AS yes FROM t.docs WHERE id % 1000 <= 800 AND id <> 1002;
SET client_min_messages = notice;
CALL t.nested('16MB', 'grown');
CALL t.nested('1MB', 'grown');
CALL t.nested('64kB', 'grown');
CALL t.nested('16MB', 'root');
SET client_min_messages = warning;
DROP PROCEDURE t.nested;
DROP FUNCTION t.log;
DROP TABLE t.docs, t.log;
SELECT tj_perm.remove_user('w1', 'grown');
SELECT count(tj_perm.drop_group('w1', 'grown ' || g)) FROM generate_series(1, 6) g;

-- A group with 100,000 grants is asked through the index, and memory stays
SET session_replication_role = replica;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w1', group_id, ('w1/row:' || x)::tj_resource, 'viewer' FROM tj_perm.groups, generate_series(1, 100000) x WHERE workspace_id = 'w1' AND name = 'other';
RESET session_replication_role;
VACUUM ANALYZE tj_perm.grants;
SET tj_perm.cache_size = '1MB';
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
FROM (SELECT tj_can('b', ('w1/row:' || x)::tj_resource, 'viewer') AS got, x BETWEEN 1 AND 100000 AS want
	FROM generate_series(-5000, 105000, 997) x OFFSET 0) a;
SELECT bytes < (1024 + 256) * 1024 AS bounded FROM tj_perm.cache_stats();
DELETE FROM tj_perm.grants WHERE resource = 'w1/row:77';
SELECT tj_can('b', 'w1/row:77', 'viewer') AS revoked, tj_can('b', 'w1/row:78', 'viewer') AS kept;
RESET tj_perm.cache_size;

-- Cancelled in the middle of a load: by statement_timeout, at forty moments; in a session of its own, where the timeout may
-- hit any statement until it is lifted, as it does on a busy machine
CREATE EXTENSION dblink;
CREATE TABLE t.outcome (n int, cancelled boolean, differences bigint);
CREATE PROCEDURE t.load_until_cancelled() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		PERFORM tj_can('b', ('w1/row:' || i)::tj_resource, 'viewer');
	END LOOP;
	PERFORM set_config('t.cancelled', 'false', false);
EXCEPTION WHEN query_canceled THEN
	NULL;
END $$;
-- again and again until it is not cancelled
CREATE PROCEDURE t.surely(statement text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		EXIT WHEN dblink_exec('timed', statement, false) <> 'ERROR';
	END LOOP;
END $$;
SET client_min_messages = error;
DO $$
BEGIN
	PERFORM dblink_connect('timed', format('dbname=%s host=%s port=%s', current_database(),
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')));
	FOR n IN 1 .. 40 LOOP
		CALL t.surely(format('UPDATE tj_perm.grants SET granted_at = now() WHERE resource = %L', 'w1/row:' || n));
		CALL t.surely('SET t.cancelled = true');
		CALL t.surely(format('SET statement_timeout = %L', n % 10 / 2 + 1 || 'ms'));
		PERFORM dblink_exec('timed', 'CALL t.load_until_cancelled()', false);
		CALL t.surely('SET statement_timeout = 0');
		CALL t.surely(format($q$INSERT INTO t.outcome
			SELECT %s, current_setting('t.cancelled')::boolean, count(*) FILTER (WHERE got <> want)
			FROM (SELECT tj_can('b', ('w1/row:' || x)::tj_resource, 'viewer') AS got, x > 0 AND x <> 77 AS want
				FROM generate_series(-10, 400, 3) x) a$q$, n));
	END LOOP;
	PERFORM dblink_disconnect('timed');
END $$;
SET client_min_messages = warning;
DROP EXTENSION dblink;
SELECT count(*) AS moments, bool_or(cancelled) AS some_cancelled, sum(differences) AS differences FROM t.outcome;
SET session_replication_role = replica;
DELETE FROM tj_perm.grants WHERE resource::text LIKE 'w1/row:%';
RESET session_replication_role;
SELECT * FROM t.verdict;

-- a user of many groups: first what is granted on the targets is asked for, and what each group holds is read
-- when that has been asked more often
SELECT tj_perm.add_user('w1', 'wide');
SELECT tj_perm.create_group('w1', 'wide ' || n), tj_perm.add_to_group('w1', 'wide ' || n, '{wide}'),
	tj_perm.grant_access(('w1/many:' || n)::tj_resource, 'viewer', to_group => 'wide ' || n) FROM generate_series(1, 6) n;
SELECT tj_perm.grant_access('w1/many:8', 'viewer', to_user => 'wide'), tj_perm.grant_access('w1/many:9', 'viewer', to_user => 'b'),
	tj_perm.grant_access('w1/many:10', 'viewer', to_group => 'other'), tj_perm.grant_access('w1/many:11', 'viewer', to_group => 'wide 1', valid_until => now()),
	tj_perm.grant_access('w1/many:12', 'viewer', to_group => 'wide 2', valid_from => now() + '1 hour'), tj_perm.grant_access('w2/many:13', 'viewer', to_user => 'b');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w1', u, 'w1/crowded:1', l::tj_level FROM unnest('{root,a,b,c,wide}'::text[]) u, unnest('{viewer,editor,admin}'::text[]) l;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w1', 'throng ' || n FROM generate_series(1, 30) n;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w1', group_id, 'w1/crowded:1', 'viewer' FROM tj_perm.groups WHERE name LIKE 'throng %';
\c
SET client_min_messages = warning;
SELECT t.same('wide', 'w1/many:3');
-- two checks, each of the workspace and the element; nothing was read of what 8 principals hold
SELECT probes, loads FROM tj_perm.cache_stats();
SELECT n, t.same('wide', 'w1/many:' || n) FROM generate_series(1, 13) n;
SELECT probes FROM tj_perm.cache_stats() \gset
SELECT t.same('wide', 'w1/many:3');
SELECT probes - :probes AS no_more_probes FROM tj_perm.cache_stats();
\c
SET client_min_messages = warning;
-- too much is granted on one of the targets
SELECT t.same('wide', 'w1/crowded:1');
SELECT probes FROM tj_perm.cache_stats();
-- in a transaction that has changed grants, under its own snapshots
\c
SET client_min_messages = warning;
BEGIN;
DELETE FROM tj_perm.grants WHERE resource = 'w1/many:3'::tj_resource;
SELECT t.same('wide', 'w1/many:3'), t.same('wide', 'w1/many:4');
SAVEPOINT s;
DELETE FROM tj_perm.grants WHERE resource = 'w1/many:4'::tj_resource;
SELECT t.same('wide', 'w1/many:4');
ROLLBACK TO s;
SELECT t.same('wide', 'w1/many:4');
ROLLBACK;
SELECT t.same('wide', 'w1/many:3');
-- without the index by target
\c
SET client_min_messages = warning;
BEGIN;
DROP INDEX tj_perm.grants_resource_idx;
SELECT t.same('wide', 'w1/many:3'), t.same('wide', 'w1/many:9');
ROLLBACK;
SELECT tj_perm.remove_user('w1', 'wide');
SELECT count(*) FILTER (WHERE tj_perm.drop_group('w1', name)) AS dropped FROM tj_perm.groups WHERE name LIKE 'wide %' OR name LIKE 'throng %';
DELETE FROM tj_perm.grants WHERE resource::text LIKE '%many%' OR resource::text LIKE '%crowded%';
SELECT * FROM t.verdict;

-- A user of more groups than stamps are read together, some nested: a change of one costs one load, and the
-- stamps are found again where they were
SELECT tj_perm.add_user('w1', 'wide');
SELECT count(tj_perm.create_group('w1', 'wide ' || n)), count(tj_perm.grant_access(('w1/wide:' || n)::tj_resource, 'viewer', to_group => 'wide ' || n)) FROM generate_series(1, 80) n;
SELECT count(tj_perm.add_to_group('w1', 'wide ' || n, '{wide}')), count(tj_perm.nest_group('w1', 'wide ' || n, 'wide ' || n + 40)) FROM generate_series(1, 40) n;
CREATE VIEW t.wide AS
	SELECT count(*) FILTER (WHERE t.same = 'yes') AS yes, string_agg(n::text, ',' ORDER BY n) FILTER (WHERE t.same = 'no') AS no,
		string_agg(t.same || n, ', ') FILTER (WHERE t.same NOT IN ('yes', 'no')) AS differences
	FROM (SELECT n, t.same('wide', 'w1/wide:' || n) FROM generate_series(0, 81) n OFFSET 0) t;
CREATE VIEW t.stamp_scans AS SELECT idx_scan FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.stamps'::regclass;
SELECT * FROM t.wide;
:next_snapshot
SELECT * FROM t.wide;
SELECT tj_perm.revoke_access('w1/wide:35', from_group => 'wide 35'), tj_perm.revoke_access('w1/wide:75', from_group => 'wide 75'), t.loads() AS loads \gset
SELECT * FROM t.wide;
SELECT t.loads() - :loads AS loaded;
-- all stamps anew, each in its place: few are looked up in the index
SELECT tj_perm.grant_access('w1/wide:35', 'viewer', to_group => 'wide 35'), tj_perm.grant_access('w1/wide:75', 'viewer', to_group => 'wide 75');
VACUUM FULL tj_perm.stamps;
SELECT * FROM t.wide;
UPDATE tj_perm.grants SET note = 'anew' WHERE resource::text LIKE 'w1/wide:%';
BEGIN;
SELECT idx_scan FROM t.stamp_scans \gset
SELECT * FROM t.wide;
SELECT idx_scan - :idx_scan < 20 AS few_index_scans FROM t.stamp_scans;
COMMIT;
-- changed where it lies, rolled back, moved, vacuumed, written anew
BEGIN;
SELECT tj_perm.revoke_access('w1/wide:7', from_group => 'wide 7');
SELECT * FROM t.wide;
ROLLBACK;
SELECT * FROM t.wide;
DO $$ BEGIN FOR i IN 1..60 LOOP PERFORM tj_perm.revoke_access('w1/wide:7', from_group => 'wide 7'); COMMIT; PERFORM tj_perm.grant_access('w1/wide:7', 'viewer', to_group => 'wide 7'); COMMIT; END LOOP; END $$;
SELECT * FROM t.wide;
SELECT tj_perm.revoke_access('w1/wide:7', from_group => 'wide 7');
SELECT * FROM t.wide;
VACUUM tj_perm.stamps;
SELECT tj_perm.drop_group('w1', 'wide 47'), tj_perm.drop_group('w1', 'wide 8');
VACUUM tj_perm.stamps;
SELECT * FROM t.wide;
VACUUM FULL tj_perm.stamps;
SELECT * FROM t.wide;
SELECT tj_perm.revoke_access('w1/wide:9', from_group => 'wide 9');
SELECT * FROM t.wide;
SELECT tj_perm.remove_user('w1', 'wide');
SELECT count(*) FILTER (WHERE tj_perm.drop_group('w1', name)) AS dropped FROM tj_perm.groups WHERE name LIKE 'wide %';
SELECT * FROM t.verdict;

-- What was asked often is confirmed at once, by the stamps of all that it was made from. Whatever of that changes, in a
-- session of its own, is seen by the next statement, and by an older snapshot never.
CREATE EXTENSION dblink;
SELECT dblink_connect('other', format('dbname=%s host=%s port=%s', current_database(),
	split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')));
SELECT tj_perm.add_user('w1', 'often');
SELECT tj_perm.create_group('w1', 'often inner'), tj_perm.create_group('w1', 'often outer'), tj_perm.add_to_group('w1', 'often inner', '{often}'),
	tj_perm.nest_group('w1', 'often inner', 'often outer'), tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'often outer');
-- what is asked becomes known, something changes; what was asked first, and by how many stamps, with how much to load; and then
CREATE PROCEDURE t.after(change text) LANGUAGE plpgsql AS $$
DECLARE
	before text;
	after text;
	later text;
	was record;
	stats record;
	again record;
	still record;
BEGIN
	FOR i IN 1 .. 4 LOOP
		PERFORM pg_current_xact_id();
		COMMIT;
		SELECT * INTO was FROM tj_perm.cache_stats();
		before := t.same('often', 'w1/folder:1');
		SELECT * INTO stats FROM tj_perm.cache_stats();
		COMMIT;
	END LOOP;
	-- and once more, without any stamp, if nothing was committed in between; autovacuum may be at work
	FOR i IN 1 .. 100 LOOP
		SELECT * INTO again FROM tj_perm.cache_stats();
		later := t.same('often', 'w1/folder:1');
		SELECT * INTO still FROM tj_perm.cache_stats();
		EXIT WHEN later = before AND (again.validations, again.loads) = (still.validations, still.loads);
		IF later <> before OR i = 100 THEN
			RAISE 'first %, then % by reading again', before, later;
		END IF;
		COMMIT;
	END LOOP;
	COMMIT;
	later := NULL;
	PERFORM FROM dblink('other', change) AS d (result text);
	COMMIT;
	FOR i IN 1 .. 3 LOOP
		later := after;
		after := t.same('often', 'w1/folder:1');
		IF later <> after THEN
			RAISE 'first %, then %', later, after;
		END IF;
		COMMIT;
	END LOOP;
	RAISE NOTICE '% by % stamps, % loaded; then %', before, stats.validations - was.validations, stats.loads - was.loads, after;
END $$;
SET client_min_messages = notice;
CALL t.after($$SELECT tj_perm.detach_group('w1', 'often inner', 'often outer')$$);
CALL t.after($$SELECT tj_perm.nest_group('w1', 'often inner', 'often outer')$$);
CALL t.after($$SELECT tj_perm.revoke_access('w1/folder:1', from_group => 'often outer')$$);
CALL t.after($$SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'All Users')$$);
CALL t.after($$SELECT tj_perm.archive_workspace('w1')$$);
CALL t.after($$SELECT tj_perm.restore_workspace('w1')$$);
CALL t.after($$SELECT tj_perm.revoke_access('w1/folder:1', from_group => 'All Users')$$);
CALL t.after($$SELECT tj_perm.add_to_group('w1', 'Admins', '{often}')$$);
CALL t.after($$SELECT tj_perm.remove_from_group('w1', 'Admins', '{often}')$$);
CALL t.after($$SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_user => 'often')$$);
CALL t.after($$SELECT tj_perm.remove_user('w1', 'often')$$);
CALL t.after($$SELECT tj_perm.add_user('w1', 'often')$$);
CALL t.after($$SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'often outer')$$);
CALL t.after($$SELECT tj_perm.add_to_group('w1', 'often inner', '{often}')$$);
CALL t.after($$SELECT tj_perm.archive_user('w1', 'often')$$);
CALL t.after($$UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'often'$$);
CALL t.after($$SELECT tj_perm.add_to_group('w1', 'often inner', '{often}')$$);
-- an index made anew, a table moved, and no room
CALL t.after('REINDEX INDEX tj_perm.stamps_pkey');
CALL t.after('VACUUM FULL tj_perm.stamps');
SET tj_perm.cache_size = '64kB';
SELECT count(t.same(u, 'w1/app:' || n)) FROM unnest('{root,a,b,c}'::text[]) u, generate_series(1, 20) n;
CALL t.after('SELECT 1');
RESET tj_perm.cache_size;
CALL t.after('SELECT 1');
SET client_min_messages = warning;
-- old and new in turn
BEGIN;
DECLARE old CURSOR FOR SELECT n, t.same('often', 'w1/folder:1') FROM generate_series(1, 6) n;
FETCH 2 FROM old;
SELECT * FROM dblink('other', $$SELECT tj_perm.detach_group('w1', 'often inner', 'often outer')$$) AS d (result text);
SELECT t.same('often', 'w1/folder:1');
FETCH 2 FROM old;
SELECT t.same('often', 'w1/folder:1');
FETCH 2 FROM old;
COMMIT;
SELECT t.same('often', 'w1/folder:1');
SELECT * FROM dblink('other', $$SELECT tj_perm.nest_group('w1', 'often inner', 'often outer')$$) AS d (result text);
SELECT t.same('often', 'w1/folder:1');
-- one group that is changed again and again: few versions of it are kept, and the one that an older snapshot goes on with
CREATE FUNCTION pg_temp.change(n int) RETURNS TABLE (answer text, times bigint) LANGUAGE plpgsql AS $$
DECLARE
	answers text[];
BEGIN
	FOR i IN 1 .. n LOOP
		PERFORM dblink_exec('other', $o$UPDATE tj_perm.grants SET resource = CASE WHEN resource = 'w1/folder:1' THEN 'w1/folder:2' ELSE 'w1/folder:1' END::tj_resource
			WHERE group_id = (SELECT group_id FROM tj_perm.groups WHERE name = 'often outer')$o$);
		answers := answers || t.now('often', 'w1/folder:1');
	END LOOP;
	RETURN QUERY SELECT a, count(*) FROM unnest(answers) AS a GROUP BY a ORDER BY a;
END $$;
SELECT states, evictions FROM tj_perm.cache_stats() \gset
BEGIN;
DECLARE old CURSOR FOR SELECT n, t.same('often', 'w1/folder:' || n % 2 + 1) FROM generate_series(1, 6) n;
FETCH 2 FROM old;
SELECT * FROM pg_temp.change(100);
FETCH 2 FROM old;
COMMIT;
SELECT states - :states < 20 AS few_versions, evictions - :evictions > 50 AS others_thrown_out FROM tj_perm.cache_stats();
SELECT t.same('often', 'w1/folder:1'), t.same('often', 'w1/folder:2');
-- what this transaction changed, and took back
BEGIN;
SELECT t.same('often', 'w1/folder:1');
SAVEPOINT a;
SELECT tj_perm.revoke_access('w1/folder:1', from_group => 'often outer');
SELECT t.same('often', 'w1/folder:1');
ROLLBACK TO a;
SELECT t.same('often', 'w1/folder:1');
COMMIT;
SELECT t.same('often', 'w1/folder:1');
-- of groups that were asked for, those that count: a default group that a planted row puts around another one gives nothing
SELECT tj_perm.revoke_access('w1/folder:1', from_group => 'often outer');
SET session_replication_role = replica;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, 'w1' FROM tj_perm.groups o, tj_perm.groups i WHERE o.workspace_id = 'w1' AND o.kind = 'admins' AND i.workspace_id = 'w1' AND i.name = 'often inner';
RESET session_replication_role;
SET client_min_messages = notice;
CALL t.after($$SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'Admins')$$);
CALL t.after($$SELECT tj_perm.revoke_access('w1/folder:1', from_group => 'Admins')$$);
SET client_min_messages = warning;
DELETE FROM tj_perm.group_nesting n USING tj_perm.groups o WHERE o.group_id = n.group_id AND o.kind = 'admins';
SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_group => 'often outer');
-- what was confirmed stays while its snapshot does, whatever else is thrown out and takes the memory
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w1', 'k' || n FROM generate_series(1, 800) n;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w1', 'k' || n FROM generate_series(1, 800) n;
INSERT INTO tj_perm.group_members (workspace_id, group_id, user_id) SELECT 'w1', group_id, name FROM tj_perm.groups WHERE name ~ '^k[0-9]';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w1', group_id, ('w1/app:' || x)::tj_resource, 'viewer'
	FROM tj_perm.groups, generate_series(substr(name, 2)::int, substr(name, 2)::int + 9) x WHERE name ~ '^k[0-9]';
CREATE VIEW t.throng AS
	SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> want) AS differences
	FROM (SELECT tj_can('k' || n, ('w1/app:' || x)::tj_resource, 'viewer') AS got, x BETWEEN n AND n + 9 AS want
		FROM generate_series(1, 800) n, unnest('{5,50,105}'::int[]) x OFFSET 0) a;
\c
SET client_min_messages = warning;
SET tj_perm.cache_size = '512kB';
SELECT dblink_connect('other', format('dbname=%s host=%s port=%s', current_database(),
	split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')));
SELECT * FROM t.throng;
SELECT t.same('often', 'w1/folder:1');
:next_snapshot
SELECT t.same('often', 'w1/folder:1');
SELECT validations, loads FROM tj_perm.cache_stats() \gset
:next_snapshot
BEGIN;
DECLARE kept CURSOR FOR SELECT n, t.same('often', 'w1/folder:' || n % 2) FROM generate_series(1, 4) n;
FETCH 2 FROM kept;
SELECT validations - :validations AS stamps, loads - :loads AS loaded, evictions FROM tj_perm.cache_stats() \gset
SELECT :stamps AS stamps, :loaded AS loaded;
-- from here on the snapshots are others
SELECT count(*) FROM dblink('other', 'SELECT txid_current()::text') AS d (result text);
SELECT * FROM t.throng;
SELECT * FROM t.throng;
SELECT evictions > :evictions + 100 AS evicted FROM tj_perm.cache_stats();
SET LOCAL tj_perm.cache_size = '4MB';
SELECT * FROM t.throng;
FETCH 2 FROM kept;
COMMIT;
RESET tj_perm.cache_size;
DROP VIEW t.throng;
DELETE FROM tj_perm.members WHERE user_id LIKE 'k_%';
DELETE FROM tj_perm.groups WHERE name ~ '^k[0-9]';
-- a change that no stamp tells of, and an older snapshot that asks after it for the first time
SELECT t.same('often', 'w1/folder:1') FROM generate_series(1, 2);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 AS snapshot;
SELECT dblink_exec('other', $$BEGIN; ALTER TABLE tj_perm.grants DISABLE TRIGGER USER; DELETE FROM tj_perm.grants g USING tj_perm.groups WHERE groups.group_id = g.group_id AND name = 'often outer';
	ALTER TABLE tj_perm.grants ENABLE TRIGGER USER, ENABLE ALWAYS TRIGGER a_dirty, ENABLE ALWAYS TRIGGER a_stamp, ENABLE ALWAYS TRIGGER a_stamp_group, ENABLE ALWAYS TRIGGER a_truncate; COMMIT$$);
SELECT t.same('often', 'w1/folder:1');
COMMIT;
SELECT t.same('often', 'w1/folder:1');
SELECT dblink_disconnect('other'), tj_perm.remove_user('w1', 'often'), tj_perm.drop_group('w1', 'often inner'), tj_perm.drop_group('w1', 'often outer');
DROP EXTENSION dblink;
SELECT * FROM t.verdict;

-- groups that nothing is known of are read together, with their stamps; each keeps its own, whatever the order of their ids
SELECT count(tj_perm.add_user(w, 'often')) FROM unnest('{w1,w2}'::text[]) w;
SELECT count(tj_perm.create_group(w, 'often ' || n)), count(tj_perm.grant_access((w || '/often:' || n)::tj_resource, 'viewer', to_group => 'often ' || n))
FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 8) n;
SELECT count(tj_perm.add_to_group(w, 'often ' || n, '{often}')), count(tj_perm.nest_group(w, 'often ' || n, 'often ' || 9 - n))
FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 4) n;
CREATE VIEW t.often AS
	SELECT w, string_agg(t.same('often', w || '/often:' || n), ' ' ORDER BY n) FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 8) n GROUP BY w ORDER BY w;
\c
SET client_min_messages = warning;
SELECT * FROM t.often;
SELECT * FROM t.often;
SELECT count(tj_perm.revoke_access((w || '/often:' || n)::tj_resource, from_group => 'often ' || n)) FROM unnest('{w1,w2}'::text[]) w, unnest('{2,5}'::int[]) n;
SELECT * FROM t.often;
SELECT count(tj_perm.revoke_access((w || '/often:' || n)::tj_resource, from_group => 'often ' || n)) FROM unnest('{w1,w2}'::text[]) w, unnest('{1,7,8}'::int[]) n;
SELECT * FROM t.often;
SELECT count(tj_perm.remove_user(w, 'often')) FROM unnest('{w1,w2}'::text[]) w;
SELECT count(tj_perm.drop_group(w, 'often ' || n)) FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 8) n;
DROP VIEW t.often;
SELECT * FROM t.verdict;

-- A connection that is asked once reads no stamp and keeps nothing to be shared, however often it asks while nothing is committed
\c
SET client_min_messages = warning;
BEGIN;
SELECT t.same('b', 'w1/app:1');
SELECT seq_scan + coalesce(idx_scan, 0) AS stamps_read FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.stamps'::regclass;
COMMIT;
SELECT loads FROM tj_perm.cache_stats() \gset
SELECT t.same('b', 'w1/app:1');
SELECT states, validations, loads - :loads AS loaded FROM tj_perm.cache_stats();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT t.same('b', 'w1/app:1');
SELECT states > 0 AS shared FROM tj_perm.cache_stats();
COMMIT;
\c
SET client_min_messages = warning;
SELECT t.same('b', 'w1/app:1');
:next_snapshot
SELECT t.same('b', 'w1/app:1');
SELECT states > 0 AS shared, loads FROM tj_perm.cache_stats() \gset
:next_snapshot
SELECT t.same('b', 'w1/app:1');
SELECT :'shared' AS shared, loads - :loads AS loaded FROM tj_perm.cache_stats();
-- nor does it where its first transaction changes something, which it sees; what follows is as usual
\c
SET client_min_messages = warning;
BEGIN;
SELECT t.same('b', 'w1/app:1');
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'b');
SELECT t.same('b', 'w1/app:1');
ROLLBACK;
SELECT t.same('b', 'w1/app:1');

-- a member is kept from the second time on; groups and workspaces from the first
\c
SET client_min_messages = warning;
SELECT t.same('nobody', 'w2/app:1');
:next_snapshot
SELECT t.same('b', 'w1/app:1');
SELECT states AS once FROM tj_perm.cache_stats() \gset
:next_snapshot
SELECT t.same('b', 'w1/app:1');
SELECT states - :once AS kept_the_second_time, validations > 0 AS validated, loads AS loads FROM tj_perm.cache_stats() \gset
SELECT :kept_the_second_time AS kept_the_second_time, :'validated' AS validated;
SELECT t.same('b', 'w1/app:1');
SELECT loads - :loads AS nothing_loaded FROM tj_perm.cache_stats();

-- What a transaction learnt that only read is there for the next one, if that has the same snapshot: no stamp is read. Not if
-- anything was committed in between, nor where one of the two has an id, the first one failed, or stamps tell of conflicts.
CREATE PROCEDURE t.next_transaction(what text, reading text DEFAULT '', meanwhile text DEFAULT '', starting text DEFAULT '', isolation text DEFAULT 'read committed') LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	was record;
	stats record;
BEGIN
	-- again if stamps were read: autovacuum may have been at work
	FOR i IN 1 .. 20 LOOP
		answer := t.same('b', 'w1/app:1');
		PERFORM pg_current_xact_id();
		COMMIT;
		PERFORM t.same('b', 'w1/app:1');
		IF reading = 'ROLLBACK' THEN
			ROLLBACK;
		ELSIF reading <> '' THEN
			BEGIN
				EXECUTE reading;
			EXCEPTION WHEN division_by_zero THEN NULL;
			END;
		END IF;
		COMMIT;
		IF meanwhile <> '' THEN
			EXECUTE meanwhile;
		END IF;
		SELECT * INTO was FROM tj_perm.cache_stats();
		PERFORM set_config('default_transaction_isolation', isolation, false);
		COMMIT;
		IF starting <> '' THEN
			EXECUTE starting;
		END IF;
		IF answer <> t.same('b', 'w1/app:1') THEN
			RAISE 'another answer';
		END IF;
		SELECT * INTO stats FROM tj_perm.cache_stats();
		EXIT WHEN stats.validations = was.validations;
	END LOOP;
	RAISE NOTICE '%, %: % stamps, % loaded', what, current_setting('transaction_isolation'), stats.validations - was.validations, stats.loads - was.loads;
	RESET default_transaction_isolation;
	COMMIT;
END $$;
SELECT t.same('b', 'w1/app:1') FROM generate_series(1, 2);
:next_snapshot
SET client_min_messages = notice;
CALL t.next_transaction('the same snapshot');
CALL t.next_transaction('the same snapshot', isolation => 'repeatable read');
CALL t.next_transaction('the same snapshot', isolation => 'serializable');
CALL t.next_transaction('the next has an id', starting => 'SELECT pg_current_xact_id()');
CALL t.next_transaction('the first had one', reading => 'SELECT pg_current_xact_id()');
CALL t.next_transaction('something committed in between', meanwhile => 'SELECT pg_current_xact_id()');
CALL t.next_transaction('rolled back', reading => 'ROLLBACK');
CALL t.next_transaction('a savepoint rolled back', reading => 'SELECT 1 / 0');
SET client_min_messages = warning;

-- TRUNCATE takes rows away from snapshots that saw them: nothing that an earlier transaction left is taken after it, and what
-- was taken before is not used in the next FETCH. (Once more where somebody else's transaction came in between, and the reader holds a lock.)
CREATE EXTENSION dblink;
SELECT count(dblink_connect(name, format('dbname=%s host=%s port=%s', current_database(),
	split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')))) FROM unnest('{reader,ddl}'::text[]) name;
CREATE TABLE t.all_grants AS SELECT workspace_id, group_id, user_id, resource, level FROM tj_perm.grants;
CREATE PROCEDURE t.fetch_after_truncate(before int, after int) LANGUAGE plpgsql AS $$
DECLARE
	question text := 'SELECT tj_can(''a'', ''w2/app:1'', ''viewer'')::text';
	first text;
	second text;
	done boolean := false;
BEGIN
	WHILE NOT done LOOP
		PERFORM FROM dblink('reader', question || ' FROM pg_current_xact_id()') AS d (answer text);
		PERFORM FROM dblink('reader', question) AS d (answer text);
		PERFORM dblink_open('reader', 'c', question || ' FROM generate_series(1, 3)');
		SELECT string_agg(answer, ' ') INTO first FROM dblink_fetch('reader', 'c', before) AS d (answer text);
		done := dblink_exec('ddl', $d$SET lock_timeout = '1s'; BEGIN; ALTER TABLE tj_perm.grants DISABLE TRIGGER a_truncate; TRUNCATE tj_perm.grants;
			ALTER TABLE tj_perm.grants ENABLE ALWAYS TRIGGER a_truncate; COMMIT$d$, false) = 'COMMIT';
		IF NOT done THEN
			PERFORM dblink_exec('ddl', 'ROLLBACK');
		END IF;
		SELECT string_agg(answer, ' ') INTO second FROM dblink_fetch('reader', 'c', after) AS d (answer text);
		PERFORM dblink_close('reader', 'c');
	END LOOP;
	RAISE NOTICE 'before: %, after: %', first, second;
	INSERT INTO tj_perm.grants (workspace_id, group_id, user_id, resource, level) SELECT * FROM t.all_grants;
END $$;
SET client_min_messages = notice;
CALL t.fetch_after_truncate(0, 1);
CALL t.fetch_after_truncate(1, 1);
SET client_min_messages = warning;
SELECT count(dblink_disconnect(name)) FROM unnest('{reader,ddl}'::text[]) name;
DROP EXTENSION dblink;
DROP TABLE t.all_grants;
SELECT * FROM t.verdict;

-- what is left does not keep others from being read: more users with many grants than fit, each in transactions that only read
CREATE PROCEDURE t.large(what text, meanwhile text) LANGUAGE plpgsql AS $$
DECLARE
	was record;
	yes bigint;
BEGIN
	FOR i IN 1 .. 3 LOOP
		SELECT * INTO was FROM tj_perm.cache_stats();
		FOR k IN 1 .. 8 LOOP
			SELECT count(*) INTO yes FROM generate_series(1, 6000) n WHERE tj_can('large ' || k, tj_resource('w1', 'large', 'id ' || n), 'viewer');
			IF yes <> 3900 THEN
				RAISE 'user % may see % of 3900', k, yes;
			END IF;
			COMMIT;
			IF meanwhile <> '' THEN
				EXECUTE meanwhile;
			END IF;
			COMMIT;
		END LOOP;
	END LOOP;
	RAISE NOTICE '%: % probes in the third round', what, (SELECT probes - was.probes FROM tj_perm.cache_stats());
END $$;
SELECT count(tj_perm.add_user('w1', 'large ' || k)) FROM generate_series(1, 8) k;
SELECT count(tj_perm.create_group('w1', format('large %s.%s', k, g))), count(tj_perm.add_to_group('w1', format('large %s.%s', k, g), ARRAY['large ' || k]))
FROM generate_series(1, 8) k, generate_series(1, 3) g;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT workspace_id, group_id, tj_resource('w1', 'large', 'id ' || split_part(name, '.', 2)::int * 1300 + n), 'viewer'
	FROM tj_perm.groups, generate_series(1, 1300) n WHERE name LIKE 'large %';
SET tj_perm.cache_size = '1MB';
SET client_min_messages = notice;
CALL t.large('nothing committed in between', '');
CALL t.large('something committed in between', 'SELECT pg_current_xact_id()');
SET client_min_messages = warning;
RESET tj_perm.cache_size;
SELECT count(tj_perm.remove_user('w1', 'large ' || k)) FROM generate_series(1, 8) k;
SELECT count(tj_perm.drop_group('w1', format('large %s.%s', k, g))) FROM generate_series(1, 8) k, generate_series(1, 3) g;
SELECT * FROM t.verdict;

-- one who is met for the first time, with more grants than fit into the memory of the snapshot: kept at once, in this statement
SELECT tj_perm.add_user('w1', 'huge');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'w1', 'huge', tj_resource('w1', 'large', n), 'viewer' FROM generate_series(1, 1300) n;
\c
SET client_min_messages = warning;
SET tj_perm.cache_size = '1MB';
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> (n <= 1300)) AS differences
FROM (SELECT n, tj_can('huge', tj_resource('w1', 'large', n), 'viewer') AS got FROM generate_series(1, 3000) n OFFSET 0) a;
SELECT probes < 100 AS few_probes, loads < 10 AS few_loads FROM tj_perm.cache_stats();
-- where it cannot be kept, since this transaction has changed something, each is looked for
\c
SET client_min_messages = warning;
SET tj_perm.cache_size = '1MB';
BEGIN;
SELECT tj_perm.revoke_access('w1/large:1', from_user => 'huge');
SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> (n BETWEEN 2 AND 1300)) AS differences
FROM (SELECT n, tj_can('huge', tj_resource('w1', 'large', n), 'viewer') AS got FROM generate_series(1, 3000) n OFFSET 0) a;
SELECT probes > 3000 AS many_probes, loads < 10 AS few_loads FROM tj_perm.cache_stats();
ROLLBACK;
SELECT count(*) FILTER (WHERE got) AS yes FROM (SELECT n, tj_can('huge', tj_resource('w1', 'large', n), 'viewer') AS got FROM generate_series(1, 3000) n OFFSET 0) a;
SELECT tj_perm.remove_user('w1', 'huge');
-- two in turn whose hashes drive each other out of what was met (mod 65536), without stamps: nothing can be shared, so nothing is begun anew
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('w1', 'twin 265'), ('w1', 'twin 353');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w1', u, tj_resource('w1', 'large', n), 'viewer' FROM unnest('{twin 265,twin 353}'::text[]) u, generate_series(1, 1300) n;
ALTER TABLE tj_perm.stamps DISABLE TRIGGER a_keep;
DELETE FROM tj_perm.stamps WHERE user_id LIKE 'twin %';
ALTER TABLE tj_perm.stamps ENABLE ALWAYS TRIGGER a_keep;
CREATE VIEW t.twins AS
	SELECT count(*) FILTER (WHERE got) AS yes, count(*) FILTER (WHERE got <> (n <= 1300)) AS differences
	FROM (SELECT k / 2 AS n, tj_can('twin ' || CASE k % 2 WHEN 0 THEN 265 ELSE 353 END, tj_resource('w1', 'large', k / 2), 'viewer') AS got FROM generate_series(2, 6001) k OFFSET 0) a;
\c
SET client_min_messages = warning;
SET tj_perm.cache_size = '1MB';
SELECT * FROM t.twins;
SELECT loads < 20 AS few_loads FROM tj_perm.cache_stats();
-- with stamps each is shared, whoever was met in between
UPDATE tj_perm.grants SET note = 'stamped' WHERE user_id LIKE 'twin %' AND resource = 'w1/large:1';
\c
SET client_min_messages = warning;
SET tj_perm.cache_size = '1MB';
SELECT * FROM t.twins;
SELECT loads < 20 AS few_loads, probes < 300 AS few_probes FROM tj_perm.cache_stats();
DROP VIEW t.twins;
SELECT count(tj_perm.remove_user('w1', u)) FROM unnest('{twin 265,twin 353}'::text[]) u;

-- stamps with more columns than ours, which stay in part when they are dropped: from here on no place of a stamp is remembered
ALTER TABLE tj_perm.stamps ADD a integer, ADD b integer, ADD c text, ADD d text;
SELECT * FROM t.verdict;
SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'c');
SELECT * FROM t.verdict;
ALTER TABLE tj_perm.stamps DROP a, DROP b, DROP c, DROP d;
SELECT tj_perm.revoke_access('w1/app:1', from_user => 'c');
SELECT * FROM t.verdict;

-- The extension goes and comes in one session, with other answers
CREATE TABLE t.result AS SELECT u, resource::text, level::text FROM t.answer WHERE got;
DROP VIEW t.crowd, t.verdict, t.answer, t.probe;
BEGIN;
DROP EXTENSION tj_perm CASCADE;
ROLLBACK;
SELECT t.same('a', 'w2/app:1') AS still_there;
DROP SCHEMA oracle CASCADE;
DROP EXTENSION tj_perm CASCADE;
CREATE EXTENSION tj_perm;
SELECT count(*) FILTER (WHERE tj_can(u, resource::tj_resource, level::tj_level)) AS yes FROM t.result;
SELECT tj_perm.create_workspace('w1', 'a');
SELECT u, count(*) FILTER (WHERE tj_can(u, resource::tj_resource, level::tj_level)) AS yes FROM t.result GROUP BY u ORDER BY u;
BEGIN;
DROP EXTENSION tj_perm CASCADE;
CREATE EXTENSION tj_perm;
SELECT tj_perm.create_workspace('w1', 'b');
SELECT tj_can('a', 'w1', 'viewer') AS a, tj_can('b', 'w1', 'viewer') AS b;
ROLLBACK;
SELECT tj_can('a', 'w1', 'viewer') AS a, tj_can('b', 'w1', 'viewer') AS b;
SELECT states > 0 AS kept FROM tj_perm.cache_stats();

\c :home
DROP DATABASE regress_tj_perm_cache;
