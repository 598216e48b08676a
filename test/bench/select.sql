-- What measure_select asks: a table of documents in folders in workspaces, one
-- role for each way of protecting it (a policy applies to one role, so all
-- read the same heap and the same indexes), the grants once in tj_perm and once
-- in plain tables. Variables: workspaces, folders (a workspace), rows, users.
--
-- Row i lies in folder i % (workspaces * folders), that in workspace
-- folder / folders; a folder's rows are spread over the whole heap.
\set ON_ERROR_STOP on
CREATE EXTENSION tj_perm;
SELECT :workspaces * :folders AS all_folders \gset

CREATE TABLE folders (id bigint PRIMARY KEY, org_id integer NOT NULL, name text NOT NULL);
INSERT INTO folders SELECT f, f / :folders, 'Folder ' || f FROM generate_series(0, :all_folders - 1) AS f;
CREATE INDEX ON folders (org_id);

CREATE TABLE docs (id bigint NOT NULL, org_id integer NOT NULL, folder_id bigint, created_at timestamptz NOT NULL, body text)
	WITH (fillfactor = 95, autovacuum_enabled = off);
INSERT INTO docs SELECT i, i % :all_folders / :folders, i % :all_folders, '2026-01-01'::timestamptz + i * interval '1 second',
	rpad('Document ' || i, 60, '. ') FROM generate_series(0, :rows - 1) AS i;
ALTER TABLE docs ADD PRIMARY KEY (id);
CREATE INDEX ON docs (org_id);
CREATE INDEX ON docs (folder_id);
CREATE INDEX ON docs (created_at);

-- the same, a tenth of it, without an index on the folder
CREATE TABLE docs_fewer_indexes (LIKE docs INCLUDING ALL EXCLUDING INDEXES) WITH (autovacuum_enabled = off);
INSERT INTO docs_fewer_indexes SELECT * FROM docs WHERE id < :rows / 10;
ALTER TABLE docs_fewer_indexes ADD PRIMARY KEY (id);
CREATE INDEX ON docs_fewer_indexes (org_id);

-- ---- who may what: workspaces of 10 groups, each with 10 folders ----
-- reader: one folder (1 of workspace 1). admin: workspace 1. many: 10,000
-- documents, half in workspace 2, half in 3. Others: one group each.
INSERT INTO tj_perm.workspaces (workspace_id) SELECT w::text FROM generate_series(0, :workspaces - 1) AS w;
INSERT INTO tj_perm.members (workspace_id, user_id)
	SELECT (u % :workspaces)::text, 'user' || u FROM generate_series(0, :users - 1) AS u
	UNION ALL VALUES ('1', 'reader'), ('1', 'admin'), ('2', 'many'), ('3', 'many');
INSERT INTO tj_perm.groups (workspace_id, name)
	SELECT w::text, 'group ' || g FROM generate_series(0, :workspaces - 1) AS w, generate_series(0, 9) AS g
	UNION ALL VALUES ('1', 'readers');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT g.group_id, m.workspace_id, m.user_id FROM tj_perm.members AS m JOIN tj_perm.groups AS g USING (workspace_id)
	WHERE m.user_id LIKE 'user%' AND g.name = 'group ' || (hashtext(m.user_id) & 7)
		OR m.user_id = 'reader' AND g.name = 'readers' OR m.user_id = 'admin' AND g.kind = 'admins';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT workspace_id, group_id, tj_resource(workspace_id, 'folder', workspace_id::bigint * :folders + n), 'viewer'::tj_level
	FROM tj_perm.groups, generate_series(0, 9) AS n WHERE kind = 'custom' AND name <> 'readers'
	UNION ALL
	SELECT workspace_id, group_id, tj_resource(workspace_id, 'folder', :folders + 1), 'viewer' FROM tj_perm.groups WHERE name = 'readers';
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level)
	SELECT org_id::text, 'many', tj_resource(org_id, 'doc', id), 'viewer'
	FROM (SELECT org_id, id, row_number() OVER (PARTITION BY org_id ORDER BY id) AS n FROM docs WHERE org_id IN (2, 3)) AS d WHERE n <= 5000;

-- the same in tables such as an app would have without tj_perm
CREATE TABLE acl_members (user_id text, group_id bigint, PRIMARY KEY (user_id, group_id));
CREATE TABLE acl_grants (group_id bigint, org_id integer NOT NULL, folder_id bigint);
INSERT INTO acl_members SELECT user_id, group_id FROM tj_perm.group_members;
INSERT INTO acl_grants SELECT group_id, workspace_id::integer, substring(resource::text FROM 'folder:(\d+)$')::bigint FROM tj_perm.grants WHERE group_id IS NOT NULL;
INSERT INTO acl_grants SELECT group_id, workspace_id::integer, NULL FROM tj_perm.groups WHERE kind = 'admins';
CREATE INDEX ON acl_grants (group_id);
CREATE INDEX ON acl_grants (folder_id);

-- a body that looks into a table is not inlined by PostgreSQL
CREATE FUNCTION may_see_sql(org integer, folder bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT EXISTS (SELECT FROM acl_members AS m JOIN acl_grants AS g USING (group_id)
		WHERE m.user_id = current_setting('app.user_id') AND (g.folder_id = folder OR g.folder_id IS NULL AND g.org_id = org))
$$;
CREATE FUNCTION may_see_plpgsql(org integer, folder bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM acl_members AS m JOIN acl_grants AS g USING (group_id)
		WHERE m.user_id = current_setting('app.user_id') AND (g.folder_id = folder OR g.folder_id IS NULL AND g.org_id = org));
END
$$;
-- the folders that the user sees; an admin's are all of the workspace
CREATE FUNCTION my_folders() RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT g.folder_id FROM acl_members AS m JOIN acl_grants AS g USING (group_id)
		WHERE m.user_id = current_setting('app.user_id') AND g.folder_id IS NOT NULL
	UNION
	SELECT f.id FROM acl_members AS m JOIN acl_grants AS g USING (group_id) JOIN folders AS f USING (org_id)
		WHERE m.user_id = current_setting('app.user_id') AND g.folder_id IS NULL
$$;

-- ---- one role for each way ----
SELECT format('CREATE ROLE bench_%s LOGIN', way)
FROM unnest(ARRAY['none', 'tj', 'noop', 'exists', 'sql', 'plpgsql', 'in', 'any', 'setting']) AS way \gexec
ALTER ROLE bench_none BYPASSRLS;
GRANT SELECT, UPDATE ON folders, docs, docs_fewer_indexes TO bench_none, bench_tj, bench_noop, bench_exists, bench_sql, bench_plpgsql, bench_in, bench_any, bench_setting;
GRANT SELECT ON acl_members, acl_grants TO bench_exists, bench_sql, bench_plpgsql;
-- whoever may set the user; the connections of this database begin with the library
GRANT SET ON PARAMETER tj_perm.user_id TO bench_tj;

CREATE POLICY tj ON docs TO bench_tj USING (tj_can(tj_user(), tj_resource(org_id, 'folder', folder_id, 'doc', id), 'viewer'));
CREATE POLICY tj ON docs_fewer_indexes TO bench_tj USING (tj_can(tj_user(), tj_resource(org_id, 'folder', folder_id, 'doc', id), 'viewer'));
CREATE POLICY tj ON folders TO bench_tj USING (tj_can(tj_user(), tj_resource(org_id, 'folder', id), 'viewer'));

SELECT format('CREATE POLICY by_%1$s ON %2$s TO bench_%1$s USING (%3$s)', way, relation, replace(condition, '$folder', folder))
FROM (VALUES ('docs', 'docs.folder_id'), ('docs_fewer_indexes', 'docs_fewer_indexes.folder_id'), ('folders', 'folders.id')) AS r (relation, folder), (VALUES
	('noop', 'noop_true(org_id, $folder, ''viewer'')'),
	('exists', 'EXISTS (SELECT FROM acl_members AS m JOIN acl_grants AS g USING (group_id) WHERE m.user_id = (SELECT current_setting(''app.user_id'')) AND g.folder_id = $folder)
		OR EXISTS (SELECT FROM acl_members AS m JOIN acl_grants AS g USING (group_id) WHERE m.user_id = (SELECT current_setting(''app.user_id'')) AND g.folder_id IS NULL AND g.org_id = $org)'),
	('sql', 'may_see_sql(org_id, $folder)'),
	('plpgsql', 'may_see_plpgsql(org_id, $folder)'),
	('in', '$folder IN (SELECT my_folders())'),
	('any', '$folder = ANY (ARRAY(SELECT my_folders()))'),
	('setting', '$folder = ANY (string_to_array(current_setting(''app.folders''), '','')::bigint[])')) AS w (way, shape),
	LATERAL (SELECT replace(shape, '$org', relation || '.org_id')) AS s (condition) \gexec
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs_fewer_indexes ENABLE ROW LEVEL SECURITY;
ALTER TABLE folders ENABLE ROW LEVEL SECURITY;
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;
