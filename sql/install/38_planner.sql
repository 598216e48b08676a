-- Planner support (src/support.c): what stands in plans in place of tj_can and
-- tj_is_member. The planner alone makes calls of these: each takes a value of
-- type _planned, of which SQL can make none.

CREATE TYPE tj_perm._planned;
CREATE FUNCTION tj_perm._planned_in(cstring) RETURNS tj_perm._planned
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_planned_in';
COMMENT ON FUNCTION tj_perm._planned_in(cstring) IS 'Refuses: 0A000.';
CREATE FUNCTION tj_perm._planned_out(tj_perm._planned) RETURNS cstring
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_planned_out';
COMMENT ON FUNCTION tj_perm._planned_out(tj_perm._planned) IS 'Text output of _planned, for EXPLAIN.';
CREATE TYPE tj_perm._planned (
	INPUT = tj_perm._planned_in, OUTPUT = tj_perm._planned_out, LIKE = pg_catalog.int8
);
COMMENT ON TYPE tj_perm._planned IS 'Stands in plans only: whose access is asked for. No value of it can be made from SQL.';

CREATE FUNCTION tj_perm._check_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_check_support';
COMMENT ON FUNCTION tj_perm._check_support(internal) IS 'Planner support of tj_can and tj_is_member.';
CREATE FUNCTION tj_perm._can_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_can_support';
COMMENT ON FUNCTION tj_perm._can_support(internal) IS 'Planner support of _can.';
CREATE FUNCTION tj_perm._is_member_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_is_member_support';
COMMENT ON FUNCTION tj_perm._is_member_support(internal) IS 'Planner support of _is_member.';
CREATE FUNCTION tj_perm._held_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_held_support';
COMMENT ON FUNCTION tj_perm._held_support(internal) IS 'Planner support of _held.';
CREATE FUNCTION tj_perm._within_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_within_support';
COMMENT ON FUNCTION tj_perm._within_support(internal) IS 'Planner support of _within.';
CREATE FUNCTION tj_perm._list_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_list_support';
COMMENT ON FUNCTION tj_perm._list_support(internal) IS 'Planner support of _ids, _workspaces and _lowest: what estimates are made from.';

-- The answer for a row.
CREATE FUNCTION tj_perm._can(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", VARIADIC path "any") RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2 SUPPORT tj_perm._can_support
	AS 'MODULE_PATHNAME', 'tj_perm_can';
COMMENT ON FUNCTION tj_perm._can(tj_perm._planned, @extschema@.tj_level, "any", VARIADIC "any") IS 'In plans: tj_can(user_id, tj_resource(path), level); the path begins with the workspace. Variadic from there on, so that no call is too short for PostgreSQL, which counts arguments when it simplifies one twice.';
CREATE FUNCTION tj_perm._is_member(planned tj_perm._planned, user_id "any", workspace "any") RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2 SUPPORT tj_perm._is_member_support
	AS 'MODULE_PATHNAME', 'tj_perm_is_member';
COMMENT ON FUNCTION tj_perm._is_member(tj_perm._planned, "any", "any") IS 'In plans: tj_is_member(user_id, workspace).';

-- Its arms: false and never NULL, there for their index conditions. _within only
-- stands in an AND with _held.
CREATE FUNCTION tj_perm._held(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", type text, id "any", workspace "any", last_id "any") RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2 SUPPORT tj_perm._held_support
	AS 'MODULE_PATHNAME', 'tj_perm_arm';
COMMENT ON FUNCTION tj_perm._held(tj_perm._planned, @extschema@.tj_level, "any", text, "any", "any", "any") IS 'In plans, beside _can: rows that grants on this element of the path may reach.';
CREATE FUNCTION tj_perm._within(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", type text, workspace "any", id "any") RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2 SUPPORT tj_perm._within_support
	AS 'MODULE_PATHNAME', 'tj_perm_arm';
COMMENT ON FUNCTION tj_perm._within(tj_perm._planned, @extschema@.tj_level, "any", text, "any", "any") IS 'In plans, beside _held: rows of the workspaces where grants name an element of this type.';

-- What index conditions compare with, read when the query runs. VOLATILE, so that
-- no plan and no estimate evaluates them; they read under the statement's own
-- snapshot, as every C function does.
CREATE FUNCTION tj_perm._ids(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", type text, workspace "any", element anyelement) RETURNS anyarray
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._list_support
	AS 'MODULE_PATHNAME', 'tj_perm_ids';
COMMENT ON FUNCTION tj_perm._ids(tj_perm._planned, @extschema@.tj_level, "any", text, "any", anyelement) IS 'In index conditions: the ids of this type that the user''s grants name.';
CREATE FUNCTION tj_perm._workspaces(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", what text, types text[], element anyelement) RETURNS anyarray
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._list_support
	AS 'MODULE_PATHNAME', 'tj_perm_workspaces';
COMMENT ON FUNCTION tj_perm._workspaces(tj_perm._planned, @extschema@.tj_level, "any", text, text[], anyelement) IS 'In index conditions: the workspaces of the user where something needs no id (wide), grants name elements (held), or all (member).';
CREATE FUNCTION tj_perm._lowest(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", what text, types text[], workspace "any", element anyelement) RETURNS anyelement
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE COST 100 SUPPORT tj_perm._list_support
	AS 'MODULE_PATHNAME', 'tj_perm_lowest';
COMMENT ON FUNCTION tj_perm._lowest(tj_perm._planned, @extschema@.tj_level, "any", text, text[], "any", anyelement) IS 'In index conditions: the lowest value there is if such a workspace is among them, else NULL.';

-- What partitions are pruned by, hence STABLE; evaluated after _can.
CREATE FUNCTION tj_perm._edge(planned tj_perm._planned, level @extschema@.tj_level, user_id "any", what text, element anyelement) RETURNS anyelement
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'tj_perm_edge';
COMMENT ON FUNCTION tj_perm._edge(tj_perm._planned, @extschema@.tj_level, "any", text, anyelement) IS 'In plans for tables that are partitioned by lists of workspaces: the first or last workspace of the user.';
