-- What changed, in words: by the API, direct DML and cascades; who may read it.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE ROLE regress_changes_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_changes_app;
CREATE SCHEMA regress_changes;
GRANT USAGE ON SCHEMA regress_changes TO PUBLIC;
CREATE FUNCTION regress_changes.tried(as_user text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('tj_perm.user_id', coalesce(as_user, ''), true);
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

SELECT clock_timestamp() AS began \gset
SELECT tj_perm.create_workspace('chg', 'root@changes.org', 'Changes') \g /dev/null
SELECT set_config('tj_perm.user_id', 'root@changes.org', false) \g /dev/null
SELECT tj_perm.invite_user('chg', 'Ann@changes.org') AS ann, tj_perm.invite_user('chg', 'gone') AS gone \gset
SELECT tj_perm.invite_user('chg', 'gone') AS gone \gset
SELECT tj_perm.withdraw_invitation('chg', 'gone') \g /dev/null
SELECT tj_perm.create_group('chg', 'R & D'), tj_perm.create_group('chg', 'Sales'), tj_perm.add_user('chg', 'bob', '{R & D}') \g /dev/null
SELECT tj_perm.nest_group('chg', 'R & D', 'Sales') \g /dev/null
SELECT tj_perm.grant_access('chg/app:bug-tracker', 'editor', 'Sales'), tj_perm.grant_access('chg', 'viewer', to_user => 'bob'), tj_perm.grant_access('chg/app:*', 'admin', 'All Users', valid_until => '2099-01-01 12:00+00', note => 'for now') \g /dev/null
SELECT tj_perm.grant_access('chg/app:*', 'admin', 'All Users', valid_from => '2090-01-01 12:00+00', note => 'later') \g /dev/null
SELECT tj_perm.rename_group('chg', 'Sales', 'Trade'), tj_perm.revoke_access('chg/app:bug-tracker', from_group => 'Trade'), tj_perm.detach_group('chg', 'R & D', 'Trade') \g /dev/null
SELECT tj_perm.rename_workspace('chg', 'Changed'), tj_perm.archive_workspace('chg'), tj_perm.restore_workspace('chg') \g /dev/null
SELECT tj_perm.archive_user('chg', 'bob') \g /dev/null
SELECT tj_perm.restore_user('chg', 'bob') \g /dev/null
SELECT tj_perm.record_review('chg', 'looked') \g /dev/null
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null
SELECT tj_perm.accept_invitation(:'ann') \g /dev/null
-- direct DML, with names that want to be taken for something else
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('chg', E'x to group Admins\nadded "y', 'archived');
BEGIN;
SAVEPOINT s;
DELETE FROM tj_perm.members WHERE workspace_id = 'chg' AND user_id = 'ann@changes.org';
ROLLBACK TO s;
UPDATE tj_perm.grants SET level = 'editor' WHERE workspace_id = 'chg' AND user_id = 'bob';
COMMIT;
-- cascades: a new id, a removal, a dropped group
SELECT tj_perm.change_user_id('bob', 'Bob Two') \g /dev/null
DELETE FROM tj_perm.groups WHERE workspace_id = 'chg' AND name = 'R & D';
DELETE FROM tj_perm.members WHERE workspace_id = 'chg' AND user_id = 'Bob Two';

SELECT actor, change FROM tj_perm.changes_since('chg', :'began');
-- the rows themselves, without what must not be kept
SELECT DISTINCT role = current_user AS role, transaction_id <= pg_current_xact_id() AS transaction, changed_at BETWEEN :'began' AND clock_timestamp() AS "time",
	old_row IS NULL AND new_row IS NULL AS empty, coalesce(new_row, old_row)::text ~ 'token' AS token, workspace_id
FROM tj_perm.changes_since('chg', '-infinity');
SELECT old_row ->> 'level' AS was, new_row ->> 'level' AS is FROM tj_perm.changes_since('chg', :'began') WHERE change LIKE 'changed level%';
-- since when
SELECT count(*) FROM tj_perm.changes_since('chg', 'infinity');
SELECT count(*) = (SELECT count(*) FROM tj_perm.changes_since('chg', :'began')) AS all_of_it FROM tj_perm.changes_since(NULL, :'began') WHERE workspace_id = 'chg';

-- who may: workspace admins and the owner; nobody learns what exists
SET ROLE regress_changes_app;
SELECT u, w, regress_changes.tried(u, format('SELECT count(*) > 40 FROM tj_perm.changes_since(%L, %L)', w, '-infinity'))
FROM (VALUES ('root@changes.org'), ('ann@changes.org'), ('stranger'), (NULL)) AS u (u), (VALUES ('chg'), ('nowhere'), (NULL)) AS w (w);
SELECT left(regress_changes.tried('stranger', format('SELECT tj_perm.changes_since(%L, now())', repeat('x', 300))), 40);
RESET ROLE;
SELECT w, regress_changes.tried(NULL, format('SELECT count(*) > 40 FROM tj_perm.changes_since(%L, %L)', w, '-infinity')) FROM (VALUES ('chg'), ('nowhere'), (NULL)) AS w (w);
SELECT regress_changes.tried(NULL, 'SELECT tj_perm.changes_since(''chg'', NULL)');
SELECT tj_perm.archive_workspace('chg') \g /dev/null
SELECT regress_changes.tried('root@changes.org', 'SELECT count(*) > 40 FROM tj_perm.changes_since(''chg'', ''-infinity'')');
SELECT regress_changes.tried(NULL, 'SELECT count(*) > 40 FROM tj_perm.changes_since(''chg'', ''-infinity'')');

-- another workspace under the same key: its admins see its own history alone
SELECT tj_perm.drop_workspace('chg') \g /dev/null
SELECT regress_changes.tried(NULL, 'SELECT count(*) > 40 FROM tj_perm.changes_since(''chg'', ''-infinity'')');
SELECT regress_changes.tried('root@changes.org', 'SELECT count(*) FROM tj_perm.changes_since(''chg'', ''-infinity'')');
SELECT tj_perm.create_workspace('chg', 'new@changes.org') \g /dev/null
SELECT set_config('tj_perm.user_id', 'new@changes.org', false) \g /dev/null
SELECT actor, change FROM tj_perm.changes_since('chg', '-infinity');
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null

-- pruning: the owner alone; what made the rows that are there stays
SELECT regress_changes.tried('new@changes.org', 'SELECT tj_perm.prune_history(now())');
SET ROLE regress_changes_app;
SELECT regress_changes.tried('new@changes.org', 'SELECT tj_perm.prune_history(now())');
RESET ROLE;
SELECT regress_changes.tried(NULL, 'SELECT tj_perm.prune_history(NULL)'), regexp_replace(regress_changes.tried(NULL, 'SELECT tj_perm.prune_history(now() + interval ''1 day'')'), '".*"', '"..."');
SELECT tj_perm.rename_workspace('chg', 'New'), tj_perm.add_user('chg', 'short'), tj_perm.remove_user('chg', 'short'), tj_perm.add_user('chg', 'long') \g /dev/null
BEGIN;
SELECT clock_timestamp() AS horizon \gset
SELECT tj_perm.prune_history(:'horizon') > 40 AS deleted;
SELECT tj_perm.prune_history(:'horizon') AS again;
-- a workspace admin reads that it was pruned, not by whom and how much of all workspaces
SELECT set_config('tj_perm.user_id', 'new@changes.org', true) \g /dev/null
SELECT DISTINCT regexp_replace(change, 'before .*', 'before ...') AS change, actor, role, transaction_id, ARRAY(SELECT jsonb_object_keys(old_row)) AS keys
FROM tj_perm.changes_since('chg', '-infinity') WHERE change ~ 'pruned';
SELECT set_config('tj_perm.user_id', '', true) \g /dev/null
SELECT actor, regexp_replace(change, 'before .*', 'before ...') AS change FROM tj_perm.changes_since('chg', '-infinity') WHERE change !~ 'pruned' OR old_row ->> 'before' IS NOT NULL;
ROLLBACK;
-- read only for everybody else, and no TRUNCATE at all
SET ROLE regress_changes_app;
DELETE FROM tj_perm.history;
SELECT FROM tj_perm.history;
RESET ROLE;
TRUNCATE tj_perm.history;
TRUNCATE tj_perm.reviews;

SELECT tj_perm.drop_workspace('chg');
DROP SCHEMA regress_changes CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_changes_app;
DROP ROLE regress_changes_app;
