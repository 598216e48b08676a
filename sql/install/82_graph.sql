-- A picture of a workspace.
--
-- Labels hold what users typed. Both languages get a form in which every
-- character outside a short list is an entity, so that nothing can end the
-- quotes, be taken for an escape, markup or a directive.

CREATE FUNCTION tj_perm._graph_label(p_text text, p_format text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT pg_catalog.string_agg(
			CASE
				WHEN c.code < 32 OR c.code = 127 THEN '?'
				WHEN c.code > 127 OR c.letter ~ '[A-Za-z0-9 _.,@/*+=:()-]' THEN c.letter
				-- Graphviz looks for escapes when the entities are gone
				WHEN p_format = 'dot' AND c.letter = E'\\' THEN E'\\\\'
				WHEN p_format = 'dot' THEN '&#' || c.code || ';'
				ELSE '#' || c.code || ';'
			END, '' ORDER BY c.position)
		FROM (
			SELECT s.letter, pg_catalog.ascii(s.letter) AS code, s.position
			FROM pg_catalog.string_to_table(p_text, NULL) WITH ORDINALITY AS s (letter, position)
		) AS c);
END
$$;
COMMENT ON FUNCTION tj_perm._graph_label(text, text) IS 'The text as it may stand in double quotes in DOT or Mermaid.';

CREATE FUNCTION tj_perm.access_graph(workspace text, format text DEFAULT 'dot') RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.access_graph(text, text) IS
'A picture of a workspace as text for Graphviz (dot) or Mermaid (mermaid): users, the groups that list them, groups inside groups, and the grants to the resources, each with its level; dashed is what gives nothing now: users who are not active, grants that are not valid now. With more than 100 members, users are counted in the groups instead, and those with grants of their own stand together; with more than 100 targets, the elements of a type stand together. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 NULL or another format. Who may: workspace admins.';

CREATE FUNCTION tj_perm._access_graph(p_workspace text, p_format text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_dot boolean := p_format = 'dot';
	v_whole @extschema@.tj_resource;
	v_many boolean;
	v_many_targets boolean;
	v_body text;
	v_name text;
BEGIN
	PERFORM tj_perm._require_value(p_format, 'format');
	IF p_format NOT IN ('dot', 'mermaid') THEN
		RAISE EXCEPTION 'graph format "%" is unknown', p_format
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Use ''dot'' or ''mermaid''.';
	END IF;
	PERFORM tj_perm._read_workspace(p_workspace);
	v_whole := @extschema@.tj_workspace(p_workspace);
	SELECT tj_perm._graph_label(coalesce(w.name, w.workspace_id), p_format) INTO v_name
		FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace;
	v_many := (SELECT count(*) > 100 FROM (SELECT FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace LIMIT 101) AS m);

	v_many_targets := (SELECT count(*) > 100 FROM (SELECT DISTINCT gr.resource FROM tj_perm.grants AS gr WHERE gr.workspace_id = p_workspace LIMIT 101) AS r);

	WITH users AS MATERIALIZED (
		SELECT 'u' || row_number() OVER (ORDER BY m.user_id COLLATE "C") AS node, m.user_id,
			   tj_perm._graph_label(m.user_id, p_format) || CASE m.status WHEN 'active' THEN '' ELSE ' (' || m.status || ')' END AS label, m.status = 'active' AS active
		FROM tj_perm.members AS m
		WHERE m.workspace_id = p_workspace AND NOT v_many
		UNION ALL
		SELECT 'u1', NULL, 'users with grants of their own: ' || count(DISTINCT gr.user_id), true
		FROM tj_perm.grants AS gr
		WHERE gr.workspace_id = p_workspace AND gr.user_id IS NOT NULL AND v_many
		HAVING count(*) > 0
	), groups AS MATERIALIZED (
		SELECT 'g' || row_number() OVER (ORDER BY CASE g.kind WHEN 'all_users' THEN 1 WHEN 'admins' THEN 2 ELSE 3 END, g.name_key COLLATE "C") AS node,
			   g.group_id, g.name, g.kind,
			   (SELECT count(*) FROM tj_perm.group_members AS gm WHERE gm.group_id = g.group_id) AS members
		FROM tj_perm.groups AS g
		WHERE g.workspace_id = p_workspace
			AND (g.kind <> 'all_users' OR EXISTS (SELECT FROM tj_perm.grants AS gr WHERE gr.group_id = g.group_id))
	), targets AS MATERIALIZED (
		-- each target and the one that stands for it: itself, or its type
		SELECT r.resource,
			   CASE WHEN v_many_targets AND r.resource OPERATOR(@extschema@.<>) v_whole AND right(r.resource::text, 2) <> ':*'
					THEN (SELECT e.type FROM tj_perm.elements_of(r.resource) AS e) END AS type
		FROM (
			SELECT v_whole AS resource
			UNION
			SELECT gr.resource FROM tj_perm.grants AS gr WHERE gr.workspace_id = p_workspace
		) AS r
	), resources AS MATERIALIZED (
		SELECT 'r' || row_number() OVER (ORDER BY x.resource USING OPERATOR(@extschema@.<)) AS node, x.resource, x.type, x.targets
		FROM (
			SELECT t.resource, NULL AS type, 1 AS targets FROM targets AS t WHERE t.type IS NULL
			UNION ALL
			SELECT (array_agg(t.resource ORDER BY t.resource USING OPERATOR(@extschema@.<)))[1], t.type, count(*)::integer
			FROM targets AS t WHERE t.type IS NOT NULL GROUP BY t.type
		) AS x
	), nodes (kind, node, label, solid) AS (
		SELECT 1, u.node, u.label, u.active FROM users AS u
		UNION ALL
		SELECT 2, g.node, tj_perm._graph_label(g.name, p_format)
			|| CASE WHEN g.kind = 'all_users' THEN ' (every member)' WHEN v_many THEN ' (lists ' || g.members || ')' ELSE '' END, true
		FROM groups AS g
		UNION ALL
		SELECT 3, r.node, CASE WHEN r.resource OPERATOR(@extschema@.=) v_whole THEN 'the workspace'
							   WHEN r.type IS NOT NULL THEN tj_perm._graph_label(r.type, p_format) || ' (' || r.targets || ')'
							   ELSE tj_perm._graph_label(tj_perm._target_in_words(p_workspace, r.resource::text), p_format) END, true
		FROM resources AS r
	), edges (kind, from_node, to_node, label, solid) AS (
		SELECT 1, u.node, g.node, '', u.active
		FROM users AS u
		JOIN tj_perm.group_members AS gm ON gm.workspace_id = p_workspace AND gm.user_id = u.user_id
		JOIN groups AS g ON g.group_id = gm.group_id
		UNION ALL
		SELECT 2, i.node, o.node, 'in', true
		FROM tj_perm.group_nesting AS n
		JOIN groups AS i ON i.group_id = n.inner_group_id
		JOIN groups AS o ON o.group_id = n.group_id
		UNION ALL
		SELECT 3, g.node, r.node, 'admin', true
		FROM groups AS g JOIN resources AS r ON r.resource OPERATOR(@extschema@.=) v_whole AND r.type IS NULL
		WHERE g.kind = 'admins'
		UNION ALL
		SELECT DISTINCT 4, coalesce(g.node, u.node), r.node, gr.level::text,
			   tj_perm._is_valid_now(gr.valid_from, gr.valid_until) AND coalesce(u.active, true)
		FROM tj_perm.grants AS gr
		JOIN targets AS t ON t.resource OPERATOR(@extschema@.=) gr.resource
		JOIN resources AS r ON CASE WHEN t.type IS NULL THEN r.type IS NULL AND r.resource OPERATOR(@extschema@.=) t.resource ELSE r.type = t.type END
		LEFT JOIN groups AS g ON g.group_id = gr.group_id
		LEFT JOIN users AS u ON u.user_id = gr.user_id OR v_many AND gr.user_id IS NOT NULL
		WHERE gr.workspace_id = p_workspace
			AND NOT (gr.resource OPERATOR(@extschema@.=) v_whole AND g.kind IS NOT DISTINCT FROM 'admins')
	), lines (part, kind, first, second, label, line) AS (
		SELECT 1, n.kind, pg_catalog.substr(n.node, 2)::bigint, 0, '',
			   CASE WHEN v_dot THEN pg_catalog.format(E'\t%s [label="%s", shape=%s%s];', n.node, n.label,
													  (ARRAY['ellipse', 'box', 'folder'])[n.kind], CASE WHEN n.solid THEN '' ELSE ', style=dashed' END)
					ELSE pg_catalog.format(E'\t%s%s"%s"%s%s', n.node, (ARRAY['([', '[', '[/'])[n.kind], n.label, (ARRAY['])', ']', '/]'])[n.kind],
										   CASE WHEN n.solid THEN '' ELSE ':::sleeping' END) END
		FROM nodes AS n
		UNION ALL
		SELECT 2, e.kind, pg_catalog.substr(e.from_node, 2)::bigint, pg_catalog.substr(e.to_node, 2)::bigint, e.from_node || e.label || e.solid,
			   CASE WHEN v_dot THEN pg_catalog.format(E'\t%s -> %s%s;', e.from_node, e.to_node,
													  CASE WHEN e.label <> '' OR NOT e.solid THEN ' [' || pg_catalog.concat_ws(', ', 'label="' || nullif(e.label, '') || '"', CASE WHEN NOT e.solid THEN 'style=dashed' END) || ']' ELSE '' END)
					ELSE pg_catalog.format(E'\t%s %s%s %s', e.from_node, CASE WHEN e.solid THEN '-->' ELSE '-.->' END,
										   CASE WHEN e.label <> '' THEN '|' || e.label || '|' ELSE '' END, e.to_node) END
		FROM edges AS e
	)
	SELECT pg_catalog.string_agg(l.line, E'\n' ORDER BY l.part, l.kind, l.first, l.second, l.label COLLATE "C") INTO v_body FROM lines AS l;

	IF v_dot THEN
		RETURN E'digraph tj_perm {\n\trankdir=LR;\n\tlabel="' || v_name || E'";\n\tnode [fontname="Helvetica", fontsize=11];\n\tedge [fontname="Helvetica", fontsize=9];\n'
			|| v_body || E'\n}\n';
	END IF;
	RETURN E'flowchart LR\n' || v_body || E'\n\tclassDef sleeping stroke-dasharray: 5 5\n';
END
$$;
COMMENT ON FUNCTION tj_perm._access_graph(text, text) IS 'The body of access_graph.';
