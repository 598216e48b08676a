-- Type tj_resource: a workspace and a path of elements, outermost first.

CREATE TYPE @extschema@.tj_resource;
CREATE FUNCTION @extschema@.tj_resource_in(cstring) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_resource_in';
COMMENT ON FUNCTION @extschema@.tj_resource_in(cstring) IS 'Text input of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_out(@extschema@.tj_resource) RETURNS cstring
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_resource_out';
COMMENT ON FUNCTION @extschema@.tj_resource_out(@extschema@.tj_resource) IS 'Text output of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_recv(internal) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_resource_recv';
COMMENT ON FUNCTION @extschema@.tj_resource_recv(internal) IS 'Binary input of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_send(@extschema@.tj_resource) RETURNS bytea
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_resource_send';
COMMENT ON FUNCTION @extschema@.tj_resource_send(@extschema@.tj_resource) IS 'Binary output of tj_resource: a version byte (1) and the text form.';

CREATE TYPE @extschema@.tj_resource (
	INPUT = @extschema@.tj_resource_in, OUTPUT = @extschema@.tj_resource_out,
	RECEIVE = @extschema@.tj_resource_recv, SEND = @extschema@.tj_resource_send,
	INTERNALLENGTH = variable, ALIGNMENT = int4, STORAGE = extended
);
COMMENT ON TYPE @extschema@.tj_resource IS 'A workspace and a path of elements, outermost first: techcorp, techcorp/folder:customer-tickets/app:inbox, techcorp/app:* (every app). Words that are empty or hold / : * " or blanks are written in double quotes. Keys and ids up to 255 bytes, types up to 63, paths up to 64 elements.';

-- Operators. LEAKPROOF: they raise no error and show nothing of their arguments.
CREATE FUNCTION @extschema@.tj_resource_lt(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_lt';
COMMENT ON FUNCTION @extschema@.tj_resource_lt(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator < of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_le(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_le';
COMMENT ON FUNCTION @extschema@.tj_resource_le(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator <= of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_eq(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_eq';
COMMENT ON FUNCTION @extschema@.tj_resource_eq(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator = of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_ne(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_ne';
COMMENT ON FUNCTION @extschema@.tj_resource_ne(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator <> of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_ge(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_ge';
COMMENT ON FUNCTION @extschema@.tj_resource_ge(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator >= of tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_gt(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_gt';
COMMENT ON FUNCTION @extschema@.tj_resource_gt(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Implements the operator > of tj_resource.';

CREATE OPERATOR @extschema@.< (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_lt,
	COMMUTATOR = OPERATOR(@extschema@.>), NEGATOR = OPERATOR(@extschema@.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR @extschema@.< (@extschema@.tj_resource, @extschema@.tj_resource) IS 'sorts before (bytewise; a path before its extensions)';

CREATE OPERATOR @extschema@.<= (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_le,
	COMMUTATOR = OPERATOR(@extschema@.>=), NEGATOR = OPERATOR(@extschema@.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR @extschema@.<= (@extschema@.tj_resource, @extschema@.tj_resource) IS 'sorts before or is the same resource';

CREATE OPERATOR @extschema@.= (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_eq,
	COMMUTATOR = OPERATOR(@extschema@.=), NEGATOR = OPERATOR(@extschema@.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
	HASHES, MERGES
);
COMMENT ON OPERATOR @extschema@.= (@extschema@.tj_resource, @extschema@.tj_resource) IS 'same resource: same workspace and same path';

CREATE OPERATOR @extschema@.<> (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_ne,
	COMMUTATOR = OPERATOR(@extschema@.<>), NEGATOR = OPERATOR(@extschema@.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR @extschema@.<> (@extschema@.tj_resource, @extschema@.tj_resource) IS 'different resource';

CREATE OPERATOR @extschema@.>= (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_ge,
	COMMUTATOR = OPERATOR(@extschema@.<=), NEGATOR = OPERATOR(@extschema@.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR @extschema@.>= (@extschema@.tj_resource, @extschema@.tj_resource) IS 'sorts after or is the same resource';

CREATE OPERATOR @extschema@.> (
	LEFTARG = @extschema@.tj_resource, RIGHTARG = @extschema@.tj_resource, FUNCTION = @extschema@.tj_resource_gt,
	COMMUTATOR = OPERATOR(@extschema@.<), NEGATOR = OPERATOR(@extschema@.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR @extschema@.> (@extschema@.tj_resource, @extschema@.tj_resource) IS 'sorts after (bytewise; a path before its extensions)';

-- Operator classes.
CREATE FUNCTION @extschema@.tj_resource_cmp(@extschema@.tj_resource, @extschema@.tj_resource) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_cmp';
COMMENT ON FUNCTION @extschema@.tj_resource_cmp(@extschema@.tj_resource, @extschema@.tj_resource) IS 'Compares two values of tj_resource: less than, equal to or greater than 0.';
CREATE FUNCTION @extschema@.tj_resource_hash(@extschema@.tj_resource) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_hash';
COMMENT ON FUNCTION @extschema@.tj_resource_hash(@extschema@.tj_resource) IS 'Hash of a tj_resource.';
CREATE FUNCTION @extschema@.tj_resource_hash_extended(@extschema@.tj_resource, bigint) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_resource_hash_extended';
COMMENT ON FUNCTION @extschema@.tj_resource_hash_extended(@extschema@.tj_resource, bigint) IS '64-bit hash of a tj_resource with a seed.';

CREATE OPERATOR CLASS @extschema@.tj_resource_ops DEFAULT FOR TYPE @extschema@.tj_resource USING btree AS
	OPERATOR 1 @extschema@.<, OPERATOR 2 @extschema@.<=, OPERATOR 3 @extschema@.=, OPERATOR 4 @extschema@.>=, OPERATOR 5 @extschema@.>,
	FUNCTION 1 @extschema@.tj_resource_cmp(@extschema@.tj_resource, @extschema@.tj_resource),
	FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS @extschema@.tj_resource_ops USING btree IS 'Order of tj_resource: key, then element by element type, wildcard before ids, id, all by bytes; a path before its extensions.';

CREATE OPERATOR CLASS @extschema@.tj_resource_ops DEFAULT FOR TYPE @extschema@.tj_resource USING hash AS
	OPERATOR 1 @extschema@.=,
	FUNCTION 1 @extschema@.tj_resource_hash(@extschema@.tj_resource),
	FUNCTION 2 @extschema@.tj_resource_hash_extended(@extschema@.tj_resource, bigint);
COMMENT ON OPERATOR CLASS @extschema@.tj_resource_ops USING hash IS 'Equality of tj_resource.';

-- Constructors. CALLED ON NULL INPUT: a NULL id of a container is skipped.
CREATE FUNCTION @extschema@.tj_workspace(key text) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_workspace_text';
COMMENT ON FUNCTION @extschema@.tj_workspace(text) IS 'The workspace with this key as a whole. NULL if the key is NULL or longer than 255 bytes.';
CREATE FUNCTION @extschema@.tj_workspace(key bigint) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_workspace_int8';
COMMENT ON FUNCTION @extschema@.tj_workspace(bigint) IS 'The workspace with this key as a whole. NULL if the key is NULL or longer than 255 bytes.';
CREATE FUNCTION @extschema@.tj_workspace(key uuid) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_workspace_uuid';
COMMENT ON FUNCTION @extschema@.tj_workspace(uuid) IS 'The workspace with this key as a whole. NULL if the key is NULL or longer than 255 bytes.';

CREATE FUNCTION @extschema@.tj_resource(workspace "any", type text, VARIADIC ids "any") RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_resource_construct';
COMMENT ON FUNCTION @extschema@.tj_resource("any", text, VARIADIC "any") IS 'tj_resource(workspace, type, id [, type, id]...): the thing named by the last pair, in the containers before it, outermost first. Workspace and ids are text, varchar, name, smallint, integer, bigint or uuid; a container''s id may be an array: several containers of that type. A container whose id is NULL is skipped; NULL if the workspace, a type or the last id is NULL, or if a limit is exceeded. The id ''*'' is a literal id, never a wildcard.';

CREATE FUNCTION @extschema@.tj_resource(workspace text, type text, id text) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_resource_construct_text';
COMMENT ON FUNCTION @extschema@.tj_resource(text, text, text) IS 'One thing, all arguments text (untyped parameters too): tj_resource(workspace, type, id). See the form with VARIADIC "any".';

CREATE FUNCTION @extschema@.tj_resource(workspace text, type1 text, id1 text, type text, id text) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_resource_construct_text';
COMMENT ON FUNCTION @extschema@.tj_resource(text, text, text, text, text) IS 'A thing in one container, all arguments text (untyped parameters too). See the form with VARIADIC "any".';

CREATE FUNCTION @extschema@.tj_resource(workspace text, type1 text, id1 text, type2 text, id2 text, type text, id text) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_resource_construct_text';
COMMENT ON FUNCTION @extschema@.tj_resource(text, text, text, text, text, text, text) IS 'A thing in two containers, all arguments text (untyped parameters too). See the form with VARIADIC "any".';

CREATE FUNCTION @extschema@.tj_resource(workspace text, type1 text, id1 text, type2 text, id2 text, type3 text, id3 text, type text, id text) RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_resource_construct_text';
COMMENT ON FUNCTION @extschema@.tj_resource(text, text, text, text, text, text, text, text, text) IS 'A thing in three containers, all arguments text (untyped parameters too). See the form with VARIADIC "any".';

CREATE FUNCTION @extschema@.tj_place(workspace "any", type text, VARIADIC ids "any") RETURNS @extschema@.tj_resource
	LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
	AS 'MODULE_PATHNAME', 'tj_place_construct';
COMMENT ON FUNCTION @extschema@.tj_place("any", text, VARIADIC "any") IS 'tj_place(workspace, type, id [, type, id]...), arguments as of tj_resource: where the thing named by the last pair lies, as a path that no grant on the thing itself covers. The containers, without the thing itself if it stands among them, and then type:* for its type. tj_can(user, tj_place(...), level) asks for the right to put something there: held by the workspace, a container or type:*. NULL where tj_resource would be.';

-- Parts.
CREATE FUNCTION tj_perm.workspace_of(resource @extschema@.tj_resource) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_workspace_of';
COMMENT ON FUNCTION tj_perm.workspace_of(@extschema@.tj_resource) IS 'The key of the workspace that a resource lies in.';

CREATE FUNCTION tj_perm.is_grant_target(resource @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_is_grant_target';
COMMENT ON FUNCTION tj_perm.is_grant_target(@extschema@.tj_resource) IS 'Can a grant name this resource? True for a workspace, type:* and one element; false for a longer path.';

CREATE FUNCTION tj_perm.is_wide_target(resource @extschema@.tj_resource) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_is_wide_target';
COMMENT ON FUNCTION tj_perm.is_wide_target(@extschema@.tj_resource) IS 'Does a grant on this resource reach other targets too? True for a workspace and type:*; false for one element and for paths.';

CREATE FUNCTION tj_perm.elements_of(resource @extschema@.tj_resource) RETURNS TABLE ("position" integer, type text, id text)
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 3
	AS 'MODULE_PATHNAME', 'tj_perm_elements_of';
COMMENT ON FUNCTION tj_perm.elements_of(@extschema@.tj_resource) IS 'The elements of a resource, outermost first, one row each; id is NULL for a wildcard (type:*). No rows for a workspace.';
