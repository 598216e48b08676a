-- What the first checks of a connection read: names, indexes, small tables as a
-- whole. In a database of its own, since the sizes of tables decide.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE regress_tj_perm_first_check TEMPLATE template0;
\c regress_tj_perm_first_check
SET client_min_messages = warning;
CREATE EXTENSION tj_perm;
CREATE SCHEMA t;
CREATE VIEW t.tables AS SELECT oid, relname FROM pg_class
	WHERE oid = ANY ('{tj_perm.workspaces,tj_perm.members,tj_perm.groups,tj_perm.group_members,tj_perm.group_nesting,tj_perm.grants,tj_perm.stamps}'::regclass[]);
-- how this transaction has read them
CREATE VIEW t.read AS SELECT
	string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE seq_scan > 0) AS as_a_whole,
	string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE idx_scan > 0) AS by_index
	FROM pg_stat_xact_all_tables JOIN t.tables USING (relname) WHERE relid = oid;
CREATE VIEW t.pages AS SELECT
	string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE pages = 0) AS empty,
	string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE pages = 1) AS one_page,
	string_agg(relname, ', ' ORDER BY relname) FILTER (WHERE pages > 1) AS more
	FROM (SELECT relname, pg_relation_size(oid) / current_setting('block_size')::int AS pages FROM t.tables) AS s;

SELECT tj_perm.create_workspace('w', 'root');
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w', 'u' || i FROM generate_series(0, 9) AS i;
INSERT INTO tj_perm.groups (workspace_id, name) VALUES ('w', 'inner'), ('w', 'outer');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'w', 'u' || i FROM tj_perm.groups, generate_series(1, 9) AS i WHERE name = 'inner';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w', group_id, tj_resource('w', 'app', name), 'viewer' FROM tj_perm.groups WHERE kind = 'custom';

-- A table of few rows on one page is read as a whole, if the statistics say so; one of nestings that has no page is not even opened; others are read by index
SELECT * FROM t.pages;
\c
BEGIN;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT * FROM t.read;
COMMIT;
-- stamps from the second snapshot on, by which what is read can be used again
SELECT pg_current_xact_id() \g /dev/null
BEGIN;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT * FROM t.read;
COMMIT;
VACUUM ANALYZE;
\c
BEGIN;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT * FROM t.read;
COMMIT;
-- more rows, still on one page
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w', 'v' || i FROM generate_series(1, 30) AS i;
VACUUM ANALYZE tj_perm.members;
SELECT * FROM t.pages;
\c
BEGIN;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT * FROM t.read;
COMMIT;
DELETE FROM tj_perm.members WHERE user_id LIKE 'v%';
VACUUM FULL tj_perm.members;
-- one that grows meanwhile, too
\c
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes;
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w', 'v' || i FROM generate_series(1, 200) AS i;
SELECT pg_stat_force_next_flush() \g /dev/null
BEGIN;
SELECT tj_can('u9', 'w/app:inner', 'viewer') AS yes;
SELECT * FROM t.read;
COMMIT;
DELETE FROM tj_perm.members WHERE user_id LIKE 'v%';
VACUUM FULL tj_perm.members;
-- what is read too much is a conflict for SERIALIZABLE: never there
\c
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT * FROM t.read;
COMMIT;
-- the first nesting of all, also as this transaction's own
\c
BEGIN;
SELECT tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT tj_perm.nest_group('w', 'inner', 'outer');
SELECT tj_can('u1', 'w/app:outer', 'viewer') AS yes;
ROLLBACK;
SELECT tj_can('u1', 'w/app:outer', 'viewer') AS no;
SELECT tj_perm.nest_group('w', 'inner', 'outer');
SELECT tj_can('u1', 'w/app:outer', 'viewer') AS yes;

-- Larger tables are read by index
INSERT INTO tj_perm.workspaces (workspace_id) SELECT 'w' || i FROM generate_series(1, 300) AS i;
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w' || i, 'u' || j FROM generate_series(1, 300) AS i, generate_series(0, 1) AS j;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w' || i, n FROM generate_series(1, 300) AS i, unnest('{inner,outer}'::text[]) AS n;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, workspace_id, 'u1' FROM tj_perm.groups WHERE name = 'inner' AND workspace_id <> 'w';
INSERT INTO tj_perm.group_nesting (inner_group_id, group_id, workspace_id)
	SELECT i.group_id, o.group_id, workspace_id FROM tj_perm.groups AS i JOIN tj_perm.groups AS o USING (workspace_id) WHERE i.name = 'inner' AND o.name = 'outer' AND workspace_id <> 'w';
SELECT * FROM t.pages;
CREATE FUNCTION t.ask() RETURNS text LANGUAGE sql RETURN (
	SELECT concat_ws(', ', string_agg(u || ' ' || a, ' ' ORDER BY u, a) FILTER (WHERE tj_can(u, tj_resource('w', 'app', a), 'viewer')))
	FROM unnest('{root,u0,u1,nobody}'::text[]) AS u, unnest('{inner,outer,other}'::text[]) AS a);
\c
BEGIN;
SELECT t.ask();
SELECT * FROM t.read;
COMMIT;
-- who was met is remembered, however many they are: shared from the second time on, but for a few
SELECT pg_current_xact_id() \g /dev/null
SELECT count(*) AS met FROM generate_series(1, 300) AS i, generate_series(0, 1) AS j WHERE NOT tj_can('u' || j, tj_workspace('w' || i), 'viewer');
SELECT count(*) AS met FROM generate_series(1, 300) AS i, generate_series(0, 1) AS j WHERE NOT tj_can('u' || j, tj_workspace('w' || i), 'viewer');
SELECT loads FROM tj_perm.cache_stats() \gset
SELECT count(*) AS met FROM generate_series(1, 300) AS i, generate_series(0, 1) AS j WHERE NOT tj_can('u' || j, tj_workspace('w' || i), 'viewer');
SELECT loads - :loads < 60 AS few_loaded FROM tj_perm.cache_stats();
-- One of whom nothing is known: what is granted on the target is asked for; from the second check on all that a principal holds is read
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'w300', group_id, tj_resource('w300', 'app', i), 'viewer' FROM tj_perm.groups, generate_series(1, 50) AS i WHERE workspace_id = 'w300' AND kind = 'all_users';
CREATE VIEW t.grants_read AS SELECT idx_tup_fetch AS grants_read FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.grants'::regclass;
\c
BEGIN;
SELECT tj_can('u0', 'w300/app:50', 'viewer') AS yes;
TABLE t.grants_read;
SELECT tj_can('u0', 'w300/app:51', 'viewer') AS no;
TABLE t.grants_read;
SELECT tj_can('u0', 'w300/app:49', 'viewer') AS yes;
TABLE t.grants_read;
COMMIT;
-- All groups of a workspace by one index, where the member is in most of them: the two that one has, others by themselves
CREATE VIEW t.indexes_of_groups AS SELECT string_agg(relname, ', ' ORDER BY relname) AS indexes_of_groups
	FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid WHERE indrelid = 'tj_perm.groups'::regclass AND pg_stat_get_xact_numscans(c.oid) > 0;
CREATE VIEW t.groups_read AS SELECT idx_tup_fetch AS groups_read FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.groups'::regclass;
\c
BEGIN;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:other', 'viewer') AS no;
TABLE t.indexes_of_groups;
TABLE t.groups_read;
COMMIT;
-- what was read of one workspace is not taken for another
\c
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w1/app:inner', 'viewer') AS no, tj_can('root', 'w/app:inner', 'viewer') AS yes;
-- not where there are many others: their rows are not even looked at
SELECT tj_perm.create_workspace('many', 'root');
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'many', 'g' || i FROM generate_series(1, 20) AS i;
SELECT tj_perm.add_user('many', 'u1', '{g1}');
SELECT tj_perm.grant_access('many/app:1', 'viewer', to_group => 'g1'), tj_perm.grant_access('many/app:2', 'viewer', to_group => 'g2'), tj_perm.grant_access('many/app:3', 'viewer', to_group => 'All Users');
\c
BEGIN;
SELECT tj_can('u1', 'many/app:1', 'viewer') AS yes, tj_can('u1', 'many/app:2', 'viewer') AS no, tj_can('u1', 'many/app:3', 'viewer') AS yes;
TABLE t.indexes_of_groups;
TABLE t.groups_read;
COMMIT;
-- nor where it could be a conflict
\c
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT tj_can('u1', 'w/app:inner', 'viewer') AS yes, tj_can('u1', 'w/app:other', 'viewer') AS no;
TABLE t.indexes_of_groups;
COMMIT;
-- a group of another workspace, as a restore without triggers may leave it, gives nothing
SET session_replication_role = replica;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'w', 'u1' FROM tj_perm.groups WHERE (workspace_id, name) IN (('many', 'g2'), ('w1', 'Admins'));
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (-1, 'w', 'u1');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT 'w', group_id, 'w/app:other', 'viewer' FROM tj_perm.groups WHERE workspace_id = 'many' AND name = 'g2';
\c
SELECT t.ask();
DELETE FROM tj_perm.grants WHERE resource = 'w/app:other';
DELETE FROM tj_perm.group_members WHERE group_id NOT IN (SELECT group_id FROM tj_perm.groups WHERE workspace_id = 'w') AND workspace_id = 'w';
DELETE FROM tj_perm.workspaces WHERE workspace_id = 'many';
-- All Users is who is called so, whatever the kind says
BEGIN;
ALTER TABLE tj_perm.groups DROP CONSTRAINT groups_name_check;
SET session_replication_role = replica;
UPDATE tj_perm.groups SET name = 'Everybody' WHERE workspace_id = 'w' AND kind = 'all_users';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT 'w', group_id, 'w/app:other', 'viewer' FROM tj_perm.groups WHERE workspace_id = 'w' AND kind = 'all_users';
COMMIT;
\c
SELECT t.ask();
SET session_replication_role = replica;
UPDATE tj_perm.groups SET name = 'All Users' WHERE workspace_id = 'w' AND kind = 'all_users';
\c
SELECT t.ask();
DELETE FROM tj_perm.grants WHERE resource = 'w/app:other';

-- What PostgreSQL may want to know of a table beyond its columns is not read
CREATE VIEW t.catalogs_read AS SELECT string_agg(relname, ', ' ORDER BY relname) AS catalogs_read
	FROM pg_stat_xact_sys_tables WHERE relname IN ('pg_attrdef', 'pg_trigger') AND coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0;
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
-- but by who changes something, who reads as any other; and then again not
BEGIN;
INSERT INTO tj_perm.groups (workspace_id, name) VALUES ('w', 'new');
SELECT t.ask();
TABLE t.catalogs_read;
ROLLBACK;
SELECT t.ask();
-- one who has read already, too: a table that this transaction rewrites
\c
BEGIN;
SELECT t.ask();
ALTER TABLE tj_perm.grants ALTER COLUMN note TYPE varchar;
ALTER TABLE tj_perm.members ADD COLUMN age int DEFAULT 7, DROP COLUMN created_at;
SELECT t.ask();
DELETE FROM tj_perm.grants WHERE resource = 'w/app:inner';
SELECT t.ask();
SAVEPOINT s;
ALTER TABLE tj_perm.grants ALTER COLUMN note TYPE text;
SELECT t.ask();
ROLLBACK TO s;
SELECT t.ask();
ROLLBACK;
SELECT t.ask();
-- and one that is rewritten between two statements
VACUUM FULL tj_perm.grants;
SELECT t.ask();
DELETE FROM tj_perm.grants WHERE resource = 'w/app:inner';
SELECT t.ask();
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT 'w', group_id, 'w/app:inner', 'viewer' FROM tj_perm.groups WHERE workspace_id = 'w' AND name = 'inner';
VACUUM FULL tj_perm.grants;
SELECT t.ask();
-- columns of one's own, dropped ones and settings do not matter; values that rows do not have, and what is not logged, do
ALTER TABLE tj_perm.members DROP COLUMN created_at, ADD COLUMN note text, ADD COLUMN created_at timestamp with time zone;
UPDATE tj_perm.members SET note = user_id;
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
BEGIN;
SET LOCAL client_min_messages = error;
ALTER TABLE tj_perm.members DROP COLUMN status CASCADE;
ALTER TABLE tj_perm.members ADD COLUMN status text COLLATE "C" NOT NULL DEFAULT 'active';
COMMIT;
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
VACUUM FULL tj_perm.members;
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
ALTER TABLE tj_perm.members SET (fillfactor = 90);
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
ALTER TABLE tj_perm.members RESET (fillfactor);
ALTER TABLE tj_perm.group_members SET UNLOGGED;
\c
BEGIN;
SELECT t.ask();
TABLE t.catalogs_read;
COMMIT;
ALTER TABLE tj_perm.group_members SET LOGGED;
-- an error in the midst of a row: who reads next, reads and is counted as any other
BEGIN;
ALTER TABLE tj_perm.workspaces ALTER COLUMN status DROP NOT NULL;
SET LOCAL session_replication_role = replica;
UPDATE tj_perm.workspaces SET status = NULL WHERE workspace_id = 'w299';
COMMIT;
\c
BEGIN;
SELECT t.ask();
SAVEPOINT s;
SELECT tj_can('u1', 'w299/app:1', 'viewer');
ROLLBACK TO s;
SELECT t.ask();
SELECT count(*) FROM tj_perm.workspaces WHERE status IS NULL;
SELECT seq_scan > 0 AS counted FROM pg_stat_xact_all_tables WHERE relid = 'tj_perm.workspaces'::regclass;
COMMIT;
\c
SELECT tj_can('u1', 'w299/app:1', 'viewer');
SELECT count(*) FROM tj_perm.workspaces WHERE status IS NULL;
SELECT tj_can('u1', 'w299/app:1', 'viewer');
SELECT t.ask();
UPDATE tj_perm.workspaces SET status = 'active' WHERE status IS NULL;
ALTER TABLE tj_perm.workspaces ALTER COLUMN status SET NOT NULL;

-- An index on resources in another order than theirs is asked by that order
SELECT count(*) FROM tj_perm.grants WHERE resource = 'w/app:inner';
CREATE FUNCTION t.backwards(a tj_resource, b tj_resource) RETURNS int LANGUAGE sql IMMUTABLE STRICT RETURN tj_resource_cmp(b, a);
CREATE OPERATOR CLASS t.backwards FOR TYPE tj_resource USING btree AS
	OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 t.backwards(tj_resource, tj_resource);
DROP INDEX tj_perm.grants_resource_idx;
CREATE INDEX grants_resource_idx ON tj_perm.grants (resource t.backwards);
\c
BEGIN;
SELECT t.ask();
SELECT pg_stat_get_xact_numscans('tj_perm.grants_resource_idx'::regclass) > 0 AS asked;
COMMIT;
DROP INDEX tj_perm.grants_resource_idx;
CREATE INDEX grants_resource_idx ON tj_perm.grants (resource DESC);
\c
BEGIN;
SELECT t.ask();
SELECT pg_stat_get_xact_numscans('tj_perm.grants_resource_idx'::regclass) > 0 AS asked;
COMMIT;

-- whatever the indexes are called
DO $$
DECLARE
	i regclass;
BEGIN
	FOR i IN SELECT indexrelid FROM pg_index JOIN t.tables ON oid = indrelid LOOP
		EXECUTE format('ALTER INDEX %s RENAME TO %I', i, 'x' || i::oid);
	END LOOP;
END $$;
\c
BEGIN;
SELECT t.ask();
SELECT * FROM t.read;
COMMIT;
-- and whatever is called like them: indexes of other tables, with columns in the same places, and what is no index
CREATE TABLE tj_perm.other_members (LIKE tj_perm.members);
CREATE UNIQUE INDEX members_pkey ON tj_perm.other_members (workspace_id, user_id);
CREATE TABLE tj_perm.other_groups (LIKE tj_perm.groups);
CREATE UNIQUE INDEX groups_pkey ON tj_perm.other_groups (group_id);
CREATE UNIQUE INDEX groups_workspace_id_name_key_key ON tj_perm.other_groups (workspace_id, name_key);
CREATE TABLE tj_perm.other_stamps (LIKE tj_perm.stamps);
CREATE UNIQUE INDEX stamps_pkey ON tj_perm.other_stamps (workspace_id, group_id, user_id);
CREATE TABLE tj_perm.workspaces_pkey (workspace_id text);
CREATE VIEW tj_perm.group_members_pkey AS SELECT 1 AS one;
CREATE SEQUENCE tj_perm.group_nesting_pkey;
CREATE TYPE tj_perm.grants_resource_idx AS (resource tj_resource);
\c
BEGIN;
SELECT t.ask();
SELECT * FROM t.read;
COMMIT;

-- Where indexes of catalogs are not to be used: the same answers, and what was read is kept
\c "dbname=regress_tj_perm_first_check options='-c ignore_system_indexes=on -c client_min_messages=error'"
SHOW ignore_system_indexes;
SELECT t.ask();
SELECT t.ask();
SELECT loads FROM tj_perm.cache_stats() \gset
SELECT t.ask();
SELECT loads = :loads AS nothing_loaded FROM tj_perm.cache_stats();

-- What does not belong to the extension, or is no table, is not believed
\c "dbname=regress_tj_perm_first_check options=''"
SET client_min_messages = warning;
CREATE VIEW t.dependencies_read AS SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0 AS dependencies_read FROM pg_stat_xact_sys_tables WHERE relid = 'pg_depend'::regclass;
\c
BEGIN;
SELECT t.ask();
TABLE t.dependencies_read;
COMMIT;
ALTER EXTENSION tj_perm DROP TABLE tj_perm.stamps;
\c
SELECT t.ask();
-- what is registered for pg_dump belongs to the extension; what is not may, and is looked for
ALTER EXTENSION tj_perm ADD TABLE tj_perm.stamps;
\c
BEGIN;
SELECT t.ask();
TABLE t.dependencies_read;
COMMIT;
UPDATE pg_extension SET extconfig = NULL, extcondition = NULL WHERE extname = 'tj_perm';
\c
SELECT t.ask();
BEGIN;
ALTER TABLE tj_perm.grants SET SCHEMA t;
CREATE VIEW tj_perm.grants AS TABLE t.grants;
ALTER EXTENSION tj_perm ADD VIEW tj_perm.grants;
SELECT t.ask();
ALTER EXTENSION tj_perm DROP VIEW tj_perm.grants;
DROP VIEW tj_perm.grants;
ALTER TABLE t.grants SET SCHEMA tj_perm;
SELECT t.ask();
ROLLBACK;
SELECT t.ask();
BEGIN;
ALTER TABLE tj_perm.grants SET SCHEMA t;
CREATE TABLE tj_perm.grants AS TABLE t.grants;
ALTER EXTENSION plpgsql ADD TABLE tj_perm.grants;
SELECT t.ask();
ROLLBACK;
SELECT t.ask();

\c :home
DROP DATABASE regress_tj_perm_first_check;
