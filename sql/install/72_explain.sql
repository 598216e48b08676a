-- Why a user can or cannot: the rules of access told for one user, one
-- resource and one level.
--
-- The verdict is tj_can's own. What is told besides is read from the tables
-- under the same snapshot and clock; should the two ever disagree, the call
-- fails instead of telling a tale.

-- what covers a resource

CREATE FUNCTION tj_perm._wildcard_target(p_workspace text, p_type text) RETURNS @extschema@.tj_resource
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- constructors make no wildcards: take the text of type:x and put "*" for the x
	SELECT (pg_catalog.left(@extschema@.tj_resource(p_workspace, p_type, 'x'::text)::text, -1) OPERATOR(pg_catalog.||) '*')::@extschema@.tj_resource;
END;
COMMENT ON FUNCTION tj_perm._wildcard_target(text, text) IS 'The target workspace/type:*.';

CREATE FUNCTION tj_perm._targets_covering(p_resource @extschema@.tj_resource) RETURNS TABLE (target @extschema@.tj_resource, breadth integer)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
	-- by its text: pg_upgrade makes functions before there is an operator class of ours
	SELECT DISTINCT ON (c.target::text COLLATE "C") c.target, c.breadth
	FROM (SELECT @extschema@.tj_resource(tj_perm.workspace_of(p_resource), e.type, e.id), -2 OPERATOR(pg_catalog.*) e.position
		  FROM tj_perm.elements_of(p_resource) AS e
		  WHERE e.id IS NOT NULL
		  UNION ALL
		  SELECT tj_perm._wildcard_target(tj_perm.workspace_of(p_resource), e.type), 1 OPERATOR(pg_catalog.-) 2 OPERATOR(pg_catalog.*) e.position
		  FROM tj_perm.elements_of(p_resource) AS e
		  UNION ALL
		  SELECT @extschema@.tj_workspace(tj_perm.workspace_of(p_resource)), 0) AS c (target, breadth)
	ORDER BY c.target::text COLLATE "C", c.breadth;
END;
COMMENT ON FUNCTION tj_perm._targets_covering(@extschema@.tj_resource) IS 'The targets that cover a resource (rule A1): each element, type:* for the type of each, the workspace; the narrowest has the least breadth.';

CREATE FUNCTION tj_perm._place(p_target @extschema@.tj_resource) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := @extschema@.tj_workspace(tj_perm.workspace_of(p_target))::text;
BEGIN
	IF p_target::text = v_workspace THEN
		RETURN 'the workspace';
	END IF;
	RETURN substr(p_target::text, length(v_workspace) + 2);
END
$$;
COMMENT ON FUNCTION tj_perm._place(@extschema@.tj_resource) IS 'A target as it is spoken of within its workspace.';

-- the groups of a user

CREATE FUNCTION tj_perm._groups_around(p_workspace text, p_user_id text) RETURNS TABLE (group_id bigint, kind text, chain text[])
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_seen bigint[];
	v_found record;
	v_at integer := 0;
	v_ids bigint[] := '{}'::bigint[];
	v_chains jsonb[] := '{}'::jsonb[];
BEGIN
	-- breadth first: the chain that is told is a shortest one
	FOR v_found IN
		SELECT g.group_id, g.kind, g.name
		FROM tj_perm.groups AS g
		WHERE g.workspace_id = p_workspace
		AND g.group_id IN (SELECT gm.group_id FROM tj_perm.group_members AS gm
						   WHERE gm.workspace_id = p_workspace AND gm.user_id = p_user_id
						   UNION
						   SELECT x.group_id FROM tj_perm.groups AS x
						   WHERE x.workspace_id = p_workspace AND x.name_key = 'all users' AND x.kind = 'all_users')
		ORDER BY g.name_key
	LOOP
		group_id := v_found.group_id;
		kind := v_found.kind;
		chain := ARRAY[tj_perm._word(v_found.name)];
		RETURN NEXT;
		v_seen := v_seen || v_found.group_id;
		IF v_found.kind = 'custom' THEN
			v_ids := v_ids || v_found.group_id;
			v_chains := v_chains || to_jsonb(chain);
		END IF;
	END LOOP;
	WHILE v_at < cardinality(v_ids) LOOP
		v_at := v_at + 1;
		FOR v_found IN
			SELECT g.group_id, g.name
			FROM tj_perm.group_nesting AS n
			CROSS JOIN LATERAL (
				-- one by one: the workspace may have many groups
				SELECT x.group_id, x.name, x.name_key FROM tj_perm.groups AS x
				WHERE x.group_id = n.group_id AND x.workspace_id = p_workspace AND x.kind = 'custom'
				OFFSET 0
			) AS g
			WHERE n.inner_group_id = v_ids[v_at] AND n.workspace_id = p_workspace
			AND g.group_id <> ALL (v_seen)
			ORDER BY g.name_key
		LOOP
			group_id := v_found.group_id;
			kind := 'custom';
			chain := ARRAY(SELECT c.name FROM jsonb_array_elements_text(v_chains[v_at]) WITH ORDINALITY AS c (name, n) ORDER BY c.n) || tj_perm._word(v_found.name);
			RETURN NEXT;
			v_seen := v_seen || v_found.group_id;
			v_ids := v_ids || v_found.group_id;
			v_chains := v_chains || to_jsonb(chain);
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._groups_around(text, text) IS 'The groups that a member belongs to, All Users included (rules A3, A11), each with the chain of groups that leads there, the one that lists the member first. The status of the member does not matter.';

-- the grants that bear on the question

CREATE FUNCTION tj_perm._grants_bearing(p_user_id text, p_resource @extschema@.tj_resource)
	RETURNS TABLE (target @extschema@.tj_resource, breadth integer, level @extschema@.tj_level, to_user text, chain text[], valid_from timestamp with time zone, valid_until timestamp with time zone, granted_by text, granted_at timestamp with time zone, note text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
BEGIN
	RETURN QUERY
		WITH target AS MATERIALIZED (
			SELECT c.target, c.breadth FROM tj_perm._targets_covering(p_resource) AS c
		), around AS MATERIALIZED (
			SELECT a.group_id, a.chain FROM tj_perm._groups_around(v_workspace, p_user_id) AS a WHERE a.kind <> 'admins'
		), bearing AS (
			SELECT t.target, t.breadth, gr.level, NULL::text AS user_id, a.chain, gr.valid_from, gr.valid_until, gr.granted_by, gr.granted_at, gr.note
			FROM target AS t
			CROSS JOIN around AS a
			CROSS JOIN LATERAL (
				SELECT x.* FROM tj_perm.grants AS x
				WHERE x.group_id = a.group_id AND x.workspace_id = v_workspace AND x.resource OPERATOR(@extschema@.=) t.target
				OFFSET 0
			) AS gr
			UNION ALL
			SELECT t.target, t.breadth, gr.level, gr.user_id, NULL, gr.valid_from, gr.valid_until, gr.granted_by, gr.granted_at, gr.note
			FROM target AS t
			CROSS JOIN LATERAL (
				SELECT x.* FROM tj_perm.grants AS x
				WHERE x.workspace_id = v_workspace AND x.user_id = p_user_id AND x.resource OPERATOR(@extschema@.=) t.target
				OFFSET 0
			) AS gr
		)
		SELECT b.* FROM bearing AS b
		ORDER BY b.breadth, b.level USING OPERATOR(@extschema@.>), b.chain NULLS FIRST;
END
$$;
COMMENT ON FUNCTION tj_perm._grants_bearing(text, @extschema@.tj_resource) IS 'The grants, at any level and time, to the user and to their groups but Admins, on what covers the resource; the narrowest target first.';

CREATE FUNCTION tj_perm._minute(p_time timestamp with time zone) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE WHEN pg_catalog.isfinite(p_time) THEN pg_catalog.to_char(p_time, 'YYYY-MM-DD HH24:MI'::text) ELSE p_time::text END;
COMMENT ON FUNCTION tj_perm._minute(timestamp with time zone) IS 'A time to the minute, in the session''s time zone.';

CREATE FUNCTION tj_perm.explain_access(user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level) RETURNS TABLE (verdict text, at_level @extschema@.tj_level, explanation text)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.explain_access(text, @extschema@.tj_resource, @extschema@.tj_level) IS
'Why tj_can(user_id, resource, level) is what it is. If true: one row "allowed" for each membership of Admins and each grant that gives the level now, the narrowest target first, with the level that it gives. If false: rows "denied" for what stands in the way, then rows "remedy", each with a statement ready to run: all are needed, in their order; at most one, the last, is a grant: of this level, to the user, on the resource''s last element (if the user holds exactly that already, expired or not valid yet, it is made valid now: its note stays, and its end if that is still to come). An archived workspace is told, and no error. Errors: 42501, 22023 NULL or bad user id. Who may: workspace admins; admins of the resource if it is type:* or one element (of wider grants they learn only that there is one); every user about themself (who granted what to a group is not told, and to those who are not active members nothing but that).';

CREATE FUNCTION tj_perm._explain_access(p_user_id text, p_resource @extschema@.tj_resource, p_level @extschema@.tj_level) RETURNS TABLE (verdict text, at_level @extschema@.tj_level, explanation text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_workspace text := tj_perm.workspace_of(p_resource);
	v_of_workspace boolean;
	v_of_target boolean;
	v_self boolean;
	v_workspace_status text;
	v_status text;
	v_expires_at timestamp with time zone;
	v_awake boolean;
	v_can boolean;
	v_gives boolean := false;
	v_told boolean := false;
	v_grant record;
	v_target @extschema@.tj_resource;
	v_kept text := '';
	v_remedies text[] := '{}'::text[];
BEGIN
	PERFORM tj_perm._require_value(p_resource, 'resource');
	PERFORM tj_perm._require_value(p_level, 'level');

	-- a longer path is the caller's claim: admin of one element proves nothing about the others
	v_self := coalesce(v_user_id = @extschema@.tj_user(), false);
	v_of_workspace := tj_perm._may_administer(@extschema@.tj_workspace(v_workspace));
	v_of_target := tj_perm.is_grant_target(p_resource) AND tj_perm._may_administer(p_resource);
	IF NOT (v_self OR v_of_workspace OR v_of_target) THEN
		PERFORM tj_perm._require_admin(@extschema@.tj_workspace(v_workspace), format('resource "%s"', p_resource));
	END IF;

	v_can := @extschema@.tj_can(v_user_id, p_resource, p_level);
	SELECT w.status INTO v_workspace_status FROM tj_perm.workspaces AS w WHERE w.workspace_id = v_workspace;
	SELECT m.status INTO v_status FROM tj_perm.members AS m
		WHERE m.workspace_id = v_workspace AND m.user_id = v_user_id AND v_workspace_status IS NOT NULL;
	v_awake := coalesce(v_workspace_status = 'active' AND v_status = 'active', false);

	-- denied by what the workspace and the user are, whatever is granted; who is
	-- no member learns the same of a workspace that exists and of one that does not
	verdict := 'denied';
	IF v_workspace_status IS NULL AND (v_of_workspace OR v_of_target) THEN
		explanation := format('workspace "%s" does not exist', v_workspace);
		RETURN NEXT;
		RETURN;
	END IF;
	IF v_workspace_status <> 'active' AND (v_status IS NOT NULL OR v_of_workspace OR v_of_target) THEN
		explanation := format('workspace "%s" is archived', v_workspace);
		v_remedies := v_remedies || format('SELECT tj_perm.restore_workspace(%L);', v_workspace);
		RETURN NEXT;
	END IF;
	IF v_status IS NULL THEN
		explanation := format('user "%s" is not a member of workspace "%s"', v_user_id, v_workspace);
		v_remedies := v_remedies || format('SELECT tj_perm.invite_user(%L, %L);', v_workspace, v_user_id);
		RETURN NEXT;
	ELSIF v_status = 'archived' THEN
		explanation := format('user "%s" is archived', v_user_id);
		v_remedies := v_remedies || format('SELECT tj_perm.restore_user(%L, %L);', v_workspace, v_user_id);
		RETURN NEXT;
	ELSIF v_status = 'invited' THEN
		SELECT i.expires_at INTO v_expires_at FROM tj_perm.invitations AS i
			WHERE i.workspace_id = v_workspace AND i.user_id = v_user_id;
		explanation := format(CASE
			WHEN v_expires_at IS NULL THEN 'user "%s" is invited, but has no open invitation'
			WHEN v_expires_at > pg_catalog.statement_timestamp() THEN 'user "%s" has not accepted the invitation'
			ELSE 'user "%s" has not accepted the invitation, which has expired' END, v_user_id);
		IF v_expires_at IS NULL OR v_expires_at <= pg_catalog.statement_timestamp() THEN
			v_remedies := v_remedies || format('SELECT tj_perm.invite_user(%L, %L);', v_workspace, v_user_id);
		END IF;
		RETURN NEXT;
	END IF;

	-- Admins, then grant by grant, for those who are no members too: what would
	-- bear on them once they are; those who sleep learn nothing more about themselves
	IF v_awake OR v_of_workspace OR v_of_target THEN
		v_target := (SELECT c.target FROM tj_perm._targets_covering(p_resource) AS c ORDER BY c.breadth LIMIT 1);
		v_gives := EXISTS (
			SELECT FROM tj_perm._groups_around(v_workspace, v_user_id) AS g WHERE g.kind = 'admins');
		IF v_gives AND v_can THEN
			verdict := 'allowed';
			at_level := 'admin';
			explanation := 'member of Admins';
			RETURN NEXT;
		END IF;
		FOR v_grant IN
			SELECT b.*,
				   b.level OPERATOR(@extschema@.>=) p_level AS enough,
				   tj_perm._is_valid_now(b.valid_from, b.valid_until) AS valid,
				   b.valid_from > pg_catalog.statement_timestamp() AS later,
				   v_of_workspace OR v_self OR b.target OPERATOR(@extschema@.=) p_resource AS shown
			FROM tj_perm._grants_bearing(v_user_id, p_resource) AS b
		LOOP
			v_gives := v_gives OR (v_grant.enough AND v_grant.valid);
			at_level := v_grant.level;
			IF v_can THEN
				-- what gives the level
				CONTINUE WHEN NOT (v_grant.enough AND v_grant.valid);
				verdict := 'allowed';
				IF NOT v_grant.shown THEN
					CONTINUE WHEN v_told;
					v_told := true;
					explanation := 'a grant on more than this resource';
					RETURN NEXT;
					CONTINUE;
				END IF;
			ELSE
				-- what falls short of it by one thing
				CONTINUE WHEN v_grant.enough = v_grant.valid OR NOT v_grant.shown;
				v_told := true;
			END IF;
			explanation := concat(
				CASE
					WHEN v_grant.to_user IS NOT NULL THEN 'directly'
					WHEN v_grant.chain = ARRAY[tj_perm._word('All Users')] THEN 'All Users'
					WHEN v_of_workspace OR v_self THEN 'group ' || array_to_string(v_grant.chain, ' in ')
					ELSE 'group ' || v_grant.chain[cardinality(v_grant.chain)] END,
				' on ', tj_perm._place(v_grant.target),
				CASE
					WHEN NOT v_grant.valid AND v_grant.later THEN ', not valid before ' || tj_perm._minute(v_grant.valid_from)
					WHEN NOT v_grant.valid THEN ', expired ' || tj_perm._minute(v_grant.valid_until)
					WHEN NOT v_grant.enough THEN ', level too low'
					WHEN v_grant.valid_until < 'infinity' THEN ', until ' || tj_perm._minute(v_grant.valid_until) END,
				CASE
					WHEN v_of_workspace OR (v_self AND v_grant.to_user IS NOT NULL)
						OR (v_of_target AND v_grant.target OPERATOR(@extschema@.=) p_resource)
					THEN ', granted' || coalesce(' by ' || v_grant.granted_by, '') || ' ' || tj_perm._minute(v_grant.granted_at) END);
			RETURN NEXT;
			-- the remedy replaces this one: say so in it, and lose nothing
			IF v_grant.to_user IS NOT NULL AND NOT v_grant.valid
				AND v_grant.target OPERATOR(@extschema@.=) v_target AND v_grant.level OPERATOR(@extschema@.=) p_level THEN
				v_kept := concat(
					CASE WHEN v_grant.later THEN format(', valid_from => NULL, valid_until => %L', to_jsonb(v_grant.valid_until) #>> '{}') END,
					', note => ' || quote_literal(v_grant.note));
			END IF;
		END LOOP;
		IF v_can <> (v_gives AND v_awake) THEN
			RAISE EXCEPTION 'explanation and tj_can disagree on user "%" and resource "%"', v_user_id, p_resource
				USING ERRCODE = 'internal_error';
		END IF;
		IF NOT v_gives THEN
			at_level := NULL;
			IF NOT v_told THEN
				explanation := 'no grant covers it at this level';
				RETURN NEXT;
			END IF;
			v_remedies := v_remedies || format('SELECT tj_perm.grant_access(%L, %L, to_user => %L%s);', v_target, p_level, v_user_id, v_kept);
		END IF;
	END IF;
	RETURN QUERY SELECT 'remedy', CASE WHEN strpos(r.statement, 'SELECT tj_perm.grant_access(') = 1 THEN p_level END, r.statement
		FROM unnest(v_remedies) WITH ORDINALITY AS r (statement, n) ORDER BY r.n;
END
$$;
COMMENT ON FUNCTION tj_perm._explain_access(text, @extschema@.tj_resource, @extschema@.tj_level) IS 'The body of explain_access.';
