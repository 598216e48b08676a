-- What measure_load uses: 20 workspaces of 30 users, 6 groups and 100 documents
-- in 10 folders; the oracle of test/property; and compare(), which files what
-- tj_can and the oracle answered otherwise in one statement.
\set ON_ERROR_STOP on
CREATE EXTENSION tj_perm;
\i test/property/oracle.sql
INSERT INTO tj_perm.workspaces (workspace_id) SELECT 'w' || w FROM generate_series(1, 20) AS w;
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'w' || w, 'user' || u FROM generate_series(1, 20) AS w, generate_series(1, 30) AS u;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'w' || w, 'g' || g FROM generate_series(1, 20) AS w, generate_series(1, 6) AS g;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT g.group_id, g.workspace_id, m.user_id FROM tj_perm.groups AS g JOIN tj_perm.members AS m USING (workspace_id)
	WHERE g.kind = 'custom' AND hashtext(g.name || m.user_id) % 3 = 0;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT workspace_id, group_id, tj_resource(workspace_id, 'folder', (group_id + n) % 10), 'viewer'
	FROM tj_perm.groups, generate_series(1, 2) AS n WHERE kind = 'custom';
CREATE TABLE docs (id bigint PRIMARY KEY, org text NOT NULL, folder bigint NOT NULL);
INSERT INTO docs SELECT i, 'w' || i / 100 + 1, i % 10 FROM generate_series(0, 1999) AS i;
CREATE INDEX ON docs (org);
CREATE INDEX ON docs (folder);
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON docs FOR SELECT USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'doc', id), 'viewer'));

CREATE FUNCTION oracle_docs(who text, workspace text) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT array_agg(id ORDER BY id) FROM docs
	WHERE org = workspace AND id % 33 = 1 AND oracle.can(who, org, ARRAY['folder', 'doc'], ARRAY[folder::text, id::text], 'viewer')
$$;
CREATE TABLE wrong_answers (at timestamptz DEFAULT clock_timestamp(), question text, got text, want text);
CREATE SEQUENCE answers_yes;
CREATE SEQUENCE answers_no;
CREATE FUNCTION compare(question text, got text, want text, yes boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	IF got IS DISTINCT FROM want THEN
		INSERT INTO wrong_answers (question, got, want) VALUES (compare.question, compare.got, compare.want);
	END IF;
	PERFORM CASE WHEN yes THEN nextval('answers_yes') ELSE nextval('answers_no') END;
END
$$;
-- it does file a difference
SELECT compare('control', 'a', 'b', true);
DELETE FROM wrong_answers WHERE question = 'control' RETURNING 1 / 1 AS control \gset
\if :{?control}
\else
\echo 'compare() files nothing'
SELECT 1 / 0;
\endif

CREATE ROLE bench_app LOGIN;
GRANT SET ON PARAMETER tj_perm.user_id TO bench_app;
GRANT SELECT ON docs TO bench_app;
GRANT USAGE ON SCHEMA oracle TO bench_app;
VACUUM ANALYZE;
