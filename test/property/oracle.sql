-- test/property/oracle.sql
-- The rules of access as plain SQL over the tables of tj_perm.
--
-- Written from DESIGN.md, sections 3 and 5, and from nothing else: whoever
-- changes a rule changes it here by hand, and never after a look at
-- src/check.c. Slow and obvious beats fast. Every function is STABLE, so it
-- reads under the snapshot of the statement that calls it, as tj_can must.
--
-- A resource is given by its parts: workspace, types and ids from the
-- outermost element on; the id of a wildcard is NULL.

CREATE SCHEMA oracle;

-- A10: e-mail addresses compare without regard to the case of ASCII letters.
CREATE FUNCTION oracle.user_id(asked text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.strpos(asked, '@') > 0
	THEN pg_catalog.translate(asked, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
	ELSE asked END;

-- One part of a resource as tj_resource prints it.
CREATE FUNCTION oracle.part(part text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN part ~ '[/:*"\x01-\x20\x7f]' OR part = ''
	THEN '"' || pg_catalog.replace(part, '"', '""') || '"'
	ELSE part END;

-- A1.b: the printed targets that cover a path: the workspace itself, each
-- element, and type:* for the type of each element.
CREATE FUNCTION oracle.covering(workspace text, types text[], ids text[]) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT oracle.part(workspace)
	UNION ALL
	SELECT oracle.part(workspace) || '/' || oracle.part(e.type) || ':' || oracle.part(e.id)
	FROM ROWS FROM (pg_catalog.unnest(types), pg_catalog.unnest(ids)) AS e (type, id)
	WHERE e.id IS NOT NULL
	UNION ALL
	SELECT oracle.part(workspace) || '/' || oracle.part(e.type) || ':*'
	FROM pg_catalog.unnest(types) AS e (type);
END;

CREATE FUNCTION oracle.rank(level text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE level WHEN 'viewer' THEN 1 WHEN 'editor' THEN 2 WHEN 'admin' THEN 3 END;

-- A1, A6: the membership that may have access: active, in an active workspace.
CREATE FUNCTION oracle.member(user_id text, workspace text) RETURNS TABLE (workspace_id text, user_id text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.workspace_id, m.user_id
	FROM tj_perm.workspaces AS w
	JOIN tj_perm.members AS m ON m.workspace_id = w.workspace_id
	WHERE w.workspace_id = $2
		AND w.status = 'active'
		AND m.user_id = oracle.user_id($1)
		AND m.status = 'active';
END;

CREATE FUNCTION oracle.is_member(user_id text, workspace text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM oracle.member(is_member.user_id, is_member.workspace));
END;

-- A1: the rank of the highest level that a user holds; 0 for none, and for
-- whatever is unknown or NULL (A5).
CREATE FUNCTION oracle.rank_on(user_id text, workspace text, types text[], ids text[]) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
	WITH RECURSIVE member AS MATERIALIZED (
		SELECT * FROM oracle.member(rank_on.user_id, rank_on.workspace)
	),
	-- The groups that the member belongs to. A row counts only together with
	-- its group in the same workspace (orphans give nothing); All Users needs
	-- no row (A3); the default groups neither hold groups nor lie in one (A11).
	-- UNION keeps every group once, which ends cycles.
	belongs (group_id, kind) AS (
		(
			SELECT g.group_id, g.kind
			FROM member AS m
			JOIN tj_perm.group_members AS gm ON gm.workspace_id = m.workspace_id AND gm.user_id = m.user_id
			JOIN tj_perm.groups AS g ON g.group_id = gm.group_id AND g.workspace_id = m.workspace_id
			UNION
			SELECT g.group_id, g.kind
			FROM member AS m
			JOIN tj_perm.groups AS g ON g.workspace_id = m.workspace_id
			WHERE g.kind = 'all_users'
		)
		UNION
		SELECT outside.group_id, outside.kind
		FROM belongs AS inside
		JOIN tj_perm.group_nesting AS n ON n.inner_group_id = inside.group_id
		JOIN tj_perm.groups AS outside ON outside.group_id = n.group_id
		WHERE n.workspace_id = rank_on.workspace
			AND outside.workspace_id = rank_on.workspace
			AND inside.kind = 'custom'
			AND outside.kind = 'custom'
	),
	held AS (
		-- A1.a
		SELECT 3 AS rank FROM belongs AS b WHERE b.kind = 'admins'
		UNION ALL
		-- A1.b, A9
		SELECT oracle.rank(g.level::text)
		FROM member AS m
		JOIN tj_perm.grants AS g ON g.workspace_id = m.workspace_id
		WHERE (g.user_id = m.user_id OR g.group_id IN (SELECT b.group_id FROM belongs AS b))
			AND (g.valid_from IS NULL OR g.valid_from <= pg_catalog.statement_timestamp())
			AND (g.valid_until IS NULL OR g.valid_until > pg_catalog.statement_timestamp())
			AND g.resource::text IN (SELECT * FROM oracle.covering(rank_on.workspace, rank_on.types, rank_on.ids))
	)
	-- A2
	SELECT COALESCE(pg_catalog.max(h.rank), 0) FROM held AS h;
END;

CREATE FUNCTION oracle.can(user_id text, workspace text, types text[], ids text[], level text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN COALESCE(oracle.rank_on(user_id, workspace, types, ids) >= oracle.rank(level), false);

-- The highest level held, or NULL.
CREATE FUNCTION oracle.level_on(user_id text, workspace text, types text[], ids text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (ARRAY['viewer', 'editor', 'admin'])[oracle.rank_on(user_id, workspace, types, ids)];

-- Compares product and oracle on probes: a JSON array of objects with
--   u user, r resource as text, w workspace, t types, i ids, l level
-- A row per difference, empty if there is none. The three questions are asked
-- in one statement, so under one snapshot and one clock.
CREATE FUNCTION oracle.differences(probes jsonb) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH probe AS MATERIALIZED (
		SELECT p.u, p.r, p.r::tj_resource AS resource, p.w, p.t, p.i, p.l, p.l::tj_level AS level
		FROM pg_catalog.jsonb_to_recordset(probes) AS p (u text, r text, w text, t text[], i text[], l text)
	), oracle AS MATERIALIZED (
		SELECT p.*, oracle.rank_on(p.u, p.w, p.t, p.i) AS rank FROM probe AS p
	), answer (question, got, want, u, r, l) AS (
		SELECT 'tj_can', tj_can(p.u, p.resource, p.level)::text, COALESCE(p.rank >= oracle.rank(p.l), false)::text, p.u, p.r, p.l
		FROM oracle AS p
		UNION ALL
		SELECT 'tj_level_on', tj_level_on(p.u, p.resource)::text, (ARRAY['viewer', 'editor', 'admin'])[p.rank], p.u, p.r, p.l
		FROM oracle AS p
		UNION ALL
		SELECT 'tj_is_member', tj_is_member(p.u, p.w)::text, oracle.is_member(p.u, p.w)::text, p.u, p.w, p.l
		FROM probe AS p
	)
	SELECT pg_catalog.format('DIFFERENCE %s: product %s, oracle %s, user %L, on %L, level %L',
							 a.question, COALESCE(a.got, 'NULL'), COALESCE(a.want, 'NULL'), a.u, a.r, a.l)
	FROM answer AS a
	WHERE a.got IS DISTINCT FROM a.want;
END;

-- The same from inside a change: a VOLATILE function takes a new snapshot, so
-- it sees rows that the calling statement has just written, and sees them
-- before the AFTER triggers of that statement ran.
CREATE FUNCTION oracle.differences_now(probes jsonb) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN QUERY SELECT d FROM oracle.differences(probes) AS d;
END $$;

-- Trigger: asks the probes in the setting oracle.probes after each changed row,
-- by one instance that fires before the product's own AFTER triggers and one
-- that fires behind them. XD000 is the error of a difference.
CREATE SEQUENCE oracle.asked_in_triggers;
CREATE FUNCTION oracle.ask() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	probes text := NULLIF(current_setting('oracle.probes', true), '');
	difference text;
BEGIN
	IF probes IS NOT NULL THEN
		SELECT d INTO difference FROM oracle.differences(probes::jsonb) AS d LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION '% (in trigger % on %)', difference, TG_NAME, TG_TABLE_NAME USING ERRCODE = 'XD000';
		END IF;
		PERFORM nextval('oracle.asked_in_triggers');
	END IF;
	RETURN NULL;
END $$;
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{workspaces,members,groups,group_members,group_nesting,grants}'::text[] LOOP
		EXECUTE format('CREATE TRIGGER "!_ask" AFTER INSERT OR UPDATE OR DELETE ON tj_perm.%I FOR EACH ROW EXECUTE FUNCTION oracle.ask()', name);
		EXECUTE format('CREATE TRIGGER "~_ask" AFTER INSERT OR UPDATE OR DELETE ON tj_perm.%I FOR EACH ROW EXECUTE FUNCTION oracle.ask()', name);
		EXECUTE format('ALTER TABLE tj_perm.%I ENABLE ALWAYS TRIGGER "!_ask", ENABLE ALWAYS TRIGGER "~_ask"', name);
	END LOOP;
END $$;

-- What must hold in any committed state that no replica-role write made:
-- A7 and A11 for as long as nobody switched the triggers off. One row per
-- violation, orphans (A8) among them.
CREATE FUNCTION oracle.broken() RETURNS SETOF text
LANGUAGE sql STABLE
BEGIN ATOMIC
	WITH RECURSIVE reach (start_id, group_id) AS (
		SELECT n.inner_group_id, n.group_id FROM tj_perm.group_nesting AS n
		UNION
		SELECT r.start_id, n.group_id FROM reach AS r JOIN tj_perm.group_nesting AS n ON n.inner_group_id = r.group_id
	), depth (start_id, group_id, nestings) AS (
		SELECT n.inner_group_id, n.group_id, 1 FROM tj_perm.group_nesting AS n
		UNION
		SELECT d.start_id, n.group_id, d.nestings + 1
		FROM depth AS d JOIN tj_perm.group_nesting AS n ON n.inner_group_id = d.group_id
		WHERE d.nestings <= 16
	)
	SELECT 'BROKEN A11: cycle through group ' || r.start_id FROM reach AS r WHERE r.start_id = r.group_id
	UNION ALL
	SELECT 'BROKEN A11: more than 16 nestings above group ' || d.start_id FROM depth AS d WHERE d.nestings > 16
	UNION ALL
	SELECT 'BROKEN A11: default group in a nesting: ' || g.name || ' of ' || g.workspace_id
	FROM tj_perm.group_nesting AS n JOIN tj_perm.groups AS g ON g.group_id IN (n.group_id, n.inner_group_id)
	WHERE g.kind <> 'custom'
	UNION ALL
	SELECT 'BROKEN A12: ' || w.workspace_id || ' lacks a default group'
	FROM tj_perm.workspaces AS w
	WHERE (SELECT count(DISTINCT g.kind) FROM tj_perm.groups AS g WHERE g.workspace_id = w.workspace_id AND g.kind <> 'custom') <> 2
	UNION ALL
	SELECT 'BROKEN A8: ' || o.what
	FROM (
		SELECT 'member without workspace' FROM tj_perm.members AS m
		WHERE NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = m.workspace_id)
		UNION ALL
		SELECT 'group without workspace' FROM tj_perm.groups AS g
		WHERE NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = g.workspace_id)
		UNION ALL
		SELECT 'membership without group or member' FROM tj_perm.group_members AS gm
		WHERE NOT EXISTS (SELECT FROM tj_perm.groups AS g WHERE g.group_id = gm.group_id AND g.workspace_id = gm.workspace_id)
			OR NOT EXISTS (SELECT FROM tj_perm.members AS m WHERE m.user_id = gm.user_id AND m.workspace_id = gm.workspace_id)
		UNION ALL
		SELECT 'nesting without group' FROM tj_perm.group_nesting AS n
		WHERE NOT EXISTS (SELECT FROM tj_perm.groups AS g WHERE g.group_id = n.group_id AND g.workspace_id = n.workspace_id)
			OR NOT EXISTS (SELECT FROM tj_perm.groups AS g WHERE g.group_id = n.inner_group_id AND g.workspace_id = n.workspace_id)
		UNION ALL
		SELECT 'grant without grantee' FROM tj_perm.grants AS gr
		WHERE gr.group_id IS NOT NULL AND NOT EXISTS (SELECT FROM tj_perm.groups AS g WHERE g.group_id = gr.group_id AND g.workspace_id = gr.workspace_id)
			OR gr.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM tj_perm.members AS m WHERE m.user_id = gr.user_id AND m.workspace_id = gr.workspace_id)
	) AS o (what);
END;

-- A7: the workspaces that have an active admin, told apart from later ones
-- under the same key by the time they were made.
CREATE FUNCTION oracle.administered() RETURNS SETOF text
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT w.workspace_id || ' made at ' || w.created_at
	FROM tj_perm.workspaces AS w
	WHERE EXISTS (
		SELECT
		FROM tj_perm.groups AS g
		JOIN tj_perm.group_members AS gm ON gm.group_id = g.group_id AND gm.workspace_id = g.workspace_id
		JOIN tj_perm.members AS m ON m.workspace_id = gm.workspace_id AND m.user_id = gm.user_id
		WHERE g.workspace_id = w.workspace_id AND g.kind = 'admins' AND m.status = 'active');
END;

-- Section 5, point 2: whoever has seen a stamp has seen everything that the
-- stamp stands for. The same stamp with another content since the last call is
-- a change that renewed no stamp; cached state would outlive it.
CREATE TABLE oracle.stamped (
	workspace_id text COLLATE "C",
	group_id bigint,
	user_id text COLLATE "C",
	stamp bigint,
	content text,
	PRIMARY KEY (workspace_id, group_id, user_id)
);
CREATE VIEW oracle.stamp_content AS
WITH fact (workspace_id, group_id, user_id, fact) AS (
	SELECT w.workspace_id, 0, '', w.status FROM tj_perm.workspaces AS w
	UNION ALL
	SELECT g.workspace_id, 0, '', concat_ws(' ', g.kind, g.group_id) FROM tj_perm.groups AS g WHERE g.kind <> 'custom'
	UNION ALL
	SELECT g.workspace_id, g.group_id, '', 'kind ' || g.kind FROM tj_perm.groups AS g
	UNION ALL
	SELECT n.workspace_id, n.inner_group_id, '', 'in ' || n.group_id FROM tj_perm.group_nesting AS n
	UNION ALL
	SELECT m.workspace_id, 0, m.user_id, m.status FROM tj_perm.members AS m
	UNION ALL
	SELECT gm.workspace_id, 0, gm.user_id, 'in ' || gm.group_id FROM tj_perm.group_members AS gm
	UNION ALL
	SELECT a.workspace_id, COALESCE(a.group_id, 0), COALESCE(a.user_id, ''),
		concat_ws(' ', a.level::text, 'on', a.resource::text, 'from', a.valid_from, 'until', a.valid_until)
	FROM tj_perm.grants AS a
)
SELECT s.workspace_id, s.group_id, s.user_id, s.stamp, COALESCE(c.content, 'nothing') AS content
FROM tj_perm.stamps AS s
LEFT JOIN (
	SELECT f.workspace_id, f.group_id, f.user_id, string_agg(f.fact, '; ' ORDER BY f.fact) AS content
	FROM fact AS f
	GROUP BY f.workspace_id, f.group_id, f.user_id
) AS c USING (workspace_id, group_id, user_id)
WHERE s.group_id >= 0 AND s.workspace_id <> '';

CREATE FUNCTION oracle.unstamped_changes() RETURNS SETOF text
LANGUAGE sql VOLATILE
BEGIN ATOMIC
	WITH now AS MATERIALIZED (
		SELECT * FROM oracle.stamp_content
	), gone AS (
		DELETE FROM oracle.stamped AS b
		WHERE NOT EXISTS (SELECT FROM now AS n WHERE (n.workspace_id, n.group_id, n.user_id) = (b.workspace_id, b.group_id, b.user_id))
	), kept AS (
		INSERT INTO oracle.stamped SELECT n.workspace_id, n.group_id, n.user_id, n.stamp, n.content FROM now AS n
		ON CONFLICT (workspace_id, group_id, user_id) DO UPDATE SET stamp = EXCLUDED.stamp, content = EXCLUDED.content
		WHERE (stamped.stamp, stamped.content) IS DISTINCT FROM (EXCLUDED.stamp, EXCLUDED.content)
	)
	SELECT format('BROKEN stamps: workspace %L, group %s, user %L kept its stamp, but %s became %s',
				  n.workspace_id, n.group_id, n.user_id, b.content, n.content)
	FROM now AS n
	JOIN oracle.stamped AS b ON (n.workspace_id, n.group_id, n.user_id) = (b.workspace_id, b.group_id, b.user_id)
	WHERE n.stamp = b.stamp AND n.content <> b.content;
END;
