-- The triggers on the tables: the last admin (A7), nesting (A11), default
-- groups, keys that never change, the dirty mark and the stamps. By direct DML.
\set SHOW_CONTEXT never
CREATE SCHEMA regress_triggers;
CREATE FUNCTION regress_triggers.g(name text, workspace text DEFAULT 'trg') RETURNS bigint LANGUAGE sql STABLE
	AS 'SELECT group_id FROM tj_perm.groups WHERE workspace_id = $2 AND name_key = tj_perm.fold_group_name($1)';
-- SQLSTATE and message, or what is left; undone in any case
CREATE FUNCTION regress_triggers.tried(statement text, VARIADIC further text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	s text;
	left_over text;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	FOREACH s IN ARRAY further LOOP
		EXECUTE s;
	END LOOP;
	SELECT string_agg(m.user_id, ' ' ORDER BY m.user_id) INTO left_over
	FROM tj_perm.group_members AS gm JOIN tj_perm.members AS m USING (workspace_id, user_id)
	WHERE gm.group_id = regress_triggers.g('Admins') AND m.status = 'active';
	RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = format('rows: %s; active admins: %s', n, coalesce(left_over, 'none'));
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'RG001' THEN SQLERRM ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
-- which triggers there are, and when they fire (A always, O not on a replica)
SELECT tgrelid::regclass AS "table", string_agg(tgname, ' ' ORDER BY tgname) FILTER (WHERE tgenabled = 'A') AS always, string_agg(tgname, ' ' ORDER BY tgname) FILTER (WHERE tgenabled = 'O') AS origin
FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace) GROUP BY 1 ORDER BY tgrelid::regclass::text COLLATE "C";
SELECT evtname, evtevent, evtenabled, evttags FROM pg_event_trigger WHERE evtname LIKE 'tj_perm%' ORDER BY 1;

-- 1. A7: the last active admin. Here: one active, one invited, one archived.
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('trg');
INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (920001, 'trg', 'Engineering'), (920002, 'trg', 'Support'), (920003, 'trg', 'Sales');
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('trg', 'root', 'active'), ('trg', 'invited', 'invited'), ('trg', 'archived', 'archived'), ('trg', 'alice', 'active'), ('trg', 'bob', 'invited');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT regress_triggers.g('Admins'), 'trg', unnest(ARRAY['root', 'invited', 'archived']);
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (920001, 'trg', 'root'), (920001, 'trg', 'alice');
\a\t
SELECT regress_triggers.tried(statement) AS answer, statement FROM (VALUES
	-- the member goes
	(1, 'DELETE FROM tj_perm.members WHERE user_id = ''root'''),
	(2, 'DELETE FROM tj_perm.members WHERE workspace_id = ''trg'''),
	(3, 'DELETE FROM tj_perm.members WHERE user_id IN (''invited'', ''archived'')'),
	-- the membership goes
	(4, 'DELETE FROM tj_perm.group_members WHERE user_id = ''root'''),
	(5, 'DELETE FROM tj_perm.group_members WHERE workspace_id = ''trg'''),
	(6, 'DELETE FROM tj_perm.group_members WHERE user_id = ''root'' AND group_id = 920001'),
	(7, 'UPDATE tj_perm.group_members SET group_id = 920002 WHERE user_id = ''root'' AND group_id <> 920001'),
	(8, 'UPDATE tj_perm.group_members SET user_id = ''bob'' WHERE user_id = ''root'' AND group_id <> 920001'),
	(9, 'UPDATE tj_perm.group_members SET user_id = ''alice'' WHERE user_id = ''root'' AND group_id <> 920001'),
	(9.5, 'INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''root'') ON CONFLICT (workspace_id, user_id, group_id) DO UPDATE SET user_id = ''bob'''),
	-- the status goes
	(10, 'UPDATE tj_perm.members SET status = ''archived'' WHERE user_id = ''root'''),
	(11, 'UPDATE tj_perm.members SET status = ''invited'' WHERE user_id = ''root'''),
	(12, 'UPDATE tj_perm.members SET status = ''archived'' WHERE workspace_id = ''trg'''),
	(13, 'UPDATE tj_perm.members SET status = ''archived'' WHERE workspace_id = ''trg'' AND user_id <> ''root'''),
	(14, 'UPDATE tj_perm.members SET status = CASE user_id WHEN ''root'' THEN ''archived'' ELSE ''active'' END WHERE user_id IN (''root'', ''invited'')'),
	(15, 'INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''trg'', ''root'') ON CONFLICT (workspace_id, user_id) DO UPDATE SET status = ''archived'''),
	-- another id is no loss; another id and another status is one
	(16, 'UPDATE tj_perm.members SET user_id = ''root2'' WHERE user_id = ''root'''),
	(17, 'UPDATE tj_perm.members SET user_id = user_id || ''2'' WHERE workspace_id = ''trg'''),
	(18, 'UPDATE tj_perm.members SET user_id = ''root2'', status = ''invited'' WHERE user_id = ''root'''),
	-- several changes in one statement
	(19, 'WITH a AS (UPDATE tj_perm.members SET status = ''archived'' WHERE user_id = ''root'') DELETE FROM tj_perm.group_members WHERE user_id = ''root'''),
	(20, 'WITH a AS (DELETE FROM tj_perm.group_members WHERE user_id = ''root'') UPDATE tj_perm.members SET status = ''archived'' WHERE user_id = ''root'''),
	(21, 'WITH a AS (DELETE FROM tj_perm.group_members WHERE user_id = ''root'') DELETE FROM tj_perm.members WHERE user_id = ''root'''),
	(22, 'WITH a AS (DELETE FROM tj_perm.members WHERE user_id = ''root'') INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''bob'')'),
	(23, 'WITH a AS (DELETE FROM tj_perm.members WHERE user_id = ''root'') INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''alice'')'),
	(24, 'WITH a AS (UPDATE tj_perm.members SET status = ''active'' WHERE user_id = ''invited'') DELETE FROM tj_perm.group_members WHERE user_id = ''root'''),
	(25, 'MERGE INTO tj_perm.members AS m USING (VALUES (''root'')) AS s (u) ON m.workspace_id = ''trg'' AND m.user_id = s.u WHEN MATCHED THEN UPDATE SET status = ''archived'''),
	(26, 'MERGE INTO tj_perm.members AS m USING (VALUES (''root'')) AS s (u) ON m.workspace_id = ''trg'' AND m.user_id = s.u WHEN MATCHED THEN DELETE'),
	(27, 'MERGE INTO tj_perm.group_members AS m USING (VALUES (''root''), (''alice'')) AS s (u) ON m.user_id = s.u AND m.group_id = regress_triggers.g(''Admins'') WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', s.u)'),
	-- the group goes
	(28, 'DELETE FROM tj_perm.groups WHERE workspace_id = ''trg'' AND kind = ''admins'''),
	(29, 'DELETE FROM tj_perm.groups WHERE workspace_id = ''trg'''),
	(30, 'UPDATE tj_perm.groups SET kind = ''custom'', name = ''Boss'' WHERE workspace_id = ''trg'' AND kind = ''admins'''),
	(31, 'WITH d AS (DELETE FROM tj_perm.groups WHERE workspace_id = ''trg'' AND kind = ''admins'' RETURNING *) INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) SELECT group_id, workspace_id, name, kind FROM d'),
	(35, 'UPDATE tj_perm.groups SET group_id = 930001 WHERE workspace_id = ''trg'' AND kind = ''admins'''),
	(36, 'WITH m AS (DELETE FROM tj_perm.group_members WHERE user_id IN (''root'', ''invited'', ''archived'') RETURNING 1) UPDATE tj_perm.groups SET group_id = 930001 WHERE workspace_id = ''trg'' AND kind = ''admins'''),
	(37, 'WITH g AS (UPDATE tj_perm.groups SET group_id = 930001 WHERE workspace_id = ''trg'' AND kind = ''admins'' RETURNING 1) DELETE FROM tj_perm.group_members WHERE workspace_id = ''trg'''),
	-- the only way out
	(42, 'DELETE FROM tj_perm.workspaces WHERE workspace_id = ''trg'''),
	(43, 'WITH m AS (DELETE FROM tj_perm.members WHERE workspace_id = ''trg'') DELETE FROM tj_perm.workspaces WHERE workspace_id = ''trg'''),
	(44, 'WITH d AS (DELETE FROM tj_perm.workspaces WHERE workspace_id = ''trg'' RETURNING workspace_id) INSERT INTO tj_perm.workspaces (workspace_id) SELECT workspace_id FROM d')
) AS t (n, statement) ORDER BY n;
-- in several statements of one transaction; in an archived workspace
SELECT regress_triggers.tried('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''alice'')',
	'DELETE FROM tj_perm.members WHERE user_id = ''root''');
SELECT regress_triggers.tried('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''alice'')',
	'DELETE FROM tj_perm.members WHERE user_id = ''root''', 'DELETE FROM tj_perm.members WHERE user_id = ''alice''');
SELECT regress_triggers.tried('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g(''Admins''), ''trg'', ''alice'')',
	'UPDATE tj_perm.members SET status = ''archived'' WHERE user_id = ''root''', 'DELETE FROM tj_perm.group_members WHERE user_id = ''root''', 'UPDATE tj_perm.members SET status = ''invited'' WHERE user_id = ''alice''');
SELECT regress_triggers.tried('UPDATE tj_perm.workspaces SET status = ''archived'' WHERE workspace_id = ''trg''', 'DELETE FROM tj_perm.members WHERE user_id = ''root''');
\a\t
-- who writes does not matter: a role with rights on the rows only
CREATE ROLE regress_triggers_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON tj_perm.workspaces, tj_perm.members, tj_perm.groups, tj_perm.group_members, tj_perm.group_nesting, tj_perm.grants TO regress_triggers_writer;
SET ROLE regress_triggers_writer;
DELETE FROM tj_perm.members WHERE user_id = 'root';
DELETE FROM tj_perm.group_members WHERE user_id = 'root';
UPDATE tj_perm.members SET status = 'archived' WHERE user_id = 'root';
BEGIN;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('trg_w');
SELECT name, kind FROM tj_perm.groups WHERE workspace_id = 'trg_w' ORDER BY 1;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('trg_w', 'w');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('trg_w', 'w', 'trg_w', 'viewer');
SELECT tj_can('w', 'trg_w', 'viewer');
ROLLBACK;
RESET ROLE;
-- several workspaces at once: the one that would be left without is named
BEGIN;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('trg2'), ('trg3');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('trg2', 'root'), ('trg2', 'second'), ('trg3', 'root');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g('Admins', 'trg2'), 'trg2', 'root'), (regress_triggers.g('Admins', 'trg2'), 'trg2', 'second'), (regress_triggers.g('Admins', 'trg3'), 'trg3', 'root');
SAVEPOINT s;
DELETE FROM tj_perm.members WHERE user_id = 'root' AND workspace_id = 'trg2';
DELETE FROM tj_perm.members WHERE user_id = 'root' AND workspace_id <> 'trg';
ROLLBACK TO s;
DELETE FROM tj_perm.workspaces WHERE workspace_id IN ('trg2', 'trg3');
COMMIT;
-- a workspace that came without an admin can be filled; from then on it keeps one
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('bulk');
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('bulk', 'a', 'active'), ('bulk', 'b', 'active'), ('bulk', 'c', 'invited');
UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'bulk' AND user_id = 'a';
DELETE FROM tj_perm.members WHERE workspace_id = 'bulk' AND user_id = 'a';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g('Admins', 'bulk'), 'bulk', 'c');
DELETE FROM tj_perm.group_members WHERE workspace_id = 'bulk';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g('Admins', 'bulk'), 'bulk', 'c');
UPDATE tj_perm.members SET status = 'active' WHERE workspace_id = 'bulk' AND user_id = 'c';
UPDATE tj_perm.members SET status = 'invited' WHERE workspace_id = 'bulk' AND user_id = 'c';
DELETE FROM tj_perm.members WHERE workspace_id = 'bulk';
SELECT user_id, status FROM tj_perm.members WHERE workspace_id = 'bulk' ORDER BY 1;
DELETE FROM tj_perm.workspaces WHERE workspace_id = 'bulk';
-- a replica takes rows as they come
SET session_replication_role = replica;
SELECT regress_triggers.tried('DELETE FROM tj_perm.group_members WHERE user_id = ''root''');
RESET session_replication_role;

-- 2. Default groups come with a workspace, however it comes.
INSERT INTO tj_perm.workspaces (workspace_id) SELECT 'def' || n FROM generate_series(1, 3) AS n;
COPY tj_perm.workspaces (workspace_id, name) FROM stdin;
def4	copied
def5	copied
\.
MERGE INTO tj_perm.workspaces AS w USING (VALUES ('def6')) AS s (k) ON w.workspace_id = s.k WHEN NOT MATCHED THEN INSERT (workspace_id) VALUES (s.k);
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('def6'), ('def7') ON CONFLICT DO NOTHING;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('def7'), ('def8') ON CONFLICT (workspace_id) DO UPDATE SET name = 'again';
WITH w AS (INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('def9'))
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) VALUES (920101, 'def9', 'Admins', 'admins'), (920102, 'def9', 'Engineering', 'custom');
SELECT workspace_id, string_agg(name || ' (' || kind || ')', ', ' ORDER BY name) AS groups, count(*) FILTER (WHERE group_id >= 2 ^ 52 AND group_id < 2 ^ 53) AS automatic
FROM tj_perm.groups WHERE workspace_id LIKE 'def_' GROUP BY 1 ORDER BY 1;
-- one that arrives takes the place of the automatic one, while nothing refers to that
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) VALUES (920201, 'def1', 'All Users', 'all_users'), (920202, 'def1', 'Admins', 'admins');
COPY tj_perm.groups (group_id, workspace_id, name, kind, created_at) FROM stdin;
920203	def2	Admins	admins	2001-02-03 04:05:06+00
\.
SELECT workspace_id, group_id, name, kind, created_at < '2002-01-01Z' AS as_it_was FROM tj_perm.groups WHERE group_id BETWEEN 920201 AND 920209 ORDER BY 1, 2;
SELECT workspace_id, count(*) FROM tj_perm.groups WHERE workspace_id IN ('def1', 'def2') GROUP BY 1 ORDER BY 1;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('def3', 'x'), ('def1', 'x');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_triggers.g('Admins', 'def3'), 'def3', 'x'), (920202, 'def1', 'x');
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) VALUES (920301, 'def3', 'Admins', 'admins');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('def3', regress_triggers.g('All Users', 'def3'), 'def3', 'viewer');
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) VALUES (920302, 'def3', 'All Users', 'all_users');
SELECT tj_can('x', 'def3', 'admin') AS admin_of_automatic, tj_can('x', 'def1', 'admin') AS admin_of_arrived;
-- no second one, by the identity column either
INSERT INTO tj_perm.groups (workspace_id, name, kind) VALUES ('def4', 'Admins', 'admins');
-- they stay, as they are
DELETE FROM tj_perm.groups WHERE workspace_id = 'def4' AND kind = 'all_users';
DELETE FROM tj_perm.groups WHERE workspace_id = 'def4';
UPDATE tj_perm.groups SET kind = 'custom', name = 'x' WHERE workspace_id = 'def4' AND kind = 'all_users';
UPDATE tj_perm.groups SET kind = 'admins', name = 'Admins' WHERE group_id = 920102;
UPDATE tj_perm.groups SET workspace_id = 'def5' WHERE workspace_id = 'def4' AND kind = 'admins';
UPDATE tj_perm.groups SET workspace_id = 'def5' WHERE group_id = 920102;
UPDATE tj_perm.workspaces SET workspace_id = 'def44' WHERE workspace_id = 'def4';
UPDATE tj_perm.members SET workspace_id = 'def4' WHERE workspace_id = 'def3' AND user_id = 'x';
-- All Users is not listed
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (920201, 'def1', 'x');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('def1', 'y');
UPDATE tj_perm.group_members SET group_id = 920201 WHERE group_id = 920202;
COPY tj_perm.group_members (group_id, workspace_id, user_id) FROM stdin;
920201	def1	y
\.
DELETE FROM tj_perm.workspaces WHERE workspace_id LIKE 'def_';
SELECT count(*) FROM tj_perm.groups WHERE workspace_id LIKE 'def_';

-- 3. A11: nesting without cycles, of bounded depth, of custom groups.
INSERT INTO tj_perm.groups (group_id, workspace_id, name) SELECT 921000 + n, 'trg', 'g' || n FROM generate_series(1, 40) AS n;
CREATE FUNCTION regress_triggers.nest(VARIADIC path int[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	-- outermost first, all in one statement
	INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id)
	SELECT 'trg', 921000 + path[i], 921000 + path[i + 1] FROM generate_series(1, cardinality(path) - 1) AS i;
	RETURN 'nested';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, CASE WHEN SQLSTATE !~ '^23' THEN detail END);
END
$$;
SELECT regress_triggers.nest(1, 2), regress_triggers.nest(2, 3), regress_triggers.nest(1, 3), regress_triggers.nest(4, 3);
SELECT regress_triggers.nest(1, 1) AS self;
SELECT regress_triggers.nest(2, 1) AS two;
SELECT regress_triggers.nest(3, 1) AS three;
SELECT regress_triggers.nest(1, 2) AS again;
SELECT regress_triggers.nest(5, 6, 7, 5) AS at_once;
SELECT regress_triggers.nest(5, 6, 5) AS two_at_once;
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', 921005, 921006);
UPDATE tj_perm.group_nesting SET group_id = 921006, inner_group_id = 921005 WHERE group_id = 921005;
UPDATE tj_perm.group_nesting SET group_id = 921003 WHERE group_id = 921001 AND inner_group_id = 921002;
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', 921003, 921001);
WITH d AS (DELETE FROM tj_perm.group_nesting WHERE group_id IN (921001, 921002) AND workspace_id = 'trg' RETURNING *)
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) SELECT 'trg', inner_group_id, group_id FROM d;
SELECT group_id - 921000 AS outer_group, inner_group_id - 921000 AS inner_group FROM tj_perm.group_nesting WHERE workspace_id = 'trg' ORDER BY 1, 2;
DELETE FROM tj_perm.group_nesting WHERE workspace_id = 'trg';
-- 16 deep, not 17: at once, one after the other from either end, by joining two chains
CREATE FUNCTION regress_triggers.chain(first int, last int) RETURNS int[] LANGUAGE sql IMMUTABLE AS 'SELECT array_agg(n ORDER BY n) FROM generate_series(first, last) AS n';
SELECT regress_triggers.nest(VARIADIC regress_triggers.chain(1, 18)) AS seventeen_at_once;
SELECT regress_triggers.nest(VARIADIC regress_triggers.chain(1, 17)) AS sixteen_at_once;
SELECT regress_triggers.nest(17, 18) AS below, regress_triggers.nest(18, 1) AS above;
SELECT regress_triggers.nest(16, 18) AS beside, regress_triggers.nest(18, 2) AS beside_the_top;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('trg', 'deep');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (921017, 'trg', 'deep');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('trg', 921001, 'trg/app:1', 'viewer');
SELECT tj_can('deep', 'trg/app:1', 'viewer') AS sixteen_deep;
DELETE FROM tj_perm.group_nesting WHERE workspace_id = 'trg';
SELECT regress_triggers.nest(VARIADIC regress_triggers.chain(1, 9)), regress_triggers.nest(VARIADIC regress_triggers.chain(21, 29));
SELECT regress_triggers.nest(9, 21) AS eight_one_eight;
DELETE FROM tj_perm.group_nesting WHERE inner_group_id = 921029;
SELECT regress_triggers.nest(9, 21) AS eight_one_seven;
DELETE FROM tj_perm.group_nesting WHERE workspace_id = 'trg';
-- default groups neither hold groups nor lie in one
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', regress_triggers.g('Admins'), 920001);
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', 920001, regress_triggers.g('All Users'));
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', 920001, 920002);
UPDATE tj_perm.group_nesting SET group_id = regress_triggers.g('All Users') WHERE group_id = 920001;
UPDATE tj_perm.group_nesting SET inner_group_id = regress_triggers.g('Admins') WHERE group_id = 920001;
DELETE FROM tj_perm.group_nesting WHERE workspace_id = 'trg';
DELETE FROM tj_perm.groups WHERE group_id > 921000 AND workspace_id = 'trg' AND kind = 'custom';

-- 4. The dirty mark: from the first changed row to the end of the top transaction.
SELECT tj_perm._transaction_is_dirty() AS before;
BEGIN;
SELECT tj_perm._transaction_is_dirty() AS begun;
UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'no such';
SELECT tj_perm._transaction_is_dirty() AS no_row_changed;
SAVEPOINT s;
UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'bob';
SELECT tj_perm._transaction_is_dirty() AS changed;
ROLLBACK TO s;
SELECT tj_perm._transaction_is_dirty() AS rolled_back_to;
COMMIT;
SELECT tj_perm._transaction_is_dirty() AS committed;
BEGIN;
DELETE FROM tj_perm.members WHERE user_id = 'bob';
ROLLBACK;
SELECT tj_perm._transaction_is_dirty() AS rolled_back;
-- every table that answers depend on, whatever happens to the row, on a replica too
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('trg', 920001, 'trg/app:1', 'viewer');
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('trg', 920001, 920002);
\set ECHO none
SELECT format($$BEGIN; SET LOCAL session_replication_role = %s; %s; SELECT %L AS statement, %L AS role, tj_perm._transaction_is_dirty() AS dirty; ROLLBACK;$$, role, statement, statement, role)
FROM (VALUES
	(1, 'INSERT INTO tj_perm.workspaces (workspace_id) VALUES (''w'')'), (2, 'UPDATE tj_perm.workspaces SET status = ''archived'' WHERE workspace_id = ''trg'''), (3, 'DELETE FROM tj_perm.workspaces WHERE workspace_id = ''trg'''),
	(4, 'INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''trg'', ''carol'')'), (5, 'UPDATE tj_perm.members SET status = ''active'' WHERE user_id = ''bob'''), (6, 'DELETE FROM tj_perm.members WHERE user_id = ''bob'''),
	(7, 'INSERT INTO tj_perm.groups (workspace_id, name) VALUES (''trg'', ''x'')'), (8, 'UPDATE tj_perm.groups SET name = ''x'' WHERE group_id = 920001'), (9, 'DELETE FROM tj_perm.groups WHERE group_id = 920001'),
	(10, 'INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (920001, ''trg'', ''bob'')'), (11, 'UPDATE tj_perm.group_members SET group_id = 920002 WHERE group_id = 920001'), (12, 'DELETE FROM tj_perm.group_members WHERE group_id = 920001'),
	(13, 'INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES (''trg'', 920001, 920003)'), (14, 'UPDATE tj_perm.group_nesting SET inner_group_id = 920003 WHERE group_id = 920001'), (15, 'DELETE FROM tj_perm.group_nesting WHERE group_id = 920001'),
	(16, 'INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''trg'', 920001, ''trg/app:2'', ''viewer'')'), (17, 'UPDATE tj_perm.grants SET level = ''editor'' WHERE group_id = 920001'), (18, 'DELETE FROM tj_perm.grants WHERE group_id = 920001'),
	(19, 'SELECT count(*) FROM tj_perm.grants WHERE false')
) AS t (n, statement), unnest(ARRAY['origin', 'replica']) AS role ORDER BY n, role
\t\a
\gexec
\t\a
\set ECHO all

-- 5. Stamps: a change renews those of the principals that stand in the row.
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('trg', 'alice', 'trg/app:9', 'viewer');
CREATE FUNCTION regress_triggers.principal(workspace text, group_id bigint, user_id text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN $1 = '' THEN 'epoch'
		WHEN $2 = -1 THEN 'guard of admins'
		WHEN $2 = -2 THEN 'guard of nesting'
		WHEN $3 <> '' THEN 'member ' || $3
		WHEN $2 = 0 THEN 'workspace ' || $1
		ELSE 'group ' || coalesce((SELECT CASE WHEN g.workspace_id = 'trg' THEN g.name ELSE 'of ' || g.workspace_id END FROM tj_perm.groups AS g WHERE g.group_id = $2), '(gone) ' || $2)
	END
$$;
CREATE FUNCTION regress_triggers.renewed(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	DROP TABLE IF EXISTS pg_temp.before;
	CREATE TEMP TABLE before ON COMMIT DROP AS TABLE tj_perm.stamps;
	EXECUTE statement;
	SELECT string_agg(DISTINCT regress_triggers.principal(s.workspace_id, s.group_id, s.user_id) COLLATE "C", ', ')
	INTO answer FROM tj_perm.stamps AS s LEFT JOIN before AS b USING (workspace_id, group_id, user_id) WHERE s.stamp IS DISTINCT FROM b.stamp;
	RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = coalesce(answer, 'none');
EXCEPTION WHEN SQLSTATE 'RG001' THEN
	RETURN SQLERRM;
END
$$;
SET client_min_messages = warning;
CREATE TABLE regress_triggers.changes (n serial, statement text);
INSERT INTO regress_triggers.changes (statement) VALUES
	('INSERT INTO tj_perm.workspaces (workspace_id) VALUES (''w'')'),
	('UPDATE tj_perm.workspaces SET status = ''archived'' WHERE workspace_id = ''trg'''),
	('INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (''trg'', ''carol'')'),
	('UPDATE tj_perm.members SET status = ''active'' WHERE user_id = ''bob'''),
	('UPDATE tj_perm.members SET status = ''archived'' WHERE user_id = ''alice'''),
	('UPDATE tj_perm.members SET user_id = ''bert'' WHERE user_id = ''bob'''),
	('DELETE FROM tj_perm.members WHERE user_id = ''bob'''),
	('INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (920001, ''trg'', ''bob''), (regress_triggers.g(''Admins''), ''trg'', ''alice'')'),
	('UPDATE tj_perm.group_members SET user_id = ''bob'' WHERE group_id = 920001 AND user_id = ''alice'''),
	('DELETE FROM tj_perm.group_members WHERE group_id = 920001 AND user_id = ''alice'''),
	('INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (920009, ''trg'', ''New'')'),
	('DELETE FROM tj_perm.groups WHERE group_id = 920003'),
	('INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES (''trg'', 920001, 920003)'),
	('UPDATE tj_perm.group_nesting SET inner_group_id = 920003 WHERE group_id = 920001'),
	('UPDATE tj_perm.group_nesting SET group_id = 920003 WHERE group_id = 920001'),
	('DELETE FROM tj_perm.group_nesting WHERE group_id = 920001'),
	('INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES (''trg'', ''bob'', ''trg'', ''viewer''), (''trg'', ''alice'', ''trg'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES (''trg'', 920002, ''trg'', ''viewer'')'),
	('INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT ''trg'', regress_triggers.g(name), ''trg'', ''viewer'' FROM unnest(ARRAY[''All Users'', ''Admins'']) AS name'),
	('UPDATE tj_perm.grants SET level = ''editor'' WHERE group_id = 920001'),
	('UPDATE tj_perm.grants SET valid_until = ''2001-01-01Z'' WHERE group_id = 920001'),
	('UPDATE tj_perm.grants SET group_id = NULL, user_id = ''bob'' WHERE group_id = 920001'),
	('UPDATE tj_perm.grants SET group_id = 920003 WHERE group_id = 920001'),
	('DELETE FROM tj_perm.grants WHERE workspace_id = ''trg'' AND group_id = 920001'),
	('SELECT count(*) FROM tj_perm.grants'),
	('UPDATE tj_perm.grants SET level = ''editor'' WHERE false');
\a\t
SELECT statement || E'\n\t' || regress_triggers.renewed(statement) FROM regress_triggers.changes ORDER BY n;
\a\t
-- cascades renew what stands in the rows that they remove
SELECT regress_triggers.renewed('DELETE FROM tj_perm.members WHERE user_id = ''alice''') AS member_in_groups;
SELECT regress_triggers.renewed('DELETE FROM tj_perm.groups WHERE group_id = 920001') AS group_of_root_and_alice;
SELECT regress_triggers.renewed('UPDATE tj_perm.members SET user_id = ''alina'' WHERE user_id = ''alice''') AS new_id;
SELECT regress_triggers.renewed('DELETE FROM tj_perm.workspaces WHERE workspace_id = ''trg''') LIKE '%workspace trg%' AS whole_workspace;
-- on a replica: the same, but for what triggers and cascades of the origin do there
SET session_replication_role = replica;
\a\t
SELECT statement || E'\n\t' || regress_triggers.renewed(statement) FROM regress_triggers.changes ORDER BY n;
\a\t
RESET session_replication_role;

-- once in a transaction; again after ROLLBACK TO; another in every transaction
CREATE FUNCTION regress_triggers.stamp() RETURNS bigint LANGUAGE sql VOLATILE AS $$SELECT stamp FROM tj_perm.stamps WHERE workspace_id = 'trg' AND group_id = 0 AND user_id = 'alice'$$;
SELECT regress_triggers.stamp() AS s0 \gset
BEGIN;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() AS s1, regress_triggers.stamp() <> :s0 AS renewed \gset
SELECT :'renewed' AS renewed;
UPDATE tj_perm.grants SET level = 'admin' WHERE user_id = 'alice';
DELETE FROM tj_perm.group_members WHERE user_id = 'alice';
SELECT regress_triggers.stamp() = :s1 AS once;
SAVEPOINT s;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() = :s1 AS once_in_savepoints_too;
ROLLBACK TO s;
SELECT regress_triggers.stamp() = :s1 AS kept;
ROLLBACK;
SELECT regress_triggers.stamp() = :s0 AS as_before;
BEGIN;
SAVEPOINT s;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() AS s2 \gset
ROLLBACK TO s;
SELECT regress_triggers.stamp() = :s0 AS gone_with_the_savepoint;
UPDATE tj_perm.grants SET level = 'admin' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() NOT IN (:s0, :s1, :s2) AS renewed_anew;
COMMIT;
SELECT regress_triggers.stamp() AS s3 \gset
-- setseed() does not make it repeat
BEGIN;
DO $$BEGIN PERFORM setseed(0.5); END$$;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() AS s4 \gset
ROLLBACK;
BEGIN;
DO $$BEGIN PERFORM setseed(0.5); END$$;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'alice';
SELECT regress_triggers.stamp() NOT IN (:s3, :s4) AS renewed_anew;
ROLLBACK;
-- a member who goes and comes back has another stamp
DELETE FROM tj_perm.members WHERE user_id = 'alice';
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('trg', 'alice');
SELECT regress_triggers.stamp() NOT IN (:s0, :s1, :s2, :s3, :s4) AS another;

-- nobody else writes stamps: what is tried is dropped
CREATE FUNCTION regress_triggers.written(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END
$$;
SELECT regress_triggers.written('INSERT INTO tj_perm.stamps (workspace_id, group_id, user_id, stamp) VALUES (''trg'', 0, ''alice'', 1), (''x'', 0, '''', 1)') AS inserted,
	regress_triggers.written('UPDATE tj_perm.stamps SET stamp = 1') AS updated, regress_triggers.written('DELETE FROM tj_perm.stamps') AS deleted;
COPY tj_perm.stamps FROM stdin;
x	0		1
\.
SET session_replication_role = replica;
SELECT regress_triggers.written('INSERT INTO tj_perm.stamps (workspace_id, group_id, user_id, stamp) VALUES (''x'', 0, '''', 1)') AS inserted,
	regress_triggers.written('UPDATE tj_perm.stamps SET stamp = 1') AS updated, regress_triggers.written('DELETE FROM tj_perm.stamps') AS deleted;
RESET session_replication_role;
SELECT count(*) FILTER (WHERE workspace_id = 'x') AS planted, count(*) FILTER (WHERE stamp = 1) AS changed, count(*) > 0 AS there FROM tj_perm.stamps;
-- the C functions are triggers, nothing else
SELECT tj_perm._mark_dirty();
SELECT tj_perm._renew_stamps();
SELECT tj_perm._keep_stamps();
SELECT tj_perm._refuse_truncate();
CREATE TABLE regress_triggers.other (n int);

-- 6. The epoch is renewed by DDL on our tables, not by other DDL.
CREATE FUNCTION regress_triggers.epoch_renewed(VARIADIC statements text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	before CONSTANT bigint := (SELECT stamp FROM tj_perm.stamps WHERE workspace_id = '');
	statement text;
	answer boolean;
BEGIN
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE statement;
	END LOOP;
	answer := (SELECT stamp FROM tj_perm.stamps WHERE workspace_id = '') <> before;
	RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'RG001' THEN
	RETURN answer;
END
$$;
SELECT regress_triggers.epoch_renewed('ALTER TABLE tj_perm.grants DISABLE TRIGGER ALL') AS disable_all, regress_triggers.epoch_renewed('ALTER TABLE tj_perm.grants ENABLE TRIGGER ALL') AS enable_all,
	regress_triggers.epoch_renewed('ALTER TABLE tj_perm.members DISABLE TRIGGER a_stamp') AS disable_one, regress_triggers.epoch_renewed('ALTER TABLE tj_perm.members ENABLE ALWAYS TRIGGER a_stamp') AS enable_always,
	regress_triggers.epoch_renewed('ALTER TABLE tj_perm.groups ADD COLUMN extra int') AS add_column,
	regress_triggers.epoch_renewed('DROP TRIGGER a_dirty ON tj_perm.grants') AS drop_trigger,
	regress_triggers.epoch_renewed('CREATE TRIGGER t AFTER INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps(''group'', ''workspace_id'', ''group_id'')') AS create_trigger,
	regress_triggers.epoch_renewed('CREATE RULE r AS ON DELETE TO tj_perm.grants DO INSTEAD NOTHING') AS create_rule,
	regress_triggers.epoch_renewed('CREATE TABLE regress_triggers.another (n int)', 'ALTER TABLE regress_triggers.other ADD COLUMN m int', 'CREATE TRIGGER t BEFORE UPDATE ON regress_triggers.other FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
		'CREATE RULE r AS ON DELETE TO regress_triggers.other DO INSTEAD NOTHING', 'DROP TRIGGER t ON regress_triggers.other', 'DROP RULE r ON regress_triggers.other') AS other_table;
SET session_replication_role = replica;
SELECT regress_triggers.epoch_renewed('ALTER TABLE tj_perm.grants ENABLE ALWAYS TRIGGER a_dirty') AS on_a_replica;
RESET session_replication_role;
-- while triggers are off, answers are exact all the same; the transaction is dirty by the DDL
SELECT tj_can('alice', 'trg', 'viewer'), tj_can('alice', 'trg/app:77', 'viewer');
BEGIN;
ALTER TABLE tj_perm.grants DISABLE TRIGGER ALL;
SELECT tj_perm._transaction_is_dirty();
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('trg', 'alice', 'trg/app:77', 'viewer');
SELECT tj_can('alice', 'trg/app:77', 'viewer');
DELETE FROM tj_perm.grants WHERE user_id = 'alice';
SELECT tj_can('alice', 'trg/app:77', 'viewer');
ROLLBACK;
-- an ordinary role's DDL passes by
GRANT CREATE, USAGE ON SCHEMA regress_triggers TO regress_triggers_writer;
SET ROLE regress_triggers_writer;
CREATE TABLE regress_triggers.of_writer (n int);
ALTER TABLE regress_triggers.of_writer ADD COLUMN m int;
RESET ROLE;

-- A7 once more, from inside somebody's trigger: the id of Admins stays there too
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('trg', 'last admin') ON CONFLICT DO NOTHING;
CREATE FUNCTION regress_triggers.empty_admins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	admins CONSTANT bigint := (SELECT group_id FROM tj_perm.groups WHERE workspace_id = 'trg' AND kind = 'admins');
BEGIN
	WITH gone AS (DELETE FROM tj_perm.group_members WHERE group_id = admins RETURNING 1)
	UPDATE tj_perm.groups SET group_id = 777000 WHERE group_id = admins;
	RETURN NULL;
END
$$;
CREATE TABLE regress_triggers.trap (n int);
CREATE TRIGGER t AFTER INSERT ON regress_triggers.trap FOR EACH ROW EXECUTE FUNCTION regress_triggers.empty_admins();
INSERT INTO regress_triggers.trap VALUES (1);
-- and an arriving group cannot take the place of an Admins that is emptied in the same statement
SELECT tj_perm.create_workspace('trg one', 'root');
WITH gone AS (DELETE FROM tj_perm.group_members WHERE workspace_id = 'trg one' RETURNING 1)
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) SELECT 778000, 'trg one', 'Admins', 'admins' FROM gone;
SELECT tj_can('root', tj_workspace('trg one'), 'admin'), tj_perm.drop_workspace('trg one');

DELETE FROM tj_perm.workspaces WHERE workspace_id = 'trg';
DROP SCHEMA regress_triggers CASCADE;
DROP OWNED BY regress_triggers_writer;
DROP ROLE regress_triggers_writer;
