-- The checker (src/check.c). Policies and views depend on these functions:
-- never drop one, never change its arguments.

CREATE FUNCTION @extschema@.tj_can(user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_can';
COMMENT ON FUNCTION @extschema@.tj_can(text, @extschema@.tj_resource, @extschema@.tj_level) IS 'Whether the user may act on the resource at this level: an active member of its active workspace who is in Admins or holds a grant, valid now, directly or by a group, on the workspace, on an element of the path or on type:* of one. False for whatever is unknown or NULL; never NULL, never an error. Exact under the snapshot of the calling statement.';

CREATE FUNCTION @extschema@.tj_can(user_id bigint, resource @extschema@.tj_resource, level @extschema@.tj_level) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_can';
COMMENT ON FUNCTION @extschema@.tj_can(bigint, @extschema@.tj_resource, @extschema@.tj_level) IS 'Whether the user may act on the resource at this level: an active member of its active workspace who is in Admins or holds a grant, valid now, directly or by a group, on the workspace, on an element of the path or on type:* of one. False for whatever is unknown or NULL; never NULL, never an error. Exact under the snapshot of the calling statement.';

CREATE FUNCTION @extschema@.tj_can(user_id uuid, resource @extschema@.tj_resource, level @extschema@.tj_level) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_can';
COMMENT ON FUNCTION @extschema@.tj_can(uuid, @extschema@.tj_resource, @extschema@.tj_level) IS 'Whether the user may act on the resource at this level: an active member of its active workspace who is in Admins or holds a grant, valid now, directly or by a group, on the workspace, on an element of the path or on type:* of one. False for whatever is unknown or NULL; never NULL, never an error. Exact under the snapshot of the calling statement.';

CREATE FUNCTION @extschema@.tj_level_on(user_id text, resource @extschema@.tj_resource) RETURNS @extschema@.tj_level
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'tj_level_on';
COMMENT ON FUNCTION @extschema@.tj_level_on(text, @extschema@.tj_resource) IS 'The highest level that the user holds on the resource, or NULL if none; tj_can(u, r, l) is true exactly if this is at least l.';

CREATE FUNCTION @extschema@.tj_level_on(user_id bigint, resource @extschema@.tj_resource) RETURNS @extschema@.tj_level
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'tj_level_on';
COMMENT ON FUNCTION @extschema@.tj_level_on(bigint, @extschema@.tj_resource) IS 'The highest level that the user holds on the resource, or NULL if none; tj_can(u, r, l) is true exactly if this is at least l.';

CREATE FUNCTION @extschema@.tj_level_on(user_id uuid, resource @extschema@.tj_resource) RETURNS @extschema@.tj_level
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'tj_level_on';
COMMENT ON FUNCTION @extschema@.tj_level_on(uuid, @extschema@.tj_resource) IS 'The highest level that the user holds on the resource, or NULL if none; tj_can(u, r, l) is true exactly if this is at least l.';

CREATE FUNCTION @extschema@.tj_is_member(user_id text, workspace text) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(text, text) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id text, workspace bigint) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(text, bigint) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id text, workspace uuid) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(text, uuid) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id bigint, workspace text) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(bigint, text) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id bigint, workspace bigint) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(bigint, bigint) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id bigint, workspace uuid) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(bigint, uuid) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id uuid, workspace text) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(uuid, text) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id uuid, workspace bigint) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(uuid, bigint) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

CREATE FUNCTION @extschema@.tj_is_member(user_id uuid, workspace uuid) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._check_support
	AS 'MODULE_PATHNAME', 'tj_is_member';
COMMENT ON FUNCTION @extschema@.tj_is_member(uuid, uuid) IS 'Whether the user is an active member of this active workspace (for rows that are workspaces). False for whatever is unknown or NULL.';

-- For administration only: an archived workspace can be restored and dropped by
-- those who were its admins, so its status must not matter here.
CREATE FUNCTION tj_perm._level_on(user_id text, resource @extschema@.tj_resource, any_status boolean) RETURNS @extschema@.tj_level
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'tj_perm_level_on';

CREATE FUNCTION tj_perm._level_until(user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level) RETURNS timestamp with time zone
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'tj_perm_level_until';

CREATE FUNCTION tj_perm.cache_stats(OUT hits bigint, OUT validations bigint, OUT loads bigint, OUT probes bigint, OUT evictions bigint, OUT states bigint, OUT bytes bigint)
	LANGUAGE c VOLATILE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_cache_stats';
COMMENT ON FUNCTION tj_perm.cache_stats() IS 'What the permission cache of this backend has done since it started: checks answered by what was known under the same snapshot (hits), states proven by their stamp (validations), states read from the tables, members that were read together with all others of their workspace among them (loads), grants asked of the index (probes), states thrown out for lack of room (evictions); and what it holds now: states, without such members, and bytes of memory.';
