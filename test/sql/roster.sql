-- Rosters: what a pooled connection reads of all members of a workspace at once, when
-- it has met some of them. Each answer is compared with the oracle's in the same statement.
-- In a database of its own, since the extension comes and goes.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE regress_tj_perm_roster TEMPLATE template0;
\c regress_tj_perm_roster
SET client_min_messages = warning;
CREATE EXTENSION tj_perm;
CREATE EXTENSION dblink;
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/property/oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all
CREATE SCHEMA t;
CREATE FUNCTION t.connect() RETURNS text LANGUAGE sql RETURN dblink_connect('other', format('dbname=%s host=%s port=%s', current_database(),
	split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')));
-- users from..upto of a workspace: what they may, and where product and oracle differ
CREATE FUNCTION t.ask(w text, lo int, hi int) RETURNS TABLE (yes bigint, differences text) LANGUAGE sql VOLATILE AS $$
	SELECT count(*) FILTER (WHERE got), string_agg(u || ' ' || r || ' ' || l, ', ' ORDER BY u, r) FILTER (WHERE got IS DISTINCT FROM want)
	FROM (SELECT u, r, l, tj_can(u, tj_resource(w, 'app', r), l) AS got, oracle.can(u, w, '{app}', ARRAY[r], l::text) AS want
		FROM generate_series(lo, hi) AS n, format('u%s', n) AS u, unnest('{1,2,3,own}'::text[]) AS r, unnest('{viewer,editor}'::tj_level[]) AS l OFFSET 0) AS a
$$;
CREATE FUNCTION t.loads() RETURNS bigint LANGUAGE sql VOLATILE RETURN (SELECT loads FROM tj_perm.cache_stats());
-- how often this backend has looked into tables; the difference counts, within one transaction
CREATE FUNCTION t.reads(tables text) RETURNS bigint LANGUAGE sql VOLATILE RETURN (SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint
	FROM pg_stat_xact_all_tables WHERE schemaname = 'tj_perm' AND relname = ANY (tables::text[]));
CREATE FUNCTION t.world(w text, members int) RETURNS void LANGUAGE sql AS $$
	SELECT tj_perm.create_workspace(w, 'root');
	INSERT INTO tj_perm.members (workspace_id, user_id) SELECT w, 'u' || i FROM generate_series(1, members) AS i;
	INSERT INTO tj_perm.groups (workspace_id, name) SELECT w, 'g' || i FROM generate_series(1, 3) AS i;
	INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
		SELECT group_id, w, 'u' || i FROM tj_perm.groups, generate_series(1, members) AS i
		WHERE workspace_id = w AND kind = 'custom' AND (i <= 5 OR i % 4 = substr(name, 2)::int);
	INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
		SELECT w, group_id, tj_resource(w, 'app', substr(name, 2)), 'viewer' FROM tj_perm.groups WHERE workspace_id = w AND kind = 'custom';
	ANALYZE tj_perm.members, tj_perm.group_members, tj_perm.groups, tj_perm.grants, tj_perm.stamps;
$$;
SELECT t.world('w', 60);
\set next_snapshot 'SELECT pg_current_xact_id() IS NOT NULL AS next_snapshot;'

-- Three users who were never met are read one by one; with the fourth all members of the workspace are
\c
SELECT t.connect();
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('w', 2, 4);
SELECT t.loads() - :loads < 20 AS few;
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('w', 5, 5);
SELECT t.loads() - :loads AS loaded;
-- from then on nobody is looked up: stamps are read, rows are not
:next_snapshot
SELECT t.loads() AS loads, validations FROM tj_perm.cache_stats() \gset
BEGIN;
SELECT t.reads('{members,group_members,grants}') AS reads \gset
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'w/app:2', 'viewer')) AS yes FROM generate_series(20, 60) AS n;
SELECT t.reads('{members,group_members,grants}') - :reads AS reads;
COMMIT;
SELECT t.loads() - :loads AS loaded, validations - :validations >= 41 AS by_their_stamps FROM tj_perm.cache_stats();
SELECT * FROM t.ask('w', 1, 61);

-- what another session changes of a member shows at once, and leaves the others on the roster
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id = 'u21'$$);
SELECT * FROM t.ask('w', 20, 22);
SELECT dblink_exec('other', $$UPDATE tj_perm.members SET status = 'archived' WHERE user_id = 'u22'$$);
SELECT * FROM t.ask('w', 20, 22);
SELECT dblink_exec('other', $$UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'u22'$$);
SELECT * FROM t.ask('w', 20, 22);
SELECT dblink_exec('other', $$INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'w', 'u24' FROM tj_perm.groups WHERE name = 'g3'$$);
SELECT * FROM t.ask('w', 24, 25);
SELECT dblink_exec('other', $$INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w', 'u25', 'w/app:own', 'editor')$$);
SELECT * FROM t.ask('w', 24, 25);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.members WHERE user_id = 'u26'$$);
SELECT * FROM t.ask('w', 26, 27);
SELECT dblink_exec('other', $$INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('w', 'u26')$$);
SELECT * FROM t.ask('w', 26, 27);
SELECT dblink_exec('other', $$UPDATE tj_perm.members SET user_id = 'u99' WHERE user_id = 'u27'$$);
SELECT * FROM t.ask('w', 27, 27);
SELECT * FROM t.ask('w', 99, 99);
SELECT dblink_exec('other', $$UPDATE tj_perm.members SET user_id = 'u27' WHERE user_id = 'u99'$$);
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('w', 40, 60);
SELECT t.loads() - :loads AS loaded;
-- an older snapshot goes on with what it sees, a newer one with what it sees
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM t.ask('w', 30, 31);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id IN ('u31', 'u33')$$);
SELECT * FROM t.ask('w', 31, 33);
COMMIT;
SELECT * FROM t.ask('w', 31, 33);
DECLARE kept CURSOR WITH HOLD FOR SELECT 1;
CLOSE kept;
BEGIN;
DECLARE old CURSOR FOR SELECT n, (SELECT differences IS NULL FROM t.ask('w', n, n)) FROM generate_series(34, 37) AS n;
FETCH 2 FROM old;
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id IN ('u35', 'u36', 'u37')$$);
FETCH 1 FROM old;
SELECT * FROM t.ask('w', 35, 37);
FETCH 1 FROM old;
COMMIT;

-- what this transaction has changed itself shows too, and goes with it
BEGIN;
DELETE FROM tj_perm.group_members WHERE user_id = 'u41';
SELECT * FROM t.ask('w', 41, 43);
SAVEPOINT s;
UPDATE tj_perm.members SET status = 'archived' WHERE user_id = 'u42';
SELECT * FROM t.ask('w', 41, 43);
ROLLBACK TO s;
SELECT * FROM t.ask('w', 41, 43);
WITH gone AS (DELETE FROM tj_perm.group_members WHERE user_id = 'u43' RETURNING 1)
SELECT n, (SELECT differences IS NULL FROM t.ask('w', 43, 43)) AS same FROM gone AS g (n);
SELECT * FROM t.ask('w', 41, 43);
ROLLBACK;
SELECT * FROM t.ask('w', 41, 43);

-- Somebody with grants of their own: those are not on the roster. They are shared when the user comes again, like
-- anybody who comes again and again, so that their stamps are all that is read
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w', 'u' || n, tj_resource('w', 'app', x), 'editor' FROM generate_series(51, 60) AS n, unnest('{own,1}'::text[]) AS x;
\c
SELECT t.connect();
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT * FROM t.ask('w', 2, 5);
:next_snapshot
SELECT * FROM t.ask('w', 51, 60);
:next_snapshot
SELECT * FROM t.ask('w', 51, 60);
:next_snapshot
SELECT * FROM t.ask('w', 51, 60);
:next_snapshot
BEGIN;
SELECT t.reads('{members,group_members,grants}') AS reads \gset
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'w/app:own', 'editor')) AS yes FROM generate_series(51, 60) AS n;
SELECT t.reads('{members,group_members,grants}') - :reads AS reads;
COMMIT;
SELECT states FROM tj_perm.cache_stats() \gset
SELECT * FROM t.ask('w', 13, 13);
:next_snapshot
SELECT * FROM t.ask('w', 13, 13);
SELECT states - :states AS shared FROM tj_perm.cache_stats();
SELECT dblink_exec('other', $$DELETE FROM tj_perm.grants WHERE user_id IN ('u51', 'u13')$$);
SELECT * FROM t.ask('w', 51, 52);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id = 'u13'$$);
SELECT * FROM t.ask('w', 13, 13);
-- one whose grants do not fit beside a snapshot
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT 'w', 'u44', tj_resource('w', 'page', x), 'viewer' FROM generate_series(1, 1000) AS x;
VACUUM ANALYZE tj_perm.grants;
\c
SET tj_perm.cache_size = '512kB';
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT * FROM t.ask('w', 2, 5);
:next_snapshot
SELECT count(*) FILTER (WHERE tj_can('u44', tj_resource('w', 'page', x), 'viewer')) AS yes FROM generate_series(1, 1100) AS x;
:next_snapshot
BEGIN;
SELECT t.reads('{members,group_members,grants}') AS reads \gset
SELECT count(*) FILTER (WHERE tj_can('u44', tj_resource('w', 'page', x), 'viewer')) AS yes FROM generate_series(1, 1100) AS x;
SELECT t.reads('{members,group_members,grants}') - :reads AS reads;
COMMIT;
RESET tj_perm.cache_size;
DELETE FROM tj_perm.grants WHERE user_id IS NOT NULL;

-- While nothing is committed, not even stamps are read again, however often a snapshot outgrows its memory
\c
SELECT t.connect();
SET tj_perm.cache_size = '128kB';
CREATE VIEW t.stamps_read AS SELECT count(*) > 0 AS stamps_read FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'tj_perm.stamps'::regclass;
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT * FROM t.ask('w', 1, 10);
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.ask('w', 1, 60);
BEGIN;
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.stamps_read;
COMMIT;
-- afterwards they are
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id = 'u45'$$);
BEGIN;
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.stamps_read;
COMMIT;
BEGIN;
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.stamps_read;
COMMIT;
-- and where something was redefined
SELECT dblink_exec('other', $$ALTER TABLE tj_perm.group_members DISABLE TRIGGER ALL; DELETE FROM tj_perm.group_members WHERE user_id = 'u46';
	ALTER TABLE tj_perm.group_members ENABLE TRIGGER ALL; ALTER TABLE tj_perm.group_members ENABLE ALWAYS TRIGGER a_dirty, ENABLE ALWAYS TRIGGER a_stamp, ENABLE ALWAYS TRIGGER a_truncate$$);
BEGIN;
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.stamps_read;
COMMIT;
RESET tj_perm.cache_size;

-- While the triggers that keep the stamps are off, no roster is read, nor believed
ALTER TABLE tj_perm.group_members DISABLE TRIGGER a_stamp;
SELECT * FROM t.ask('w', 1, 60);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id = 'u47'$$);
SELECT * FROM t.ask('w', 47, 49);
ALTER TABLE tj_perm.group_members ENABLE ALWAYS TRIGGER a_stamp;
SELECT * FROM t.ask('w', 1, 60);
-- a stamp that is not there is none
SELECT dblink_exec('other', $$ALTER TABLE tj_perm.stamps DISABLE TRIGGER ALL; DELETE FROM tj_perm.stamps WHERE user_id IN ('u48', 'u49');
	ALTER TABLE tj_perm.stamps ENABLE TRIGGER ALL; ALTER TABLE tj_perm.stamps ENABLE ALWAYS TRIGGER a_keep, ENABLE ALWAYS TRIGGER a_truncate$$);
SELECT * FROM t.ask('w', 46, 60);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id IN ('u49', 'u50')$$);
SELECT * FROM t.ask('w', 46, 60);
-- the table of stamps may be another file in the meantime
SELECT dblink_exec('other', 'VACUUM FULL tj_perm.stamps');
SELECT * FROM t.ask('w', 1, 60);
SELECT dblink_exec('other', $$DELETE FROM tj_perm.group_members WHERE user_id IN ('u51', 'u52')$$);
SELECT * FROM t.ask('w', 1, 60);
-- without its indexes nothing is read as a whole
BEGIN;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY ('{tj_perm.members_pkey,tj_perm.group_members_pkey,tj_perm.stamps_pkey}'::regclass[]);
COMMIT;
\c
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('w', 2, 9);
SELECT t.loads() - :loads < 60 AS few;
UPDATE pg_index SET indisvalid = true WHERE indexrelid = ANY ('{tj_perm.members_pkey,tj_perm.group_members_pkey,tj_perm.stamps_pkey}'::regclass[]);
-- nor under SERIALIZABLE, where whoever writes any of it would be in conflict
\c
SELECT * FROM t.ask('w', 1, 1);
SET default_transaction_isolation = serializable;
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('w', 2, 9);
SELECT t.loads() - :loads < 60 AS few;
RESET default_transaction_isolation;

-- Too many members to read at first, and for good
SELECT t.world('large', 100), t.world('huge', 1100);
UPDATE tj_perm.members SET status = CASE user_id WHEN 'u9' THEN 'archived' ELSE 'invited' END WHERE workspace_id = 'large' AND user_id IN ('u9', 'u10');
\c
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('large', 1, 7);
SELECT t.loads() - :loads < 60 AS few;
:next_snapshot
SELECT t.loads() AS loads \gset
SELECT * FROM t.ask('large', 8, 8);
SELECT t.loads() - :loads AS loaded;
SELECT * FROM t.ask('large', 1, 100);
SELECT t.loads() AS loads \gset
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'huge/app:1', 'viewer')) AS yes FROM generate_series(1, 1000) AS n;
SELECT t.loads() - :loads < 1000 + 60 AS few;
-- more groups than a roster can name: who is in one of those is read as ever
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'large', 'h' || i FROM generate_series(1, 300) AS i;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'large', 'u' || (substr(name, 2)::int % 100 + 1) FROM tj_perm.groups WHERE workspace_id = 'large' AND name ~ '^h';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'large', 'u7' FROM tj_perm.groups WHERE workspace_id = 'large' AND name ~ '^h' ON CONFLICT DO NOTHING;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'large', group_id, 'large/app:own', 'editor' FROM tj_perm.groups WHERE workspace_id = 'large' AND name ~ '^h2.[135]';
\c
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT * FROM t.ask('large', 1, 16);
:next_snapshot
SELECT * FROM t.ask('large', 1, 100);

-- Memory: more workspaces than fit
SELECT count(t.world('many ' || i, 40)) FROM generate_series(1, 60) AS i;
\c
SET tj_perm.cache_size = '256kB';
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT sum(yes) AS yes, string_agg(differences, ', ') AS differences FROM generate_series(1, 60) AS i, t.ask('many ' || i, 1, 10);
:next_snapshot
SELECT sum(yes) AS yes, string_agg(differences, ', ') AS differences FROM generate_series(1, 60) AS i, t.ask('many ' || i, 11, 40);
SELECT bytes < 2 * 256 * 1024 AS bounded FROM tj_perm.cache_stats();
-- those that came first are not thrown out for those that came later, while they are used
SELECT total_bytes BETWEEN 32 * 1024 AND 68 * 1024 AS rosters FROM pg_backend_memory_contexts WHERE name = 'tj_perm rosters';
SELECT t.loads() AS loads \gset
:next_snapshot
SELECT count(*) FILTER (WHERE tj_can('u' || n, tj_resource('many ' || i, 'app', 1), 'viewer')) AS yes
FROM (SELECT n, i FROM generate_series(11, 30) AS n, generate_series(1, 60) AS i ORDER BY n, i OFFSET 0) AS a;
SELECT t.loads() - :loads < 60 * 20 * 2 AS not_in_turns;
-- less memory from now on: some of them go
SET tj_perm.cache_size = '64kB';
:next_snapshot
SELECT * FROM t.ask('many 1', 11, 12);
SELECT total_bytes BETWEEN 1 AND 17 * 1024 AS rosters FROM pg_backend_memory_contexts WHERE name = 'tj_perm rosters';
RESET tj_perm.cache_size;
-- one that cannot fit drives nobody out
SELECT t.world('long', 1000);
\c
SET tj_perm.cache_size = '64kB';
SELECT * FROM t.ask('w', 1, 1);
:next_snapshot
SELECT * FROM t.ask('w', 2, 5);
SELECT total_bytes AS rosters FROM pg_backend_memory_contexts WHERE name = 'tj_perm rosters' \gset
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'long/app:1', 'viewer')) AS yes FROM generate_series(1, 100) AS n;
SELECT total_bytes - :rosters AS more FROM pg_backend_memory_contexts WHERE name = 'tj_perm rosters';
:next_snapshot
BEGIN;
SELECT t.reads('{members,group_members}') AS reads \gset
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'w/app:1', 'viewer')) AS yes FROM generate_series(6, 60) AS n;
SELECT t.reads('{members,group_members}') - :reads AS reads;
COMMIT;
RESET tj_perm.cache_size;

-- How a view was made is remembered; one that is made of too much is not, and then what is remembered is of before: it is
-- not believed because one of its parts was found again
SELECT tj_perm.add_user('w', 'throng');
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w', 'inner ' || i FROM generate_series(1, 55) AS i UNION ALL SELECT 'w', 'outer ' || i FROM generate_series(1, 9) AS i;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'w', 'throng' FROM tj_perm.groups WHERE workspace_id = 'w' AND name LIKE 'inner %';
SELECT tj_perm.grant_access('w/app:far', 'viewer', to_group => 'outer 9');
\c
SELECT t.connect();
SET tj_perm.cache_size = '1MB';
SELECT * FROM t.ask('w', 1, 5);
:next_snapshot
SELECT tj_can('throng', 'w/app:far', 'viewer');
:next_snapshot
SELECT tj_can('throng', 'w/app:far', 'viewer');
:next_snapshot
SELECT tj_can('throng', 'w/app:far', 'viewer');
SELECT dblink_exec('other', $$INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id)
	SELECT 'w', o.group_id, i.group_id FROM tj_perm.groups AS o, tj_perm.groups AS i WHERE i.workspace_id = 'w' AND o.workspace_id = 'w' AND i.name = 'inner 1' AND o.name LIKE 'outer %'$$);
SELECT tj_can('throng', 'w/app:far', 'viewer');
SELECT * FROM t.ask('w', 1, 60);
SELECT * FROM t.ask('w', 1, 60);
SELECT tj_can('throng', 'w/app:far', 'viewer');
RESET tj_perm.cache_size;

-- The extension goes and comes back: other members under the same names
SET client_min_messages = warning;
DROP EXTENSION tj_perm CASCADE;
CREATE EXTENSION tj_perm;
SELECT tj_perm.create_workspace('w', 'root');
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w', 'u' || i FROM generate_series(1, 10) AS i;
SELECT count(*) FILTER (WHERE tj_can('u' || n, 'w/app:1', 'viewer')) AS yes FROM generate_series(1, 60) AS n;

\c :home
DROP DATABASE regress_tj_perm_roster WITH (FORCE);
