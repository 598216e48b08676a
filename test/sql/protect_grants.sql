-- drop_grants: deleting a protected row removes the grants that named it, and nothing else.
\set SHOW_CONTEXT never
CREATE ROLE regress_dropper_owner;
CREATE ROLE regress_dropper_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_dropper_app, regress_dropper_owner;
CREATE SCHEMA regress_dropper AUTHORIZATION regress_dropper_owner;
GRANT USAGE ON SCHEMA regress_dropper TO regress_dropper_app;
SELECT tj_perm.create_workspace('w1', 'root'), tj_perm.create_workspace('w2', 'other'), tj_perm.add_user('w1', 'alice'), tj_perm.add_user('w1', 'bob'), tj_perm.create_group('w1', 'Team');
-- grants of every kind around app 42 of workspace w1
CREATE FUNCTION regress_dropper.fill() RETURNS void LANGUAGE sql AS $$
	DELETE FROM tj_perm.grants WHERE workspace_id IN ('w1', 'w2');
	INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT split_part(r, '/', 1), CASE split_part(r, '/', 1) WHEN 'w1' THEN 'alice' ELSE 'other' END, r::tj_resource, 'editor'
		FROM unnest(ARRAY['w1', 'w1/app:42', 'w1/app:43', 'w1/app:*', 'w1/folder:42', 'w1/app:"4/2"', 'w1/app:"*"', 'w2/app:42', 'w2/app:*', 'w2/folder:42']) AS r;
	INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level, valid_until) SELECT 'w1', g.group_id, 'w1/app:42', l.l, l.u
		FROM tj_perm.groups AS g, (VALUES ('viewer'::tj_level, 'infinity'::timestamptz), ('admin', '2001-01-01')) AS l (l, u) WHERE g.workspace_id = 'w1' AND g.name = 'Team';
$$;
-- what is gone of these
CREATE FUNCTION regress_dropper.gone() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(r, ' ' ORDER BY r), 'nothing') FROM unnest(ARRAY['w1', 'w1/app:42', 'w1/app:43', 'w1/app:*', 'w1/folder:42', 'w1/app:"4/2"', 'w1/app:"*"', 'w2/app:42', 'w2/app:*', 'w2/folder:42']) AS r
	WHERE NOT EXISTS (SELECT FROM tj_perm.grants AS g WHERE g.resource = r::tj_resource)
$$;

-- 1. Who gets the trigger.
SET ROLE regress_dropper_owner;
CREATE TABLE regress_dropper.apps (org text, id bigint, title text, PRIMARY KEY (org, id));
GRANT ALL ON regress_dropper.apps TO regress_dropper_app;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}', drop_grants => true);
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}') AS owner_of_table;
SELECT drop_grants FROM tj_perm.protected_tables('regress_dropper.apps');
RESET ROLE;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}') AS owner_of_extension;
SELECT drop_grants FROM tj_perm.protected_tables('regress_dropper.apps');
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'regress_dropper.apps'::regclass AND tgname = 'tj_perm_drop_grants';

-- the owner of the table may call again and keeps it, or takes it away; another path ends it
SET ROLE regress_dropper_owner;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}') AS same, tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}', delete_level => 'admin') AS other_level;
SELECT drop_grants, (SELECT count(*) FROM pg_trigger WHERE tgrelid = relation AND tgname = 'tj_perm_drop_grants') FROM tj_perm.protected_tables('regress_dropper.apps');
BEGIN;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{program,id}');
SELECT drop_grants, (SELECT count(*) FROM pg_trigger WHERE tgrelid = relation AND tgname = 'tj_perm_drop_grants') FROM tj_perm.protected_tables('regress_dropper.apps');
ROLLBACK;
BEGIN;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}', drop_grants => false);
SELECT drop_grants, (SELECT count(*) FROM pg_trigger WHERE tgrelid = relation AND tgname = 'tj_perm_drop_grants') FROM tj_perm.protected_tables('regress_dropper.apps');
ROLLBACK;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,id}') AS as_before;
RESET ROLE;

-- 2. What goes with a row.
INSERT INTO regress_dropper.apps VALUES ('w1', 42), ('w1', 43), ('w2', 42), ('w2', 44);
SELECT regress_dropper.fill();
SET ROLE regress_dropper_app;
BEGIN;
SELECT set_config('tj_perm.user_id', 'root', true);
DELETE FROM regress_dropper.apps WHERE id = 42;
SELECT tj_can('alice', 'w1/app:42', 'editor') AS by_wildcard;
RESET ROLE;
SELECT regress_dropper.gone();
SELECT actor, role, table_name, operation, old_row ->> 'resource' AS resource, old_row ->> 'level' AS level FROM tj_perm.history WHERE transaction_id = pg_current_xact_id() ORDER BY old_row ->> 'level';
ROLLBACK;
RESET ROLE;
SELECT regress_dropper.gone();
-- by the owner, by TRUNCATE, by an UPDATE of the key, by a cascade
BEGIN;
DELETE FROM regress_dropper.apps;
SELECT regress_dropper.gone();
ROLLBACK;
BEGIN;
TRUNCATE regress_dropper.apps;
SELECT regress_dropper.gone() AS by_truncate;
ROLLBACK;
BEGIN;
UPDATE regress_dropper.apps SET id = 77 WHERE id = 42;
SELECT regress_dropper.gone() AS by_update;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM regress_dropper.apps;
SELECT regress_dropper.gone() AS by_replication;
ROLLBACK;
CREATE TABLE regress_dropper.orgs (key text PRIMARY KEY);
INSERT INTO regress_dropper.orgs VALUES ('w1'), ('w2');
ALTER TABLE regress_dropper.apps ADD FOREIGN KEY (org) REFERENCES regress_dropper.orgs ON DELETE CASCADE;
BEGIN;
DELETE FROM regress_dropper.orgs WHERE key = 'w1';
SELECT regress_dropper.gone() AS by_cascade;
ROLLBACK;
-- rolled back to a savepoint; and tj_can in the same transaction
BEGIN;
SAVEPOINT s;
DELETE FROM tj_perm.grants WHERE resource = 'w1/app:*' OR resource = 'w1';
SELECT tj_can('alice', 'w1/app:42', 'editor') AS before;
DELETE FROM regress_dropper.apps WHERE org = 'w1' AND id = 42;
SELECT tj_can('alice', 'w1/app:42', 'editor') AS after;
ROLLBACK TO s;
SELECT tj_can('alice', 'w1/app:42', 'editor') AS rolled_back;
ROLLBACK;

-- 3. Nobody can turn it on others: rows in their own workspace, other tables, other arguments.
SET ROLE regress_dropper_app;
BEGIN;
SELECT set_config('tj_perm.user_id', 'other', true);
SAVEPOINT s;
INSERT INTO regress_dropper.apps VALUES ('w1', 99);
ROLLBACK TO s;
INSERT INTO regress_dropper.apps VALUES ('w2', 43);
DELETE FROM regress_dropper.apps WHERE id = 43;
RESET ROLE;
SELECT regress_dropper.gone();
ROLLBACK;
SET ROLE regress_dropper_owner;
CREATE TABLE regress_dropper.mine (org text, id bigint);
CREATE TRIGGER mine AFTER DELETE ON regress_dropper.mine FOR EACH ROW EXECUTE FUNCTION tj_perm.drop_grants('app', 'column', 'org', 'id');
CREATE TRIGGER mine AFTER DELETE ON regress_dropper.apps FOR EACH ROW EXECUTE FUNCTION tj_perm.drop_grants('folder', 'column', 'org', 'id');
SELECT tj_perm.drop_grants();
-- the owner of an armed table is trusted with that type, and with no code of theirs: a cast would run as the extension's owner
BEGIN;
SELECT tj_perm.unprotect('regress_dropper.apps');
ROLLBACK;
CREATE TYPE regress_dropper.evil AS (a text);
CREATE FUNCTION regress_dropper.evil(regress_dropper.evil) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'runs as %', current_user; END $$;
CREATE CAST (regress_dropper.evil AS text) WITH FUNCTION regress_dropper.evil(regress_dropper.evil) AS ASSIGNMENT;
BEGIN;
ALTER TABLE regress_dropper.apps NO FORCE ROW LEVEL SECURITY;
ALTER TABLE regress_dropper.apps RENAME COLUMN id TO old_id;
ALTER TABLE regress_dropper.apps ADD COLUMN id regress_dropper.evil;
DELETE FROM regress_dropper.apps;
ROLLBACK;
-- a renamed column stops deletes until protect is called again
BEGIN;
ALTER TABLE regress_dropper.apps NO FORCE ROW LEVEL SECURITY;
ALTER TABLE regress_dropper.apps RENAME COLUMN id TO number;
DELETE FROM regress_dropper.apps;
ROLLBACK;
RESET ROLE;
BEGIN;
ALTER TABLE regress_dropper.apps RENAME COLUMN id TO number;
SELECT tj_perm.protect('regress_dropper.apps', workspace => 'org', path => '{app,number}');
DELETE FROM regress_dropper.apps WHERE org = 'w1';
SELECT regress_dropper.gone();
ROLLBACK;
-- made by hand and wrong
CREATE TRIGGER mine BEFORE DELETE ON regress_dropper.mine FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.drop_grants('app', 'column', 'org', 'id');
DELETE FROM regress_dropper.mine;
DROP TRIGGER mine ON regress_dropper.mine;

-- 4. Keys: text, uuid, a fixed workspace, NULL, long ids, a key that is not unique, partitions.
CREATE TABLE regress_dropper.texts (id text PRIMARY KEY, n integer);
CREATE TABLE regress_dropper.loose (org text, id bigint UNIQUE, note text);
CREATE TABLE regress_dropper.many (org text, id bigint);
CREATE UNIQUE INDEX ON regress_dropper.many (org, id) WHERE org <> '';
CREATE TABLE regress_dropper.parts (org text, id bigint, PRIMARY KEY (org, id)) PARTITION BY LIST (org);
CREATE TABLE regress_dropper.parts_1 PARTITION OF regress_dropper.parts FOR VALUES IN ('w1');
CREATE TABLE regress_dropper.parts_2 PARTITION OF regress_dropper.parts FOR VALUES IN ('w2');
SELECT tj_perm.protect('regress_dropper.texts', fixed_workspace => 'w1', path => '{app,id}'), tj_perm.protect('regress_dropper.loose', workspace => 'org', path => '{app,id}'),
	tj_perm.protect('regress_dropper.many', workspace => 'org', path => '{app,id}'), tj_perm.protect('regress_dropper.parts', workspace => 'org', path => '{app,id}');
SELECT relation, drop_grants FROM tj_perm.protected_tables() WHERE relation::text LIKE 'regress_dropper.%';
SELECT tj_perm.protect('regress_dropper.many', workspace => 'org', path => '{app,id}', drop_grants => true);
INSERT INTO regress_dropper.texts VALUES ('42'), ('4/2'), ('*'), ('x/app:43'), (repeat('l', 256)), ('');
INSERT INTO regress_dropper.loose VALUES ('w1', 43), (NULL, 42), ('w1', NULL);
INSERT INTO regress_dropper.many VALUES ('w1', 42);
INSERT INTO regress_dropper.parts VALUES ('w1', 42), ('w2', 42);
BEGIN;
DELETE FROM regress_dropper.texts WHERE id <> '42';
SELECT regress_dropper.gone() AS texts;
ROLLBACK;
BEGIN;
DELETE FROM regress_dropper.texts WHERE id = '42';
SELECT regress_dropper.gone() AS canonical;
ROLLBACK;
BEGIN;
DELETE FROM regress_dropper.loose;
DELETE FROM regress_dropper.many;
SELECT regress_dropper.gone() AS loose;
ROLLBACK;
BEGIN;
DELETE FROM regress_dropper.parts_1;
SELECT regress_dropper.gone() AS parts;
ROLLBACK;
-- a row that changes its partition changes its name: the old name names nothing any more
BEGIN;
DELETE FROM regress_dropper.parts WHERE org = 'w2';
SELECT regress_dropper.fill();
UPDATE regress_dropper.parts SET org = 'w2' WHERE org = 'w1';
SELECT regress_dropper.gone() AS moved;
ROLLBACK;

-- 5. Partitions that come and go: the owner of the table makes them as before, and
-- they drop grants once a role that may say so has called protect.
SET ROLE regress_dropper_owner;
CREATE TABLE regress_dropper.posts (org text, id bigint, PRIMARY KEY (org, id)) PARTITION BY LIST (org);
CREATE TABLE regress_dropper.posts_1 PARTITION OF regress_dropper.posts FOR VALUES IN ('w1');
INSERT INTO regress_dropper.posts VALUES ('w1', 42), ('w1', 43);
RESET ROLE;
SELECT tj_perm.protect('regress_dropper.posts', workspace => 'org', path => '{app,id}', force => false) AS protected, tj_perm.protect('regress_dropper.posts', workspace => 'org', path => '{app,id}', force => false) AS again;
SELECT tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'regress_dropper.posts%' AND tgname = 'tj_perm_drop_grants' ORDER BY 1;
SET ROLE regress_dropper_owner;
CREATE TABLE regress_dropper.posts_2 PARTITION OF regress_dropper.posts FOR VALUES IN ('w2') PARTITION BY RANGE (id);
CREATE TABLE regress_dropper.posts_2_low (org text NOT NULL, id bigint NOT NULL);
ALTER TABLE regress_dropper.posts_2 ATTACH PARTITION regress_dropper.posts_2_low FOR VALUES FROM (0) TO (100);
INSERT INTO regress_dropper.posts VALUES ('w2', 42);
BEGIN;
DELETE FROM regress_dropper.posts WHERE id = 42;
RESET ROLE;
SELECT regress_dropper.gone() AS first_partition_only;
ROLLBACK;
SET ROLE regress_dropper_owner;
SELECT tj_perm.protect('regress_dropper.posts', workspace => 'org', path => '{app,id}', force => false) AS by_owner_of_table;
SELECT relation, drop_grants, in_step FROM tj_perm.protected_tables() WHERE relation::text LIKE 'regress_dropper.posts%';
RESET ROLE;
SELECT tj_perm.protect('regress_dropper.posts', workspace => 'org', path => '{app,id}', force => false) AS by_owner_of_extension;
SELECT relation, drop_grants, in_step FROM tj_perm.protected_tables() WHERE relation::text LIKE 'regress_dropper.posts%';
BEGIN;
DELETE FROM regress_dropper.posts WHERE id = 42;
SELECT regress_dropper.gone() AS all_partitions;
ROLLBACK;
-- what left may bear the name of a row that came
SET ROLE regress_dropper_owner;
ALTER TABLE regress_dropper.posts DETACH PARTITION regress_dropper.posts_1;
CREATE TABLE regress_dropper.posts_3 PARTITION OF regress_dropper.posts FOR VALUES IN ('w1');
BEGIN;
DELETE FROM regress_dropper.posts_1;
RESET ROLE;
SELECT regress_dropper.gone() AS detached;
ROLLBACK;
SET ROLE regress_dropper_owner;
DROP TABLE regress_dropper.posts_3;
ALTER TABLE regress_dropper.posts ATTACH PARTITION regress_dropper.posts_1 FOR VALUES IN ('w1');
BEGIN;
DELETE FROM regress_dropper.posts_1;
RESET ROLE;
SELECT regress_dropper.gone() AS attached;
ROLLBACK;
SET ROLE regress_dropper_owner;
SELECT tj_perm.unprotect('regress_dropper.posts');
SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'regress_dropper.posts%' AND NOT tgisinternal;
RESET ROLE;

SELECT tj_perm.drop_workspace('w1'), tj_perm.drop_workspace('w2');
SET client_min_messages = warning;
DROP SCHEMA regress_dropper CASCADE;
DROP OWNED BY regress_dropper_owner, regress_dropper_app;
DROP ROLE regress_dropper_owner, regress_dropper_app;
