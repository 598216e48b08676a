-- A workspace with many groups among small ones: what is asked of it reads as much
-- as the answer needs, however many groups and memberships there are beside. The
-- planner knows the average workspace alone, and one plan serves all of them.

\set VERBOSITY terse
\set SHOW_CONTEXT never

BEGIN;
INSERT INTO tj_perm.workspaces (workspace_id) SELECT 'small ' || i FROM generate_series(1, 2000) AS i;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('many');
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'many', 'user ' || i FROM generate_series(1, 1000) AS i;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'many', 'user 1' FROM tj_perm.groups WHERE workspace_id = 'many' AND kind = 'admins';
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'many', 'group ' || i FROM generate_series(1, 1000) AS i;
-- ten users in each group; ten layers of groups, each group in three of the next layer
CREATE TEMP TABLE numbered ON COMMIT DROP AS
	SELECT group_id, split_part(name, ' ', 2)::integer AS n FROM tj_perm.groups WHERE workspace_id = 'many' AND kind = 'custom';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'many', 'user ' || (n * 7 + i * 100) % 1000 + 1 FROM numbered, generate_series(1, 10) AS i;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, 'many' FROM numbered AS i, generate_series(1, 21, 10) AS next, numbered AS o
	WHERE i.n % 10 <> 0 AND o.n = i.n + next;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'many', group_id, tj_resource('many', 'app', n), 'viewer' FROM numbered WHERE n = 200;
ANALYZE tj_perm.groups, tj_perm.group_members, tj_perm.group_nesting, tj_perm.members, tj_perm.grants;

-- how many pages of these tables and their indexes a query visits
CREATE FUNCTION pg_temp.visited() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid))::bigint
	FROM pg_class AS c LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
	WHERE coalesce(i.indrelid, c.oid) IN ('tj_perm.groups'::regclass, 'tj_perm.group_members'::regclass, 'tj_perm.group_nesting'::regclass)
$$;
CREATE FUNCTION pg_temp.visits(query text, OUT count bigint, OUT visits bigint) LANGUAGE plpgsql AS $$
DECLARE
	v_before bigint := pg_temp.visited();
BEGIN
	EXECUTE query INTO count;
	visits := pg_temp.visited() - v_before;
END
$$;

-- what people ask
SELECT count, visits < 100000 AS few, CASE WHEN visits >= 100000 THEN visits END AS visits
FROM pg_temp.visits($$SELECT count(*) FROM tj_perm.explain_access('user 108', 'many/app:200', 'viewer') WHERE verdict = 'allowed'$$);
SELECT count, visits < 20000 AS few, CASE WHEN visits >= 20000 THEN visits END AS visits
FROM pg_temp.visits($$SELECT count(*) FROM tj_perm.who_can('many/app:200', 'viewer', max_rows => 5)$$);
SELECT count, visits < 50000 AS few, CASE WHEN visits >= 50000 THEN visits END AS visits
FROM pg_temp.visits($$SELECT count(*) FROM tj_perm.what_can('user 108', 'many')$$);
SELECT count, visits < 1000000 AS few, CASE WHEN visits >= 1000000 THEN visits END AS visits
FROM pg_temp.visits($$SELECT count(*) FROM tj_perm.access_matrix('many', max_rows => 20)$$);
-- members who go to sleep: is one of the admins among them?
SELECT count, visits < 10000 AS few, CASE WHEN visits >= 10000 THEN visits END AS visits
FROM pg_temp.visits($$WITH slept AS (UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'many' AND user_id > 'user 8' RETURNING 1) SELECT count(*) FROM slept$$);
-- memberships that go, one statement each: were they the last admin's?
CREATE FUNCTION pg_temp.leave(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..n LOOP
		DELETE FROM tj_perm.group_members WHERE workspace_id = 'many' AND user_id = 'user ' || 100 + i;
	END LOOP;
	RETURN n;
END
$$;
SELECT count, visits < 20000 AS few, CASE WHEN visits >= 20000 THEN visits END AS visits
FROM pg_temp.visits('SELECT pg_temp.leave(50)');
ROLLBACK;
