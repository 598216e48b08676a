-- The history: each changed row once, by whom, as it was and as it is.
\set SHOW_CONTEXT never
CREATE ROLE regress_history_writer;
CREATE ROLE regress_history_other;
CREATE ROLE regress_history_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tj_perm.workspaces, tj_perm.members, tj_perm.groups, tj_perm.group_members, tj_perm.group_nesting, tj_perm.grants, tj_perm.invitations TO regress_history_writer, regress_history_other;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_history_writer, regress_history_other;
CREATE SCHEMA regress_history;
GRANT USAGE ON SCHEMA regress_history TO PUBLIC;
-- what was recorded since the last look; a row without what differs from run to run
CREATE TABLE regress_history.seen AS SELECT coalesce(max(history_id), 0) AS last FROM tj_perm.history;
CREATE FUNCTION regress_history.row_text(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(key || '=' || coalesce(value, 'null'), ' ' ORDER BY key COLLATE "C")
	FROM jsonb_each_text(r) WHERE value IS NOT NULL AND key <> ALL (ARRAY['created_at', 'granted_at', 'invited_at', 'grant_id', 'invitation_id', 'workspace_id'])
		AND NOT (key = 'group_id' AND value::bigint >= 2 ^ 52)
$$;
CREATE VIEW regress_history.since AS
SELECT actor, CASE WHEN role LIKE 'regress%' THEN role ELSE '-' END AS role, workspace_id, table_name, operation AS op,
	regress_history.row_text(old_row) AS old_row, regress_history.row_text(new_row) AS new_row, history_id, transaction_id, old_row AS old_json, new_row AS new_json
FROM tj_perm.history WHERE history_id > (SELECT last FROM regress_history.seen);
CREATE FUNCTION regress_history.look() RETURNS TABLE (actor text, role text, workspace text, "table" text, op text, old_row text, new_row text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT s.actor, s.role, s.workspace_id, s.table_name, s.op, s.old_row, s.new_row FROM regress_history.since AS s
		ORDER BY s.table_name COLLATE "C", s.op, coalesce(s.old_row, s.new_row) COLLATE "C";
	UPDATE regress_history.seen SET last = (SELECT coalesce(max(history_id), 0) FROM tj_perm.history);
END
$$;
\pset null -

-- 1. Each operation on each table, as the role with the end user's name.
SET ROLE regress_history_writer;
SET tj_perm.user_id = 'Root@Hist.com';
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('hist');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'root@hist.com'), ('hist', 'alice'), ('hist', 'bob');
INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (930001, 'hist', 'Engineering'), (930002, 'hist', 'Support');
RESET ROLE;
SELECT * FROM regress_history.look();
SET ROLE regress_history_writer;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (930001, 'hist', 'alice');
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (930002, 930001, 'hist');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level, note) VALUES ('hist', 930001, 'hist/app:1', 'editor', 'because');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_until) VALUES ('hist', 'bob', 'hist/app:*', 'viewer', 'infinity');
INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES ('hist', 'bob', sha256('secret'), '2100-01-01Z');
UPDATE tj_perm.workspaces SET name = 'History' WHERE workspace_id = 'hist';
UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'hist' AND user_id = 'alice';
UPDATE tj_perm.groups SET name = 'Help' WHERE group_id = 930002;
UPDATE tj_perm.grants SET level = 'admin', note = NULL WHERE workspace_id = 'hist' AND group_id = 930001;
UPDATE tj_perm.invitations SET token_hash = sha256('another'), expires_at = '2101-01-01Z' WHERE workspace_id = 'hist';
DELETE FROM tj_perm.invitations WHERE workspace_id = 'hist';
DELETE FROM tj_perm.grants WHERE workspace_id = 'hist' AND user_id = 'bob';
DELETE FROM tj_perm.group_nesting WHERE workspace_id = 'hist';
RESET ROLE;
SELECT * FROM regress_history.look();
-- the rows are whole but for what is secret or derived
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE old_row ? 'token_hash' OR new_row ? 'token_hash') AS token_hashes, count(*) FILTER (WHERE old_row ? 'name_key' OR new_row ? 'name_key') AS derived FROM tj_perm.history WHERE workspace_id = 'hist';
SELECT DISTINCT table_name, (SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(new_row) AS k) AS columns FROM tj_perm.history WHERE workspace_id = 'hist' AND new_row IS NOT NULL ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE (operation <> 'INSERT') <> (old_row IS NOT NULL)) AS wrong_old, count(*) FILTER (WHERE (operation <> 'DELETE') <> (new_row IS NOT NULL)) AS wrong_new FROM tj_perm.history WHERE workspace_id = 'hist';

-- 2. Nothing done, nothing recorded.
UPDATE tj_perm.members SET status = status WHERE workspace_id = 'hist';
UPDATE tj_perm.workspaces SET name = 'History' WHERE workspace_id = 'hist';
UPDATE tj_perm.grants SET note = note WHERE workspace_id = 'hist';
DELETE FROM tj_perm.grants WHERE workspace_id = 'hist' AND user_id = 'no such';
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'bob') ON CONFLICT DO NOTHING;
SELECT count(*) FROM regress_history.look();

-- 3. The same transaction: own id, rolled back with the change, at savepoints too.
BEGIN;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'carol');
SELECT transaction_id = pg_current_xact_id() AS own_transaction, new_json ->> 'user_id' AS user_id FROM regress_history.since;
SAVEPOINT s;
DELETE FROM tj_perm.members WHERE workspace_id = 'hist' AND user_id = 'carol';
ROLLBACK TO s;
SELECT op, new_row FROM regress_history.since;
ROLLBACK;
SELECT count(*) FROM regress_history.look();
-- a refused change leaves nothing
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('hist', 'no such', 'hist', 'viewer');
SELECT count(*) FROM regress_history.look();

-- 4. COPY, many rows, upsert, MERGE, changes by CTEs: each row once.
RESET tj_perm.user_id;
COPY tj_perm.members (workspace_id, user_id, status) FROM stdin;
hist	copied1	active
hist	copied2	invited
\.
SELECT * FROM regress_history.look();
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'copied2'), ('hist', 'upserted') ON CONFLICT (workspace_id, user_id) DO UPDATE SET status = EXCLUDED.status;
SELECT * FROM regress_history.look();
MERGE INTO tj_perm.members AS m USING (VALUES ('copied1', 'archived'), ('copied2', ''), ('merged', 'active')) AS s (user_id, status) ON m.workspace_id = 'hist' AND m.user_id = s.user_id
	WHEN MATCHED AND s.status = '' THEN DELETE WHEN MATCHED THEN UPDATE SET status = s.status WHEN NOT MATCHED THEN INSERT (workspace_id, user_id, status) VALUES ('hist', s.user_id, s.status);
SELECT * FROM regress_history.look();
WITH d AS (DELETE FROM tj_perm.members WHERE workspace_id = 'hist' AND user_id = 'merged' RETURNING *), u AS (UPDATE tj_perm.members SET status = 'active' WHERE workspace_id = 'hist' AND user_id = 'copied1' RETURNING *)
INSERT INTO tj_perm.groups (group_id, workspace_id, name) SELECT 930003, workspace_id, 'Group for ' || user_id FROM d;
SELECT * FROM regress_history.look();
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'hist', 'copied1', tj_resource('hist', 'app', n), 'viewer' FROM generate_series(1, 1000) AS n;
UPDATE tj_perm.grants SET level = 'editor' WHERE user_id = 'copied1' AND resource < 'hist/app:500';
DELETE FROM tj_perm.grants WHERE user_id = 'copied1';
SELECT op, count(*), count(DISTINCT coalesce(new_row, old_row)) AS distinct_rows, count(DISTINCT transaction_id) AS transactions FROM regress_history.since GROUP BY op ORDER BY op;
SELECT count(*) FROM regress_history.look();

-- 5. Cascades: recorded as what the role did that began them.
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (930003, 'hist', 'bob'), (930001, 'hist', 'bob');
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (930001, 930003, 'hist');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('hist', 'bob', 'hist/app:1', 'viewer');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('hist', 930003, 'hist/app:2', 'viewer');
INSERT INTO tj_perm.invitations (workspace_id, user_id, token_hash, expires_at) VALUES ('hist', 'bob', sha256('secret'), '2100-01-01Z');
SELECT count(*) FROM regress_history.look();
SET ROLE regress_history_writer;
SET tj_perm.user_id = 'alice';
UPDATE tj_perm.members SET user_id = 'bert' WHERE workspace_id = 'hist' AND user_id = 'bob';
RESET ROLE;
SELECT * FROM regress_history.look();
SET ROLE regress_history_writer;
DELETE FROM tj_perm.groups WHERE group_id = 930003;
RESET ROLE;
SELECT * FROM regress_history.look();
SET ROLE regress_history_writer;
DELETE FROM tj_perm.members WHERE workspace_id = 'hist' AND user_id = 'bert';
RESET ROLE;
SELECT * FROM regress_history.look();

-- 6. Who: the end user at that moment, and the role outside our functions.
CREATE FUNCTION regress_history.add_as_owner(u text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', u)$$;
CREATE FUNCTION regress_history.add_as_caller(u text) RETURNS void LANGUAGE sql AS $$INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', u)$$;
ALTER FUNCTION regress_history.add_as_owner(text) OWNER TO regress_history_other;
SET SESSION AUTHORIZATION regress_history_writer;
RESET tj_perm.user_id;
SELECT regress_history.add_as_owner('w1');
SELECT regress_history.add_as_caller('w2');
BEGIN;
SET LOCAL tj_perm.user_id = 'first@hist.com';
SELECT regress_history.add_as_caller('w3');
SET LOCAL tj_perm.user_id = 'second@hist.com';
SELECT regress_history.add_as_caller('w4');
COMMIT;
RESET SESSION AUTHORIZATION;
SET ROLE regress_history_other;
SELECT regress_history.add_as_caller('w5');
RESET ROLE;
SELECT * FROM regress_history.look();
-- through the API: the caller, not the owner of the function that did it
SELECT tj_perm.create_group('hist', 'By superuser');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, workspace_id, 'root@hist.com' FROM tj_perm.groups WHERE workspace_id = 'hist' AND kind = 'admins';
SET SESSION AUTHORIZATION regress_history_writer;
SET tj_perm.user_id = 'root@hist.com';
SELECT tj_perm.create_group('hist', 'By writer');
SELECT tj_perm.grant_access('hist/app:9', 'viewer', to_group => 'By writer');
SELECT tj_perm.drop_group('hist', 'By writer');
RESET tj_perm.user_id;
RESET SESSION AUTHORIZATION;
SELECT actor, role, "table", op FROM regress_history.look();
-- an invitation's token is nowhere in it
SELECT tj_perm.invite_user('hist', 'newcomer') AS token \gset
SELECT count(*) > 0 AS recorded, count(*) FILTER (WHERE h::text LIKE '%' || :'token' || '%' OR h::text LIKE '%' || encode(sha256(uuid_send(:'token')), 'hex') || '%') AS with_token FROM tj_perm.history AS h WHERE workspace_id = 'hist' AND table_name = 'invitations';
SELECT count(*) > 0 FROM regress_history.look();

-- 7. On a replica, and while a dump is restored, history comes with the data.
SET session_replication_role = replica;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'replicated');
UPDATE tj_perm.members SET status = 'archived' WHERE user_id = 'replicated';
DELETE FROM tj_perm.members WHERE user_id = 'replicated';
RESET session_replication_role;
SELECT count(*) FROM regress_history.look();
SELECT tj_perm.is_restoring();
BEGIN;
SET LOCAL check_function_bodies = false;
SET LOCAL row_security = off;
SELECT tj_perm.is_restoring() AS with_a_search_path;
SELECT pg_catalog.set_config('search_path', '', true);
SELECT tj_perm.is_restoring();
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('hist2');
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind) VALUES (930100, 'hist2', 'All Users', 'all_users'), (930101, 'hist2', 'Admins', 'admins');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist2', 'restored');
UPDATE tj_perm.members SET user_id = 'restored2' WHERE user_id = 'restored';
DELETE FROM tj_perm.members WHERE user_id = 'restored2';
SELECT group_id, name, kind FROM tj_perm.groups WHERE workspace_id = 'hist2' ORDER BY group_id;
SELECT count(*) FROM regress_history.since;
-- the API records all the same
SELECT tj_perm.create_group('hist2', 'Recorded');
SELECT table_name, op FROM regress_history.since;
ROLLBACK;
SELECT tj_perm.is_restoring();
-- one or two of the settings are not enough
SET check_function_bodies = false;
SET row_security = off;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'two settings');
RESET check_function_bodies;
SET search_path = '';
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'other two settings');
RESET search_path;
RESET row_security;
SELECT "table", op, new_row FROM regress_history.look();

-- a role that may write but has not the owner's rights cannot keep out of history so
SET ROLE regress_history_writer;
BEGIN;
SET LOCAL check_function_bodies = false;
SET LOCAL row_security = off;
SET LOCAL search_path = '';
SELECT tj_perm.is_restoring();
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'slipped in');
COMMIT;
RESET ROLE;
SELECT role, operation FROM tj_perm.history WHERE new_row ->> 'user_id' = 'slipped in';

-- 8. Nobody else reads or writes it, and it outlives the workspace.
SET ROLE regress_history_app;
SELECT count(*) FROM tj_perm.history;
INSERT INTO tj_perm.history (role, table_name, operation) VALUES ('x', 'x', 'INSERT');
UPDATE tj_perm.history SET actor = 'somebody else';
DELETE FROM tj_perm.history;
TRUNCATE tj_perm.history;
SELECT nextval('tj_perm.history_history_id_seq');
SELECT setval('tj_perm.history_history_id_seq', 1);
RESET ROLE;
-- those who write the other tables cannot either
SET ROLE regress_history_writer;
SELECT count(*) FROM tj_perm.history;
UPDATE tj_perm.history SET actor = 'somebody else';
RESET ROLE;
-- nor does it help to have been given the privileges
GRANT SELECT, INSERT, UPDATE, DELETE ON tj_perm.history TO regress_history_writer;
SET ROLE regress_history_writer;
UPDATE tj_perm.history SET actor = 'somebody else';
DELETE FROM tj_perm.history;
INSERT INTO tj_perm.history (role, table_name, operation) VALUES ('x', 'x', 'INSERT');
MERGE INTO tj_perm.history h USING (VALUES (1)) AS v (n) ON h.actor = 'x' WHEN NOT MATCHED THEN INSERT (role, table_name, operation) VALUES ('x', 'x', 'INSERT');
-- while what they do elsewhere is recorded
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hist', 'by the writer');
RESET ROLE;
REVOKE ALL ON tj_perm.history FROM regress_history_writer;
SELECT role, operation FROM tj_perm.history WHERE new_row ->> 'user_id' = 'by the writer';
SELECT count(*) AS recorded FROM tj_perm.history WHERE workspace_id = 'hist' \gset
DELETE FROM tj_perm.workspaces WHERE workspace_id = 'hist';
SELECT count(*) > :recorded AS grown, count(*) FILTER (WHERE table_name = 'workspaces' AND operation = 'DELETE') AS dropped FROM tj_perm.history WHERE workspace_id = 'hist';
-- only the owner can prune it
DELETE FROM tj_perm.history WHERE workspace_id = 'hist';

SET client_min_messages = warning;
DROP FUNCTION regress_history.add_as_owner(text);
DROP SCHEMA regress_history CASCADE;
DROP OWNED BY regress_history_writer, regress_history_other;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_history_writer, regress_history_other;
DROP ROLE regress_history_writer, regress_history_other, regress_history_app;
