-- The tables by direct DML: what constraints let in, whatever the role and the
-- session_replication_role. (Triggers: see triggers.sql.)
\set SHOW_CONTEXT never
CREATE SCHEMA regress_tables;
-- number of rows, or SQLSTATE and constraint (or message); an accepted
-- statement is undone if the answer was to be a refusal
CREATE FUNCTION regress_tables.tried(statement text, keep boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	constraint_name text;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	IF NOT keep THEN
		RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = 'accepted, undone: ' || n;
	END IF;
	RETURN 'rows: ' || n;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS constraint_name = CONSTRAINT_NAME;
	IF SQLSTATE = 'RG001' THEN
		RETURN SQLERRM;
	END IF;
	RETURN SQLSTATE || ' ' || coalesce(nullif(constraint_name, ''), SQLERRM);
END
$$;

-- the tables, column by column (information_schema: the same on every major)
SELECT table_name, column_name, CASE data_type WHEN 'USER-DEFINED' THEN udt_name ELSE data_type END AS type,
	CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END AS "null", collation_name AS "collation",
	coalesce(column_default, identity_generation, generation_expression) AS "default"
FROM information_schema.columns WHERE table_schema = 'tj_perm'
	AND table_name IN (SELECT relname FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'r')
ORDER BY table_name COLLATE "C", ordinal_position;
-- keys and foreign keys (NOT NULL is listed above)
SELECT conrelid::regclass AS "table", conname, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE connamespace = 'tj_perm'::regnamespace AND contype IN ('p', 'u', 'f')
ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C";
SELECT conrelid::regclass AS "table", conname, convalidated AND NOT condeferrable AS always
FROM pg_constraint WHERE connamespace = 'tj_perm'::regnamespace AND contype = 'c'
ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C";
SELECT pg_get_indexdef(indexrelid) AS "index beside the constraints" FROM pg_index
WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace)
	AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY indexrelid::regclass::text COLLATE "C";
-- what is dumped: all but the stamps, with the identity sequences
SELECT c.oid::regclass AS registered, condition FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS c (oid, condition)
WHERE e.extname = 'tj_perm' ORDER BY c.oid::regclass::text COLLATE "C";
SELECT c.oid::regclass AS not_registered FROM pg_class AS c, pg_extension AS e
WHERE c.relnamespace = 'tj_perm'::regnamespace AND c.relkind IN ('r', 'S') AND e.extname = 'tj_perm' AND c.oid <> ALL (e.extconfig);

-- two workspaces to work with
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('tab'), ('other');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('tab', 'alice@tab.com'), ('tab', 'bob'), ('other', 'olga');
INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (900001, 'tab', 'Engineering'), (900002, 'tab', 'Support'), (900003, 'other', 'Engineering');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, 'tab', 'alice@tab.com');

-- what CHECK, NOT NULL and unique keys refuse, first as usual, then on a replica
CREATE TABLE regress_tables.refused (n serial, statement text);
INSERT INTO regress_tables.refused (statement) VALUES
	-- workspaces
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES (NULL)'),
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('''')'),
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES (repeat(''x'', 256))'),
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES (repeat(chr(228), 128))'),
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES (''tab'')'),
	('INSERT INTO tj_perm.workspaces (workspace_id, status) VALUES (''w'', ''invited'')'),
	('INSERT INTO tj_perm.workspaces (workspace_id, status) VALUES (''w'', ''Active'')'),
	('INSERT INTO tj_perm.workspaces (workspace_id, status) VALUES (''w'', NULL)'),
	('INSERT INTO tj_perm.workspaces (workspace_id, created_at) VALUES (''w'', NULL)'),
	('UPDATE tj_perm.workspaces SET status = '''' WHERE workspace_id = ''tab'''),
	-- members: one spelling of a user id (A10)
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', NULL)'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', '''')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', '' carol'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', ''carol '')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', E''carol\t'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', E''\ncarol'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', ''Carol@tab.com'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', ''carol@TAB.com'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', repeat(''x'', 256))'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', repeat(chr(228), 128))'),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', ''bob'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES (''tab'', ''carol'', ''gone'')'),
	('INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES (''tab'', ''carol'', NULL)'),
	('UPDATE tj_perm.members SET user_id = ''Bob@tab.com'' WHERE user_id = ''bob'''),
	('UPDATE tj_perm.members SET user_id = ''bob'' WHERE user_id = ''alice@tab.com'''),
	-- groups: names (A12)
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', NULL)'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', '''')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', E'' \t\n\r\x0b\f '')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''all users'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''All Users'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', E'' ALL \t\n users '')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''aLL_uSERS'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', E''\tall_users\r'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''admins'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', E'' aDmInS\f'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''ADMIN'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', E''admin\x0b'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', repeat(''x'', 256))'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', '' ENGINEERING '')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', ''Sales  Team''), (''tab'', E''sales\tTEAM'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''Sales'', ''special'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''Sales'', NULL)'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''Sales'', ''admins'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''All Users'', ''admins'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''admins'', ''admins'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''Admins'', ''custom'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''All Users'', ''custom'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''all users'', ''all_users'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''Admins'', ''admins'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES (''tab'', ''All Users'', ''all_users'')'),
	('INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (0, ''tab'', ''Sales'')'),
	('INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (-1, ''tab'', ''Sales'')'),
	('INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (NULL, ''tab'', ''Sales'')'),
	('INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (900001, ''other'', ''Sales'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name, name_key) VALUES (''tab'', ''Sales'', ''other'')'),
	('UPDATE tj_perm.groups SET name = ''Boss'' WHERE workspace_id = ''tab'' AND kind = ''admins'''),
	('UPDATE tj_perm.groups SET name = '' all users'' WHERE group_id = 900001'),
	('UPDATE tj_perm.groups SET name = ''support'' WHERE group_id = 900001'),
	('UPDATE tj_perm.groups SET name_key = ''x'' WHERE group_id = 900001'),
	-- group_members, group_nesting
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, ''tab'', ''alice@tab.com'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, NULL, ''alice@tab.com'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, ''tab'', NULL)'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (NULL, ''tab'', ''alice@tab.com'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 900001, ''tab'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 900002, NULL)'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 900002, ''tab''), (900001, 900002, ''tab'')'),
	-- grants: grantee, target, validity
	('INSERT INTO tj_perm.grants (workspace_id, resource, level) VALUES (''tab'', ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, user_id, resource, level) VALUES (''tab'', 900001, ''bob'', ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', NULL, ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''tab/app:1'', NULL)'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (NULL, ''bob'', ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''other/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''other'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''Tab'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''tab'', 900001, ''other/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''tab/folder:1/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''tab/app:1'', ''owner'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer'', ''2030-01-01Z'', ''2030-01-01Z'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer'', ''2030-01-02Z'', ''2030-01-01Z'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer'', ''infinity'', ''infinity'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer''), (''tab'', ''bob'', ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''tab'', 900001, ''tab/app:*'', ''viewer''), (''tab'', 900001, ''tab/app:*'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''tab'', 900001, ''tab'', ''admin''), (''tab'', 900001, tj_workspace(''tab''), ''admin'')'),
	-- invitations
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''bob'', ''short'', ''infinity'')'),
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''bob'', NULL, ''infinity'')'),
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''bob'', sha256(''1''), NULL)'),
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''bob'', sha256(''1''), ''infinity''), (''tab'', ''bob'', sha256(''2''), ''infinity'')'),
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''bob'', sha256(''1''), ''infinity''), (''tab'', ''alice@tab.com'', sha256(''1''), ''infinity'')'),
	-- history
	('INSERT INTO tj_perm.history (role, table_name, operation) VALUES (''r'', ''grants'', ''TRUNCATE'')'),
	('INSERT INTO tj_perm.history (role, table_name, operation) VALUES (NULL, ''grants'', ''INSERT'')');
\a\t
SELECT regress_tables.tried(statement, keep => false) AS answer, statement FROM regress_tables.refused ORDER BY n;
\a\t
SET session_replication_role = replica;
SELECT n, statement, answer FROM (SELECT n, statement, regress_tables.tried(statement, keep => false) AS answer FROM regress_tables.refused ORDER BY n) AS t
WHERE answer !~ '^(22P02|23502|23505|23514|428C9) ';
RESET session_replication_role;

-- what foreign keys refuse: things that are not there, and crossings (A8)
CREATE TABLE regress_tables.crossing (n serial, statement text);
INSERT INTO regress_tables.crossing (statement) VALUES
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''nowhere'', ''bob'')'),
	('INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''nowhere'', ''Sales'')'),
	-- a group of the other workspace, a member of the other workspace, both
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900003, ''tab'', ''bob'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, ''tab'', ''olga'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900003, ''other'', ''bob'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900001, ''other'', ''olga'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (1234567, ''tab'', ''bob'')'),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (900002, ''tab'', ''nobody'')'),
	('UPDATE tj_perm.group_members SET group_id = 900003 WHERE group_id = 900001'),
	('UPDATE tj_perm.group_members SET user_id = ''olga'' WHERE group_id = 900001'),
	('UPDATE tj_perm.group_members SET workspace_id = ''other'' WHERE group_id = 900001'),
	-- nesting across, either way round
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 900003, ''tab'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 900003, ''other'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900003, 900001, ''tab'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900003, 900001, ''other'')'),
	('INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900001, 1234567, ''tab'')'),
	-- a grant to whom the workspace does not have
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''tab'', 900003, ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''other'', 900001, ''other/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''olga'', ''tab/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''other'', ''bob'', ''other/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''nowhere'', ''bob'', ''nowhere/app:1'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''ALICE@tab.com'', ''tab/app:1'', ''viewer'')'),
	-- an invitation of whom the workspace does not have
	('INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES (''tab'', ''olga'', sha256(''1''), ''infinity'')'),
	-- nothing is deferred to the end
	('SET CONSTRAINTS ALL DEFERRED; INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''nowhere'', ''bob'')');
\a\t
SELECT regress_tables.tried(statement, keep => false) AS answer, statement FROM regress_tables.crossing ORDER BY n;
\a\t

-- what is let in: limits, spellings, validity
\a\t
SELECT regress_tables.tried(statement, keep => false) AS answer, statement FROM (VALUES
	(1, 'INSERT INTO tj_perm.workspaces (workspace_id) VALUES (repeat(''x'', 255)), (repeat(chr(228), 127)), ('' ''), (''a/b:c*"d'')'),
	(2, 'INSERT INTO tj_perm.workspaces (workspace_id) VALUES (''Tab''), (''TAB'')'),
	(3, 'INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', repeat(''x'', 255)), (''tab'', ''Bob''), (''tab'', ''42''), (''tab'', ''two  words''), (''tab'', ''@'')'),
	(4, 'INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''other'', ''alice@tab.com'')'),
	(5, 'INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''tab'', E''\u00c4@tab.com'')'),
	(6, 'INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''tab'', repeat(''x'', 255)), (''tab'', ''Admins of Sales''), (''tab'', ''administrators''), (''tab'', ''allusers''), (''tab'', ''Eng ineering'')'),
	(7, 'INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''tab'', ''bob'', ''tab'', ''viewer''), (''tab'', ''bob'', ''tab'', ''editor''), (''tab'', ''bob'', ''tab'', ''admin''), (''tab'', ''bob'', ''tab/app:*'', ''admin''), (''tab'', ''bob'', ''tab/app:"*"'', ''admin'')'),
	(8, 'INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''tab'', 900001, ''tab/app:1'', ''viewer''), (''tab'', 900002, ''tab/app:1'', ''viewer'')'),
	(9, 'INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT workspace_id, group_id, tj_workspace(''tab''), ''viewer'' FROM tj_perm.groups WHERE workspace_id = ''tab'' AND kind <> ''custom'''),
	(10, 'INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer'', NULL, ''2000-01-01Z''), (''tab'', ''bob'', ''tab/app:2'', ''viewer'', ''2100-01-01Z'', NULL), (''tab'', ''bob'', ''tab/app:3'', ''viewer'', ''2100-01-01Z'', ''2100-01-01 00:00:00.000001Z''), (''tab'', ''bob'', ''tab/app:4'', ''viewer'', ''-infinity'', ''infinity'')'),
	(11, 'INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, note) VALUES (''tab'', ''bob'', ''tab/app:1'', ''viewer'', repeat(''long '', 100000))')
) AS t (n, statement) ORDER BY n;
\a\t
-- the longest key, type, id and user id together fit into every index
BEGIN;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES (repeat('k', 255));
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT repeat('k', 255), string_agg(md5(n::text), '') FROM (SELECT generate_series(1, 7) AS n) AS t;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
SELECT workspace_id, user_id, tj_resource(workspace_id, repeat('t', 63), (SELECT string_agg(md5(n::text), '') FROM generate_series(11, 17) AS n) || repeat('i', 31)), 'viewer'
FROM tj_perm.members WHERE workspace_id = repeat('k', 255);
SELECT octet_length(workspace_id), octet_length(user_id), length(resource::text) FROM tj_perm.grants WHERE workspace_id = repeat('k', 255);
SELECT tj_can(user_id, resource, 'viewer'), tj_can(user_id, tj_workspace(workspace_id), 'viewer') FROM tj_perm.grants WHERE workspace_id = repeat('k', 255);
ROLLBACK;

-- identity columns: given and generated
BEGIN;
INSERT INTO tj_perm.groups (workspace_id, name) VALUES ('tab', 'Generated');
SELECT group_id = currval('tj_perm.groups_group_id_seq') AS generated FROM tj_perm.groups WHERE workspace_id = 'tab' AND name = 'Generated';
INSERT INTO tj_perm.grants (grant_id, workspace_id, group_id, resource, level) VALUES (900001, 'tab', 900001, 'tab/app:1', 'viewer');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('tab', 900001, 'tab/app:2', 'viewer');
SELECT resource, grant_id = 900001 AS given, grant_id = currval('tj_perm.grants_grant_id_seq') AS generated FROM tj_perm.grants WHERE group_id = 900001 ORDER BY resource;
-- who granted: the end user by default
SET LOCAL tj_perm.user_id = 'Alice@Tab.com';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('tab', 900001, 'tab/app:3', 'viewer');
SELECT resource, granted_by, granted_at = now() AS granted_now FROM tj_perm.grants WHERE group_id = 900001 ORDER BY resource;
ROLLBACK;

-- a new user id is carried everywhere; a member's removal takes all along
BEGIN;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('tab', 'alice@tab.com', 'tab/app:1', 'viewer');
INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES ('tab', 'alice@tab.com', sha256('1'), 'infinity');
UPDATE tj_perm.members SET user_id = 'alice@new.com' WHERE workspace_id = 'tab' AND user_id = 'alice@tab.com';
CREATE VIEW regress_tables.of_alice AS
	SELECT 'group_members' AS "table", user_id FROM tj_perm.group_members WHERE user_id LIKE 'alice%'
	UNION ALL SELECT 'grants', user_id FROM tj_perm.grants WHERE user_id LIKE 'alice%'
	UNION ALL SELECT 'invitations', user_id FROM tj_perm.invitations WHERE user_id LIKE 'alice%'
	UNION ALL SELECT 'members', user_id FROM tj_perm.members WHERE user_id LIKE 'alice%';
SELECT * FROM regress_tables.of_alice ORDER BY 1, 2;
SELECT tj_can('alice@new.com', 'tab/app:1', 'viewer') AS new, tj_can('alice@tab.com', 'tab/app:1', 'viewer') AS old;
DELETE FROM tj_perm.members WHERE user_id = 'alice@new.com';
SELECT * FROM regress_tables.of_alice ORDER BY 1, 2;
ROLLBACK;
-- a group's removal takes memberships, nestings and grants along
BEGIN;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (900002, 900001, 'tab');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('tab', 900001, 'tab/app:1', 'viewer'), ('tab', 900002, 'tab/app:2', 'viewer');
DELETE FROM tj_perm.groups WHERE group_id = 900001;
SELECT (SELECT count(*) FROM tj_perm.group_members WHERE group_id = 900001) AS memberships,
	(SELECT count(*) FROM tj_perm.group_nesting WHERE inner_group_id = 900001) AS nestings,
	(SELECT count(*) FROM tj_perm.grants WHERE group_id = 900001) AS grants,
	(SELECT count(*) FROM tj_perm.grants WHERE group_id = 900002) AS grants_of_the_other;
ROLLBACK;

-- TRUNCATE is refused, in every form, on a replica too
SET client_min_messages = warning;
TRUNCATE tj_perm.grants;
TRUNCATE tj_perm.workspaces CASCADE;
CREATE TABLE regress_tables.truncated (n int REFERENCES regress_tables.truncated, PRIMARY KEY (n));
SELECT relname, regress_tables.tried(format('TRUNCATE tj_perm.%I', relname), keep => false) AS alone,
	regress_tables.tried(format('TRUNCATE tj_perm.%I CASCADE', relname), keep => false) AS "cascade"
FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C";
SELECT regress_tables.tried('TRUNCATE regress_tables.truncated, tj_perm.history', keep => false);
SET session_replication_role = replica;
SELECT relname, regress_tables.tried(format('TRUNCATE tj_perm.%I CASCADE', relname), keep => false) AS on_a_replica
FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C";
RESET session_replication_role;

-- dropping a workspace leaves nothing of it but its history
DELETE FROM tj_perm.workspaces WHERE workspace_id IN ('tab', 'other');
SELECT (SELECT count(*) FROM tj_perm.members WHERE workspace_id IN ('tab', 'other')) AS members,
	(SELECT count(*) FROM tj_perm.groups WHERE workspace_id IN ('tab', 'other')) AS groups,
	(SELECT count(*) FROM tj_perm.group_members WHERE workspace_id IN ('tab', 'other')) AS memberships,
	(SELECT count(*) FROM tj_perm.grants WHERE workspace_id IN ('tab', 'other')) AS grants;
SET client_min_messages = warning;
DROP SCHEMA regress_tables CASCADE;
