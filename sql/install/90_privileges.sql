-- Every privilege of the extension, on one page. Default: nobody but the owner.

-- Tables and sequences: the owner only.
REVOKE ALL ON ALL TABLES IN SCHEMA tj_perm FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA tj_perm FROM PUBLIC;

-- Functions of the schema tj_perm: nothing, and then one by one.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tj_perm FROM PUBLIC;
GRANT USAGE ON SCHEMA tj_perm TO PUBLIC;

-- What CHECK constraints, defaults and trigger conditions call: as whoever
-- writes, so everybody may. Pure functions of their arguments.
GRANT EXECUTE ON FUNCTION
	tj_perm.fold_group_name(text),
	tj_perm.is_grant_target(@extschema@.tj_resource),
	tj_perm.is_restoring(),
	tj_perm.is_user_id(text),
	tj_perm.is_wide_target(@extschema@.tj_resource),
	tj_perm.workspace_of(@extschema@.tj_resource)
TO PUBLIC;

-- Pure helpers.
GRANT EXECUTE ON FUNCTION
	tj_perm.elements_of(@extschema@.tj_resource),
	tj_perm.normal_user_id(text),
	tj_perm.tidy_group_name(text)
TO PUBLIC;

-- What the planner puts into plans: as whoever runs the query. From SQL nobody can
-- make the value that each of them takes.
GRANT EXECUTE ON FUNCTION
	tj_perm._can(tj_perm._planned, @extschema@.tj_level, "any", VARIADIC "any"),
	tj_perm._is_member(tj_perm._planned, "any", "any"),
	tj_perm._held(tj_perm._planned, @extschema@.tj_level, "any", text, "any", "any", "any"),
	tj_perm._within(tj_perm._planned, @extschema@.tj_level, "any", text, "any", "any"),
	tj_perm._ids(tj_perm._planned, @extschema@.tj_level, "any", text, "any", anyelement),
	tj_perm._workspaces(tj_perm._planned, @extschema@.tj_level, "any", text, text[], anyelement),
	tj_perm._lowest(tj_perm._planned, @extschema@.tj_level, "any", text, text[], "any", anyelement),
	tj_perm._edge(tj_perm._planned, @extschema@.tj_level, "any", text, anyelement)
TO PUBLIC;

-- Administration: everybody may call, the functions ask who it is. Not here,
-- for the owner to grant: create_workspace, invitation, cache_stats. Of no use to
-- others than the owner: change_user_id, prune_history.
GRANT EXECUTE ON FUNCTION
	tj_perm.rename_workspace(text, text),
	tj_perm.archive_workspace(text),
	tj_perm.restore_workspace(text),
	tj_perm.drop_workspace(text),
	tj_perm.invite_user(text, text, text[], interval),
	tj_perm.withdraw_invitation(text, text),
	tj_perm.accept_invitation(uuid),
	tj_perm.add_user(text, text, text[]),
	tj_perm.set_user_groups(text, text, text[]),
	tj_perm.archive_user(text, text),
	tj_perm.restore_user(text, text),
	tj_perm.remove_user(text, text),
	tj_perm.create_group(text, text),
	tj_perm.rename_group(text, text, text),
	tj_perm.duplicate_group(text, text, text, boolean, boolean),
	tj_perm.drop_group(text, text),
	tj_perm.add_to_group(text, text, text[]),
	tj_perm.remove_from_group(text, text, text[]),
	tj_perm.nest_group(text, text, text),
	tj_perm.detach_group(text, text, text),
	tj_perm.grant_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamptz, timestamptz, text),
	tj_perm.set_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamptz, timestamptz, text),
	tj_perm.revoke_access(@extschema@.tj_resource, @extschema@.tj_level, text, text)
TO PUBLIC;

-- Pages, likewise.
GRANT EXECUTE ON FUNCTION
	tj_perm.my_workspaces(),
	tj_perm.members_of(text),
	tj_perm.groups_of(text),
	tj_perm.members_of_group(text, text),
	tj_perm.grants_on(@extschema@.tj_resource),
	tj_perm.grants_of(text, text, text),
	tj_perm.invitations_of(text)
TO PUBLIC;

-- Review, likewise.
GRANT EXECUTE ON FUNCTION
	tj_perm.explain_access(text, @extschema@.tj_resource, @extschema@.tj_level),
	tj_perm.who_can(@extschema@.tj_resource, @extschema@.tj_level, text, integer),
	tj_perm.what_can(text, text, @extschema@.tj_resource, integer),
	tj_perm.access_matrix(text, text, @extschema@.tj_resource, integer)
TO PUBLIC;

-- History, preview, review, doctor and picture, likewise; prune_history is for the owner to grant.
GRANT EXECUTE ON FUNCTION
	tj_perm.access_at(text, @extschema@.tj_resource, @extschema@.tj_level, timestamptz),
	tj_perm.changes_since(text, timestamptz),
	tj_perm.access_diff(text),
	tj_perm.why_hidden(regclass, text, text),
	tj_perm.doctor(),
	tj_perm.review(text),
	tj_perm.record_review(text, text),
	tj_perm.reviews_of(text),
	tj_perm.access_graph(text, text)
TO PUBLIC;

-- Protection of existing tables: works as the caller, so that PostgreSQL asks for
-- the owner of the table. Not here: drop_grants and delete_grants, which take
-- grants away without asking for a right.
GRANT EXECUTE ON FUNCTION
	tj_perm.protect(regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean, boolean),
	tj_perm.protect_sql(regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean, boolean),
	tj_perm.protected_tables(regclass),
	tj_perm.refuse_place(),
	tj_perm.unprotect(regclass)
TO PUBLIC;

-- Its parts, which therefore run as the caller as well: they read catalogs.
GRANT EXECUTE ON FUNCTION
	tj_perm._protect_check(regclass, name, text[], text, name, boolean, boolean),
	tj_perm._protect_column(regclass, name, text, boolean),
	tj_perm._protect_comment(text),
	tj_perm._protect_condition(regclass, text, name, text[], text, name, text, @extschema@.tj_level, text),
	tj_perm._protect_dependents(regclass),
	tj_perm._protect_drop_sql(regclass, name[]),
	tj_perm._protect_has_key(regclass, name[]),
	tj_perm._protect_in_step(regclass, regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean),
	tj_perm._protect_index_sql(regclass, name[]),
	tj_perm._protect_link(regclass, name),
	tj_perm._protect_lock(regclass, name),
	tj_perm._protect_may_drop_grants(),
	tj_perm._protect_migration(regclass, text[], name),
	tj_perm._protect_moved(regclass, name, text[], text, name),
	tj_perm._protect_name(regclass),
	tj_perm._protect_objects(regclass, regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean),
	tj_perm._protect_parts(regclass, text, name, text[], text, name),
	tj_perm._protect_reads(regclass, pg_node_tree, text, boolean),
	tj_perm._protect_record_now(oid),
	tj_perm._protect_records(regclass),
	tj_perm._protect_tree(regclass),
	tj_perm._protect_user(text),
	tj_perm._protect_user_text(text),
	tj_perm._protection_state(regclass)
TO PUBLIC;

-- ALTER DEFAULT PRIVILEGES of the installing role may have given the new objects
-- away to others; take that back. PUBLIC and the owner are as said above.
DO $privileges$
DECLARE
	given record;
BEGIN
	FOR given IN
		SELECT DISTINCT CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
			c.oid::pg_catalog.regclass::text AS object, pg_catalog.quote_ident(r.rolname) AS grantee
		FROM pg_catalog.pg_class c
		CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'tj_perm'::pg_catalog.regnamespace
			AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'S']::"char"[])
			AND a.grantee OPERATOR(pg_catalog.<>) c.relowner
		UNION
		SELECT DISTINCT 'FUNCTION', p.oid::pg_catalog.regprocedure::text, pg_catalog.quote_ident(r.rolname)
		FROM pg_catalog.pg_proc p
		CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) a
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
		WHERE p.pronamespace OPERATOR(pg_catalog.=) 'tj_perm'::pg_catalog.regnamespace
			AND a.grantee OPERATOR(pg_catalog.<>) p.proowner
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON %s %s FROM %s', given.kind, given.object, given.grantee);
	END LOOP;
END
$privileges$;
