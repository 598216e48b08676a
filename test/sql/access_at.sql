-- Did access hold at an earlier time? (test/property/access_at asks at random.)
\set SHOW_CONTEXT never
CREATE ROLE regress_access_at_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_access_at_app;
CREATE SCHEMA regress_access_at;
GRANT USAGE ON SCHEMA regress_access_at TO PUBLIC;
CREATE FUNCTION regress_access_at.tried(as_user text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('tj_perm.user_id', coalesce(as_user, ''), true);
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, '"[^"]*(20\d\d|infinity)[^"]*"', '"..."');
END
$$;
CREATE TABLE regress_access_at.times (n integer GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT clock_timestamp(), what text);
GRANT SELECT ON regress_access_at.times TO PUBLIC;
-- the level that access_at says was held at each of the times
CREATE FUNCTION regress_access_at.story(u text, r tj_resource) RETURNS TABLE (n integer, what text, held text) LANGUAGE sql STABLE AS $$
	SELECT t.n, t.what, concat_ws(' ', CASE WHEN tj_perm.access_at(u, r, 'viewer', t.at) THEN 'v' END, CASE WHEN tj_perm.access_at(u, r, 'editor', t.at) THEN 'e' END, CASE WHEN tj_perm.access_at(u, r, 'admin', t.at) THEN 'a' END)
	FROM regress_access_at.times t ORDER BY t.n
$$;
\set note 'INSERT INTO regress_access_at.times (what) VALUES'

:note ('nothing');
SELECT tj_perm.create_workspace('aat', 'root@at.org') \g /dev/null
:note ('created');
SELECT tj_perm.invite_user('aat', 'Ann@at.org') AS token \gset
SELECT tj_perm.create_group('aat', 'inner'), tj_perm.create_group('aat', 'outer'), tj_perm.nest_group('aat', 'inner', 'outer'), tj_perm.add_to_group('aat', 'inner', '{ann@at.org}'), tj_perm.grant_access('aat/folder:f', 'editor', 'outer') \g /dev/null
:note ('invited');
SELECT tj_perm.accept_invitation(:'token') \g /dev/null
:note ('accepted');
SELECT tj_perm.detach_group('aat', 'inner', 'outer') \g /dev/null
:note ('detached');
SELECT tj_perm.grant_access('aat/app:*', 'viewer', 'All Users') \g /dev/null
:note ('all users');
SELECT tj_perm.archive_workspace('aat') \g /dev/null
:note ('archived');
SELECT tj_perm.restore_workspace('aat') \g /dev/null
:note ('restored');
SELECT tj_perm.change_user_id('ann@at.org', 'Ann 2') \g /dev/null
:note ('renamed');
SELECT tj_perm.add_user('aat', 'ann@at.org'), tj_perm.add_to_group('aat', 'Admins', '{ann@at.org}') \g /dev/null
:note ('another ann');
SELECT tj_perm.drop_workspace('aat') \g /dev/null
:note ('dropped');
SELECT tj_perm.create_workspace('aat', 'other@at.org') \g /dev/null
:note ('created again');
SELECT a.n, a.what, a.held AS ann, b.held AS ann_2, r.held AS root
FROM regress_access_at.story('ANN@at.org', 'aat/folder:f/app:1') a JOIN regress_access_at.story('Ann 2', 'aat/folder:f/app:1') b USING (n) JOIN regress_access_at.story('root@at.org', 'aat/folder:f/app:1') r USING (n) ORDER BY n;

-- what was rolled back never was; a transaction counts as a whole
TRUNCATE regress_access_at.times RESTART IDENTITY;
SELECT tj_perm.add_user('aat', 'bob') \g /dev/null
BEGIN;
SAVEPOINT s;
SELECT tj_perm.grant_access('aat/app:1', 'admin', to_user => 'bob') \g /dev/null
:note ('granted, rolled back');
SELECT n, held FROM regress_access_at.story('bob', 'aat/app:1');
ROLLBACK TO s;
SELECT tj_perm.grant_access('aat/app:1', 'viewer', to_user => 'bob') \g /dev/null
:note ('granted, then revoked');
SELECT tj_perm.revoke_access('aat/app:1', from_user => 'bob') \g /dev/null
SELECT tj_perm.grant_access('aat/app:1', 'editor', to_user => 'bob') \g /dev/null
:note ('granted, last change but one');
SELECT tj_perm.create_group('aat', 'x') \g /dev/null
:note ('after the last change');
COMMIT;
SELECT * FROM regress_access_at.story('bob', 'aat/app:1');

-- the order in which triggers record one transaction does not matter: this one
-- changes and removes rows before their insertion is recorded
CREATE FUNCTION regress_access_at.at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tj_perm.members SET status = 'active' WHERE workspace_id = 'aat' AND user_id = NEW.user_id AND NEW.user_id = 'eager';
	DELETE FROM tj_perm.members WHERE workspace_id = 'aat' AND user_id = NEW.user_id AND NEW.user_id = 'brief';
	RETURN NULL;
END
$$;
CREATE TRIGGER "a_first" AFTER INSERT ON tj_perm.members FOR EACH ROW EXECUTE FUNCTION regress_access_at.at_once();
INSERT INTO tj_perm.members VALUES ('aat', 'eager', 'archived'), ('aat', 'brief', 'active');
DROP TRIGGER "a_first" ON tj_perm.members;
SELECT tj_perm.grant_access('aat/app:2', 'viewer', 'All Users') \g /dev/null
SELECT u, tj_can(u, 'aat/app:2', 'viewer') AS can, tj_perm.access_at(u, 'aat/app:2', 'viewer', clock_timestamp()) AS could FROM unnest('{eager,brief}'::text[]) AS u;

-- validity: [from, until) at the time asked for; literal stars and quoted words
SELECT tj_perm.grant_access('aat/"x y":"*"', 'viewer', to_user => 'bob', valid_from => now() - interval '2 days', valid_until => clock_timestamp() + interval '300 milliseconds'),
	   clock_timestamp() AS during \gset
SELECT pg_sleep(0.35) \g /dev/null
SELECT r, tj_perm.access_at('bob', r, 'viewer', :'during') AS during, tj_perm.access_at('bob', r, 'viewer', clock_timestamp()) AS afterwards
FROM unnest(ARRAY['aat/"x y":"*"', 'aat/"x y":*', 'aat/"x y":"*"/app:7']::tj_resource[]) AS r;

-- unknown, NULL, before it all, to come
SELECT regress_access_at.tried(NULL, format('SELECT tj_perm.access_at(%L, %L, %L, %s)', u, r, l, t))
FROM (VALUES ('nobody', 'aat/app:1', 'viewer', 'now()'), (' bad id', 'aat/app:1', 'viewer', 'now()'), ('bob', 'nowhere/app:1', 'viewer', 'now()'), ('other@at.org', 'aat', 'admin', '''-infinity'''),
			 (NULL, 'aat', 'viewer', 'now()'), ('bob', NULL, 'viewer', 'now()'), ('bob', 'aat', NULL, 'now()'), ('bob', 'aat', 'viewer', 'NULL'), ('bob', 'aat', 'viewer', 'now() + interval ''1 day'''), ('bob', 'aat', 'viewer', '''infinity''')) AS x (u, r, l, t);

-- who may: admins of the workspace or of the target, everybody about themself
SELECT tj_perm.grant_access('aat/app:1', 'admin', to_user => 'eager') \g /dev/null
SET ROLE regress_access_at_app;
SELECT asker, r, regress_access_at.tried(asker, format('SELECT tj_perm.access_at(''bob'', %L, ''viewer'', now())', r))
FROM unnest('{other@at.org,eager,bob,stranger,NULL}'::text[]) AS asker, unnest('{aat/app:1,aat/folder:f/app:1,nowhere/app:1}'::text[]) AS r;
RESET ROLE;
-- admins know their own workspace, not the one that had its key before
SELECT set_config('tj_perm.user_id', 'other@at.org', false) \g /dev/null
SELECT count(*) FILTER (WHERE tj_perm.access_at('root@at.org', 'aat', 'admin', h.changed_at)) AS root, count(*) FILTER (WHERE tj_perm.access_at('bob', 'aat/app:1', 'editor', h.changed_at)) > 0 AS bob
FROM (SELECT changed_at FROM tj_perm.changes_since('aat', '-infinity')) AS h;
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null
SELECT count(*) FILTER (WHERE tj_perm.access_at('root@at.org', 'aat', 'admin', h.changed_at)) > 0 AS root FROM (SELECT changed_at FROM tj_perm.changes_since('aat', '-infinity')) AS h;

-- pruned: the same answers from then on, none before
BEGIN;
CREATE TEMP TABLE asked AS SELECT t.at, u, r, l, tj_perm.access_at(u, r, l, t.at) AS held
FROM regress_access_at.times t, unnest('{bob,eager,other@at.org,Ann 2}'::text[]) u, unnest('{aat/app:1,aat/app:2,aat}'::tj_resource[]) r, unnest('{viewer,admin}'::tj_level[]) l;
SELECT tj_perm.prune_history((SELECT at FROM regress_access_at.times WHERE n = 4)) > 0 AS deleted;
SELECT a.at < t.at AS before, count(*) AS asked, count(*) FILTER (WHERE held) AS held,
	   count(*) FILTER (WHERE regress_access_at.tried(NULL, format('SELECT tj_perm.access_at(%L, %L, %L, %L)', u, r, l, a.at)) = held::text) AS same,
	   min(regress_access_at.tried(NULL, format('SELECT tj_perm.access_at(%L, %L, %L, %L)', u, r, l, a.at))) AS example
FROM asked a, regress_access_at.times t WHERE t.n = 4 GROUP BY 1 ORDER BY 1;
SELECT tj_perm.access_at('bob', 'aat/app:1', 'editor', clock_timestamp()) AS bob_now;
ROLLBACK;
-- an id that changed and was given to somebody else at once
SELECT tj_perm.add_user('aat', 'dan') \g /dev/null
BEGIN;
SELECT tj_perm.change_user_id('dan', 'dan the first'), tj_perm.add_user('aat', 'dan') \g /dev/null
COMMIT;
BEGIN;
SELECT tj_perm.prune_history(clock_timestamp()) > 0 AS deleted;
SELECT u, tj_perm.access_at(u, 'aat/app:2', 'viewer', clock_timestamp()) FROM unnest('{dan,dan the first}'::text[]) AS u;
SELECT change FROM tj_perm.changes_since('aat', '-infinity') WHERE change ~ 'dan';
ROLLBACK;

-- a grant that moves from a group to a user, and back
SELECT tj_perm.create_workspace('aat move', 'root'), tj_perm.add_user('aat move', 'ann'), tj_perm.add_user('aat move', 'ben'), tj_perm.create_group('aat move', 'Movers'), tj_perm.add_to_group('aat move', 'Movers', '{ann}') \g /dev/null
SELECT tj_perm.grant_access(tj_resource('aat move', 'app', 1), 'viewer', to_group => 'Movers') \g /dev/null
CREATE FUNCTION regress_access_at.now_and_then() RETURNS TABLE (u text, by_history boolean, by_tables boolean) LANGUAGE sql VOLATILE AS $$
	SELECT u, tj_perm.access_at(u, tj_resource('aat move', 'app', 1), 'viewer', clock_timestamp()), tj_can(u, tj_resource('aat move', 'app', 1), 'viewer')
	FROM unnest('{ann,ben}'::text[]) AS u
$$;
SELECT * FROM regress_access_at.now_and_then();
UPDATE tj_perm.grants SET group_id = NULL, user_id = 'ben' WHERE workspace_id = 'aat move';
SELECT * FROM regress_access_at.now_and_then();
UPDATE tj_perm.grants SET user_id = NULL, group_id = (SELECT group_id FROM tj_perm.groups WHERE workspace_id = 'aat move' AND name = 'Movers') WHERE workspace_id = 'aat move';
SELECT * FROM regress_access_at.now_and_then();
SELECT change FROM tj_perm.changes_since('aat move', '-infinity') WHERE change ~ 'app:1' ORDER BY history_id;
-- rows about it do not move to another workspace, whose admins would read of it
UPDATE tj_perm.grants SET workspace_id = 'aat', resource = 'aat/app:1', group_id = NULL, user_id = 'bob' WHERE workspace_id = 'aat move';
UPDATE tj_perm.group_members SET workspace_id = 'aat' WHERE workspace_id = 'aat move';
-- dropped and made again in one transaction: its admins see what is there since
BEGIN;
SELECT tj_perm.drop_workspace('aat move'), tj_perm.create_workspace('aat move', 'root'), tj_perm.add_user('aat move', 'ann'), tj_perm.grant_access(tj_resource('aat move', 'app', 1), 'viewer', to_user => 'ann') \g /dev/null
COMMIT;
SELECT * FROM regress_access_at.now_and_then();
SELECT regress_access_at.tried('root', 'SELECT array_agg(x::text) FROM regress_access_at.now_and_then() x') AS as_its_admin;
RESET tj_perm.user_id;
SELECT tj_perm.drop_workspace('aat move');

SELECT tj_perm.drop_workspace('aat');
DROP SCHEMA regress_access_at CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_access_at_app;
DROP ROLE regress_access_at_app;
