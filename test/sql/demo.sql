-- The story that "make demo" plays (test/demo/demo.sql), so that it cannot rot.
\getenv abs_srcdir PG_ABS_SRCDIR
\set app regress_app_server
\set tickets 10000
\set demo :abs_srcdir '/demo/demo.sql'
\i :demo

-- what charlie did is gone from everywhere but history; inviting anew starts from nothing
SELECT count(*) AS rows_left FROM tj_perm.group_members WHERE user_id = 'charlie@techcorp.com';
SELECT table_name, operation, actor FROM tj_perm.history
WHERE workspace_id = 'techcorp' AND role = 'regress_app_server' AND coalesce(old_row, new_row) ->> 'user_id' = 'charlie@techcorp.com'
ORDER BY history_id;
SELECT tj_perm.add_user('techcorp', 'charlie@techcorp.com');
SELECT groups FROM tj_perm.members_of('techcorp') WHERE user_id = 'charlie@techcorp.com';

DROP TABLE tickets, variables, apps, folders;
RESET max_parallel_workers_per_gather;
SELECT tj_perm.drop_workspace('techcorp');
DROP VIEW what_holds;
DROP FUNCTION pg_temp.try(text), pg_temp.plan(text), pg_temp.sees(text);
REVOKE ALL ON PARAMETER tj_perm.user_id FROM regress_app_server;
REVOKE ALL ON FUNCTION tj_perm.create_workspace FROM regress_app_server;
DROP ROLE regress_app_server;
