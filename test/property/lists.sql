-- test/property/lists.sql
-- The lists and the explanation against the check, on every pair of a user and
-- a target or resource. Loaded behind oracle.sql by test/property/lists: from
-- then on whoever asks oracle.differences asks these questions as well. Nothing
-- here decides about access; tj_can does, and oracle.sql judges tj_can.
--
-- All runs as superuser without an end user, so that it sees everything;
-- where it asks as somebody, the setting ends with the function. Not in parallel
-- workers: refusals are caught.

ALTER FUNCTION oracle.differences(jsonb) RENAME TO differences_of_check;

-- everybody whom any row names
CREATE VIEW oracle.users AS
SELECT m.user_id FROM tj_perm.members AS m
UNION
SELECT gm.user_id FROM tj_perm.group_members AS gm
UNION
SELECT gr.user_id FROM tj_perm.grants AS gr WHERE gr.user_id IS NOT NULL;

-- what the lists list: each workspace, and what grants name
CREATE VIEW oracle.targets AS
SELECT w.workspace_id, tj_workspace(w.workspace_id) AS resource FROM tj_perm.workspaces AS w
UNION
SELECT gr.workspace_id, gr.resource FROM tj_perm.grants AS gr;

-- the answer to a query of one column, in its own order, or the SQLSTATE
CREATE FUNCTION oracle.answer(query text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
	answer text[];
BEGIN
	EXECUTE 'SELECT coalesce(array_agg(q.a), ''{}'') FROM (' || query || ') AS q (a)' INTO answer;
	RETURN answer;
EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state OR undefined_object THEN
	RETURN ARRAY['error ' || SQLSTATE];
END $$;

CREATE FUNCTION oracle.differs(question text, got text[], want text[]) RETURNS SETOF text
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT pg_catalog.format('DIFFERENCE %s: product %s, check %s', $1, COALESCE($2::text, 'NULL'), COALESCE($3::text, 'NULL'))
	WHERE $2 IS DISTINCT FROM $3;
END;

-- u is a valid user id, r a resource of the workspace w
CREATE FUNCTION oracle.differences_of_lists(u text, r tj_resource, w text, l tj_level, matrix boolean) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET tj_perm.user_id = '' AS $$
DECLARE
	who text := oracle.user_id(u);
	rows integer := length(r::text) % 5;
	state text := (SELECT x.status FROM tj_perm.workspaces AS x WHERE x.workspace_id = w);
	member text := (SELECT x.status FROM tj_perm.members AS x WHERE x.workspace_id = w AND x.user_id = oracle.user_id(u));
	refused text[] := CASE WHEN state IS NULL THEN ARRAY['error 42704'] WHEN state <> 'active' THEN ARRAY['error 55000'] END;
	target tj_resource := CASE WHEN tj_perm.is_grant_target(r) THEN r ELSE tj_workspace(w) END;
	q text;
	want text[];
	page text[];
	after tj_resource;
	may_target boolean;
	may_workspace boolean;
BEGIN
	-- who_can: every user, then a page
	q := 'SELECT ROW(x.user_id, x.highest)::text FROM tj_perm.who_can(%L, %L, %L, %L) AS x';
	want := ARRAY(SELECT ROW(x.user_id, tj_level_on(x.user_id, r))::text FROM oracle.users AS x WHERE tj_can(x.user_id, r, l) ORDER BY x.user_id COLLATE "C");
	page := ARRAY(SELECT ROW(x.user_id, tj_level_on(x.user_id, r))::text FROM oracle.users AS x
				  WHERE tj_can(x.user_id, r, l) AND x.user_id COLLATE "C" > who ORDER BY x.user_id COLLATE "C" LIMIT rows);
	RETURN QUERY SELECT oracle.differs(format('who_can(%L, %L)', r, l), oracle.answer(format(q, r, l, NULL, NULL)), coalesce(refused, want));
	RETURN QUERY SELECT oracle.differs(format('who_can(%L, %L, %L, %s)', r, l, u, rows), oracle.answer(format(q, r, l, u, rows)), coalesce(refused, page));
	-- and what is said to give it does give it
	IF refused IS NULL THEN
		RETURN QUERY
			SELECT format('DIFFERENCE who_can(%L, %L): %s', r, l, x)
			FROM tj_perm.who_can(r, l) AS x
			WHERE NOT EXISTS (
				SELECT FROM tj_perm.grants AS gr LEFT JOIN tj_perm.groups AS g ON g.group_id = gr.group_id
				WHERE gr.resource = x.granted_on AND gr.level = x.highest AND tj_can(x.user_id, x.granted_on, x.highest)
				AND x.via = coalesce(CASE g.kind WHEN 'custom' THEN 'group ' || tj_perm._word(g.name) ELSE g.name END, 'direct') AND (gr.user_id IS NULL OR gr.user_id = x.user_id))
			AND NOT (x.via = 'Admins' AND x.granted_on = tj_workspace(w) AND x.highest = 'admin'
				AND EXISTS (SELECT FROM tj_perm.group_members AS gm JOIN tj_perm.groups AS g USING (group_id) WHERE g.workspace_id = w AND g.kind = 'admins' AND gm.user_id = x.user_id));
	END IF;

	-- what_can: every target, one workspace or all, then a page
	q := 'SELECT ROW(x.resource, x.level)::text FROM tj_perm.what_can(%L, %L, %L, %L) AS x';
	want := ARRAY(SELECT ROW(x.resource, tj_level_on(u, x.resource))::text FROM oracle.targets AS x
				  WHERE x.workspace_id = w AND tj_can(u, x.resource, 'viewer') ORDER BY x.resource);
	RETURN QUERY SELECT oracle.differs(format('what_can(%L, %L)', u, w), oracle.answer(format(q, u, w, NULL, NULL)),
									   coalesce(refused, CASE WHEN member IS NULL THEN ARRAY['error 42704'] END, want));
	want := ARRAY(SELECT ROW(x.resource, tj_level_on(u, x.resource))::text FROM oracle.targets AS x
				  WHERE tj_can(u, x.resource, 'viewer') ORDER BY x.resource);
	RETURN QUERY SELECT oracle.differs(format('what_can(%L)', u), oracle.answer(format(q, u, NULL, NULL, NULL)), want);
	page := ARRAY(SELECT ROW(x.resource, tj_level_on(u, x.resource))::text FROM oracle.targets AS x
				  WHERE tj_can(u, x.resource, 'viewer') AND x.resource > r ORDER BY x.resource LIMIT rows);
	RETURN QUERY SELECT oracle.differs(format('what_can(%L, after %L, %s)', u, r, rows), oracle.answer(format(q, u, NULL, r, rows)), page);

	-- explain_access: the verdict, and the highest level among the reasons
	q := 'SELECT DISTINCT x.verdict FROM tj_perm.explain_access(%L, %L, %L) AS x WHERE x.verdict <> ''remedy''';
	RETURN QUERY SELECT oracle.differs(format('explain_access(%L, %L, %L)', u, r, l), oracle.answer(format(q, u, r, l)),
									   ARRAY[CASE WHEN tj_can(u, r, l) THEN 'allowed' ELSE 'denied' END]);
	RETURN QUERY SELECT oracle.differs(format('highest of explain_access(%L, %L, %L)', u, r, l),
									   oracle.answer(format('SELECT max(x.at_level)::text FROM tj_perm.explain_access(%L, %L, %L) AS x WHERE x.verdict = ''allowed''', u, r, l)),
									   ARRAY[CASE WHEN tj_can(u, r, l) THEN tj_level_on(u, r)::text END]);

	-- access_matrix: every user and every target, then a page
	IF matrix THEN
		q := 'SELECT ROW(x.user_id, x.resource, x.level)::text FROM tj_perm.access_matrix(%L, %L, %L, %L) AS x';
		want := ARRAY(SELECT ROW(x.user_id, t.resource, tj_level_on(x.user_id, t.resource))::text FROM oracle.users AS x, oracle.targets AS t
					  WHERE t.workspace_id = w AND tj_can(x.user_id, t.resource, 'viewer') ORDER BY x.user_id COLLATE "C", t.resource);
		RETURN QUERY SELECT oracle.differs(format('access_matrix(%L)', w), oracle.answer(format(q, w, NULL, NULL, NULL)), coalesce(refused, want));
		after := CASE WHEN rows <> 2 THEN r END;
		page := ARRAY(SELECT ROW(x.user_id, t.resource, tj_level_on(x.user_id, t.resource))::text FROM oracle.users AS x, oracle.targets AS t
					  WHERE t.workspace_id = w AND tj_can(x.user_id, t.resource, 'viewer')
					  AND (x.user_id COLLATE "C" > who OR (x.user_id COLLATE "C" = who AND t.resource > after))
					  ORDER BY x.user_id COLLATE "C", t.resource LIMIT 3 * rows);
		RETURN QUERY SELECT oracle.differs(format('access_matrix(%L, %L, %L, %s)', w, u, after, 3 * rows), oracle.answer(format(q, w, u, after, 3 * rows)), coalesce(refused, page));
	END IF;

	-- as that user: the same answers, for those who may ask
	may_workspace := coalesce(tj_perm._level_on(u, tj_workspace(w), true) = 'admin', false);
	may_target := coalesce(tj_perm._level_on(u, target, true) = 'admin', false);
	want := ARRAY(SELECT x.user_id FROM oracle.users AS x WHERE tj_can(x.user_id, r, l) ORDER BY x.user_id COLLATE "C");
	PERFORM set_config('tj_perm.user_id', u, true);
	RETURN QUERY SELECT oracle.differs(format('who_can(%L, %L) as %L', r, l, u), oracle.answer(format('SELECT x.user_id FROM tj_perm.who_can(%L, %L) AS x', r, l)),
									   CASE WHEN NOT may_target THEN ARRAY['error 42501'] ELSE coalesce(refused, want) END);
	RETURN QUERY SELECT oracle.differs(format('explain_access(%L, %L, %L) as the same', u, r, l), oracle.answer(format('SELECT DISTINCT x.verdict FROM tj_perm.explain_access(%L, %L, %L) AS x WHERE x.verdict <> ''remedy''', u, r, l)),
									   ARRAY[CASE WHEN tj_can(u, r, l) THEN 'allowed' ELSE 'denied' END]);
	RETURN QUERY SELECT oracle.differs(format('explain_access(''bob'', %L, %L) as %L', r, l, u), oracle.answer(format('SELECT DISTINCT x.verdict FROM tj_perm.explain_access(''bob'', %L, %L) AS x WHERE x.verdict <> ''remedy''', r, l)),
									   ARRAY[CASE WHEN NOT (may_workspace OR may_target OR u = 'bob') THEN 'error 42501' WHEN tj_can('bob', r, l) THEN 'allowed' ELSE 'denied' END]);
	want := ARRAY(SELECT ROW(x.resource, tj_level_on(u, x.resource))::text FROM oracle.targets AS x
				  WHERE x.workspace_id = w AND tj_can(u, x.resource, 'viewer') ORDER BY x.resource);
	RETURN QUERY SELECT oracle.differs(format('what_can(%L, %L) as the same', u, w), oracle.answer(format('SELECT ROW(x.resource, x.level)::text FROM tj_perm.what_can(%L, %L) AS x', u, w)),
									   CASE WHEN NOT (may_workspace OR tj_is_member(u, w)) THEN ARRAY['error 42501'] ELSE coalesce(refused, want) END);
END $$;

CREATE FUNCTION oracle.differences(probes jsonb) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN QUERY SELECT oracle.differences_of_check(probes);
	-- the matrix is much: one for a set of questions, none within triggers
	RETURN QUERY
		SELECT d
		FROM (SELECT v.*, row_number() OVER () = 1 AND jsonb_array_length(probes) > 3 AS matrix
			  FROM jsonb_to_recordset(probes) AS v (u text, r text, w text, l text)
			  WHERE v.l IS NOT NULL AND v.r IS NOT NULL AND tj_perm.is_user_id(oracle.user_id(v.u))) AS p,
			oracle.differences_of_lists(p.u, p.r::tj_resource, p.w, p.l::tj_level, p.matrix) AS d;
END $$;
