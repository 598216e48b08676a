-- Who gains and who loses by the running transaction, before it ends.
-- (test/property/access_at compares at random.)
\set SHOW_CONTEXT never
CREATE ROLE regress_preview_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_preview_app;
SELECT tj_perm.create_workspace('prv', 'root'), tj_perm.create_workspace('prv2', 'root') \g /dev/null
SELECT tj_perm.add_user('prv', u) FROM unnest('{ann,bob,cat,dan}'::text[]) AS u \g /dev/null
SELECT tj_perm.create_group('prv', 'in'), tj_perm.create_group('prv', 'out'), tj_perm.nest_group('prv', 'in', 'out'), tj_perm.add_to_group('prv', 'in', '{ann}'), tj_perm.add_to_group('prv', 'out', '{bob}') \g /dev/null
SELECT tj_perm.grant_access('prv/app:1', 'editor', 'out'), tj_perm.grant_access('prv/folder:a', 'viewer', to_user => 'cat'), tj_perm.grant_access('prv2/app:1', 'viewer', 'All Users') \g /dev/null
\set diff 'SELECT * FROM tj_perm.access_diff();'

-- nothing changed, or nothing that matters
:diff
BEGIN;
:diff
SELECT tj_perm.grant_access('prv/app:1', 'viewer', 'in'), tj_perm.rename_group('prv', 'in', 'inner'), tj_perm.grant_access('prv/app:1', 'editor', 'out', note => 'x') \g /dev/null
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_until) VALUES ('prv', 'dan', 'prv', 'admin', now() - interval '1 day');
:diff
ROLLBACK;

-- membership, nesting, status, removal, a new user
BEGIN;
SELECT tj_perm.add_to_group('prv', 'in', '{dan}') \g /dev/null
:diff
SELECT tj_perm.detach_group('prv', 'in', 'out') \g /dev/null
:diff
SELECT tj_perm.archive_user('prv', 'cat'), tj_perm.remove_user('prv', 'bob'), tj_perm.add_user('prv', 'eve', '{out}') \g /dev/null
:diff
-- what is taken back is no difference
SELECT tj_perm.nest_group('prv', 'in', 'out'), tj_perm.remove_from_group('prv', 'in', '{dan}') \g /dev/null
:diff
ROLLBACK;

-- a wider target speaks for what it covers; Admins is admin on the workspace
BEGIN;
SELECT tj_perm.grant_access('prv/app:*', 'admin', 'All Users') \g /dev/null
:diff
SELECT tj_perm.add_to_group('prv', 'Admins', '{bob}') \g /dev/null
:diff
SELECT tj_perm.set_access('prv/app:1', 'viewer', 'out') \g /dev/null
:diff
ROLLBACK;

-- savepoints, direct DML, cascades, an id that changes, two workspaces
BEGIN;
SAVEPOINT s;
DELETE FROM tj_perm.groups WHERE workspace_id = 'prv' AND name = 'out';
:diff
ROLLBACK TO s;
:diff
UPDATE tj_perm.grants SET level = 'admin' WHERE workspace_id = 'prv' AND group_id IS NOT NULL;
SELECT tj_perm.change_user_id('root', 'Root') \g /dev/null
:diff
SELECT * FROM tj_perm.access_diff('prv2');
ROLLBACK;
BEGIN;
SELECT tj_perm.archive_workspace('prv'), tj_perm.drop_workspace('prv2') \g /dev/null
:diff
SELECT * FROM tj_perm.access_diff('prv2');
ROLLBACK;

-- who may: admins about their workspace, the owner about all
BEGIN;
SELECT tj_perm.grant_access('prv/app:2', 'viewer', to_user => 'ann'), tj_perm.grant_access('prv2/app:2', 'viewer', to_user => 'root') \g /dev/null
SET LOCAL ROLE regress_preview_app;
SELECT set_config('tj_perm.user_id', 'root', true) \g /dev/null
SELECT * FROM tj_perm.access_diff('prv');
\set VERBOSITY terse
SAVEPOINT s;
SELECT * FROM tj_perm.access_diff();
ROLLBACK TO s;
SELECT set_config('tj_perm.user_id', 'ann', true) \g /dev/null
SAVEPOINT s;
SELECT * FROM tj_perm.access_diff('prv');
ROLLBACK TO s;
SELECT * FROM tj_perm.access_diff('nowhere');
ROLLBACK TO s;
SELECT set_config('tj_perm.user_id', '', true) \g /dev/null
SELECT * FROM tj_perm.access_diff('prv');
ROLLBACK;
SELECT * FROM tj_perm.access_diff('nowhere');
-- read only, and without a transaction id
BEGIN READ ONLY;
:diff
SHOW enable_nestloop;
COMMIT;

SELECT tj_perm.drop_workspace('prv'), tj_perm.drop_workspace('prv2');
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_preview_app;
DROP ROLE regress_preview_app;
