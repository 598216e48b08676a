-- The regular review: each finding, its mending, and that it is gone then.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE ROLE regress_review_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_review_app;
-- no admin: as a bulk load may leave it
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('rev');
SELECT * FROM tj_perm.review('rev');
SELECT tj_perm.add_user('rev', 'root', '{Admins}'), tj_perm.record_review('rev', 'first look') \g /dev/null
SELECT * FROM tj_perm.review('rev');
SELECT tj_perm.add_user('rev', 'root2', '{Admins}') \g /dev/null
SELECT * FROM tj_perm.review('rev');
SELECT reviewer = current_user AS me, note, ago BETWEEN interval '0' AND interval '1 hour' AS now FROM tj_perm.reviews_of('rev');

-- who administers by a grant counts: directly, by groups, now, active, and once
BEGIN;
SELECT tj_perm.add_user('rev', u) FROM unnest('{holder,ended,low,gone,grouped}'::text[]) AS u \g /dev/null
SELECT tj_perm.create_group('rev', 'inner'), tj_perm.create_group('rev', 'holders'), tj_perm.nest_group('rev', 'inner', 'holders'), tj_perm.add_to_group('rev', 'inner', '{holder,grouped,root}') \g /dev/null
SELECT tj_perm.grant_access('rev', 'admin', to_user => u) FROM unnest('{holder,ended,gone,root}'::text[]) AS u \g /dev/null
SELECT tj_perm.grant_access('rev', 'editor', to_user => 'low'), tj_perm.grant_access('rev/app:*', 'admin', to_user => 'low'), tj_perm.archive_user('rev', 'gone') \g /dev/null
UPDATE tj_perm.grants SET valid_until = now() WHERE workspace_id = 'rev' AND user_id = 'ended';
SELECT count(*) AS findings FROM tj_perm.review('rev') WHERE finding IN ('no_admin', 'one_admin');
DELETE FROM tj_perm.group_members WHERE workspace_id = 'rev' AND user_id = 'root2';
SELECT severity, detail, mend FROM tj_perm.review('rev') WHERE finding IN ('no_admin', 'one_admin');
SELECT tj_perm.grant_access('rev', 'admin', 'holders') \g /dev/null
SELECT severity, detail FROM tj_perm.review('rev') WHERE finding IN ('no_admin', 'one_admin');
SET LOCAL session_replication_role = replica;
UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'rev' AND user_id = 'root';
SET LOCAL session_replication_role = origin;
SELECT severity, detail, mend FROM tj_perm.review('rev') WHERE finding IN ('no_admin', 'one_admin');
UPDATE tj_perm.grants SET valid_from = now() + interval '1 day' WHERE workspace_id = 'rev' AND valid_until IS NULL;
SELECT severity, detail FROM tj_perm.review('rev') WHERE finding IN ('no_admin', 'one_admin');
ROLLBACK;
-- invited, without an invitation: as a bulk load may leave it
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('rev', 'loaded', 'invited');
SELECT tj_perm.grant_access('rev/app:1', 'viewer', to_user => 'loaded') \g /dev/null
SELECT finding, subject, detail, mend FROM tj_perm.review('rev');
SELECT mend AS "-- " FROM tj_perm.review('rev') \gexec
SELECT count(*) AS findings FROM tj_perm.review('rev');

-- one of everything
SELECT tj_perm.create_group('rev', g) FROM unnest('{full,empty,sleepers,outer,"O''Neil & \"Co\""}'::text[]) AS g \g /dev/null
SELECT tj_perm.add_user('rev', u, '{full}') FROM unnest('{ann,bob}'::text[]) AS u \g /dev/null
SELECT tj_perm.add_user('rev', 'lonely'), tj_perm.add_user('rev', 'away', '{sleepers}'), tj_perm.nest_group('rev', 'full', 'outer'), tj_perm.add_to_group('rev', E'O''Neil & "Co"', '{ann}') \g /dev/null
SELECT tj_perm.grant_access('rev/app:1', 'viewer', to_user => 'away'), tj_perm.archive_user('rev', 'away') \g /dev/null
SELECT tj_perm.invite_user('rev', 'late', '{full}'), tj_perm.invite_user('rev', 'fresh') \g /dev/null
UPDATE tj_perm.invitations SET expires_at = now() - interval '40 days' WHERE workspace_id = 'rev' AND user_id = 'late';
SELECT tj_perm.grant_access('rev', 'viewer', 'full'), tj_perm.grant_access('rev', 'admin', to_user => 'bob'), tj_perm.grant_access('rev/app:*', 'viewer', 'outer'), tj_perm.grant_access('rev/doc:*', 'admin', E'O''Neil & "Co"') \g /dev/null
SELECT tj_perm.grant_access('rev/app:7', 'editor', 'All Users'), tj_perm.grant_access('rev/app:1', 'viewer', 'sleepers'), tj_perm.grant_access('rev/app:1', 'viewer', 'empty') \g /dev/null
SELECT tj_perm.grant_access('rev/app:2', 'editor', 'outer'), tj_perm.grant_access('rev/app:2', 'viewer', 'outer') \g /dev/null
-- as much by a group: the same target, through an inner group, by type:*
SELECT tj_perm.grant_access('rev/app:2', 'editor', to_user => 'ann'), tj_perm.grant_access('rev/doc:"*"', 'editor', to_user => 'ann'), tj_perm.grant_access('rev/app:9', 'admin', to_user => 'root') \g /dev/null
-- not as much, or not for as long: no finding
SELECT tj_perm.grant_access('rev/app:2', 'admin', to_user => 'ann'), tj_perm.grant_access('rev/app:3', 'editor', 'outer', valid_until => now() + interval '300 days'), tj_perm.grant_access('rev/app:3', 'editor', to_user => 'ann'), tj_perm.grant_access('rev/app:3', 'viewer', 'outer', valid_until => now() + interval '400 days') \g /dev/null
SELECT tj_perm.grant_access('rev/app:4', 'viewer', to_user => 'lonely', valid_until => now() + interval '10 days 1 hour', note => 'three days''s'), tj_perm.grant_access('rev/app:5', 'viewer', to_user => 'lonely') \g /dev/null
UPDATE tj_perm.grants SET valid_from = now() - interval '9 days', valid_until = now() - interval '5 days' WHERE workspace_id = 'rev' AND resource = 'rev/app:5';
UPDATE tj_perm.reviews SET reviewed_at = now() - interval '91 days' WHERE workspace_id = 'rev';
SELECT severity, finding, subject, detail FROM tj_perm.review('rev');
SELECT finding, mend FROM tj_perm.review('rev');

-- the mending SQL works as it stands, except where there is something to fill in
SELECT mend AS "-- " FROM tj_perm.review('rev') WHERE mend !~ '<' AND finding NOT IN ('workspace_grant', 'grant_to_all_users') \gexec
SELECT finding, subject FROM tj_perm.review('rev');

-- who may
SET ROLE regress_review_app;
SELECT set_config('tj_perm.user_id', 'root', false) \g /dev/null
SELECT count(*) > 0 AS findings FROM tj_perm.review('rev');
SELECT tj_perm.record_review('rev');
SELECT reviewer = 'root' AS by_root, note FROM tj_perm.reviews_of('rev');
SELECT count(*) AS missing FROM tj_perm.review('rev') WHERE finding = 'no_review';
\set VERBOSITY terse
SELECT set_config('tj_perm.user_id', 'ann', false) \g /dev/null
SELECT tj_perm.review('rev');
SELECT tj_perm.review('nowhere');
SELECT tj_perm.record_review('rev');
SELECT tj_perm.record_review('nowhere');
SELECT tj_perm.reviews_of('rev');
SELECT tj_perm.reviews_of('nowhere');
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null
SELECT tj_perm.review('rev');
RESET ROLE;
SELECT tj_perm.review('nowhere');
SELECT tj_perm.review(NULL);
SELECT tj_perm.archive_workspace('rev') \g /dev/null
SELECT tj_perm.review('rev');
SELECT tj_perm.record_review('rev');

SELECT tj_perm.drop_workspace('rev');
SELECT count(*) FROM tj_perm.reviews WHERE workspace_id = 'rev';
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_review_app;
DROP ROLE regress_review_app;
