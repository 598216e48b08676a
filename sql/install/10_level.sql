-- Type tj_level: viewer < editor < admin.

CREATE TYPE @extschema@.tj_level;
CREATE FUNCTION @extschema@.tj_level_in(cstring) RETURNS @extschema@.tj_level
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_level_in';
COMMENT ON FUNCTION @extschema@.tj_level_in(cstring) IS 'Text input of tj_level.';
CREATE FUNCTION @extschema@.tj_level_out(@extschema@.tj_level) RETURNS cstring
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_level_out';
COMMENT ON FUNCTION @extschema@.tj_level_out(@extschema@.tj_level) IS 'Text output of tj_level.';
CREATE FUNCTION @extschema@.tj_level_recv(internal) RETURNS @extschema@.tj_level
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_level_recv';
COMMENT ON FUNCTION @extschema@.tj_level_recv(internal) IS 'Binary input of tj_level.';
CREATE FUNCTION @extschema@.tj_level_send(@extschema@.tj_level) RETURNS bytea
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_level_send';
COMMENT ON FUNCTION @extschema@.tj_level_send(@extschema@.tj_level) IS 'Binary output of tj_level: one byte, 10 for viewer, 20 for editor, 30 for admin.';

CREATE TYPE @extschema@.tj_level (
	INPUT = @extschema@.tj_level_in, OUTPUT = @extschema@.tj_level_out,
	RECEIVE = @extschema@.tj_level_recv, SEND = @extschema@.tj_level_send,
	INTERNALLENGTH = 1, PASSEDBYVALUE, ALIGNMENT = char, STORAGE = plain
);
COMMENT ON TYPE @extschema@.tj_level IS 'Level of access: viewer (sees) < editor (changes contents) < admin (manages, access included). A level implies the lower ones.';

-- Operators. LEAKPROOF: they raise no error and show nothing of their arguments.
CREATE FUNCTION @extschema@.tj_level_lt(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_lt';
COMMENT ON FUNCTION @extschema@.tj_level_lt(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator < of tj_level.';
CREATE FUNCTION @extschema@.tj_level_le(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_le';
COMMENT ON FUNCTION @extschema@.tj_level_le(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator <= of tj_level.';
CREATE FUNCTION @extschema@.tj_level_eq(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_eq';
COMMENT ON FUNCTION @extschema@.tj_level_eq(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator = of tj_level.';
CREATE FUNCTION @extschema@.tj_level_ne(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_ne';
COMMENT ON FUNCTION @extschema@.tj_level_ne(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator <> of tj_level.';
CREATE FUNCTION @extschema@.tj_level_ge(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_ge';
COMMENT ON FUNCTION @extschema@.tj_level_ge(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator >= of tj_level.';
CREATE FUNCTION @extschema@.tj_level_gt(@extschema@.tj_level, @extschema@.tj_level) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_gt';
COMMENT ON FUNCTION @extschema@.tj_level_gt(@extschema@.tj_level, @extschema@.tj_level) IS 'Implements the operator > of tj_level.';

CREATE OPERATOR @extschema@.< (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_lt,
	COMMUTATOR = OPERATOR(@extschema@.>), NEGATOR = OPERATOR(@extschema@.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR @extschema@.< (@extschema@.tj_level, @extschema@.tj_level) IS 'lower level';

CREATE OPERATOR @extschema@.<= (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_le,
	COMMUTATOR = OPERATOR(@extschema@.>=), NEGATOR = OPERATOR(@extschema@.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR @extschema@.<= (@extschema@.tj_level, @extschema@.tj_level) IS 'lower or same level';

CREATE OPERATOR @extschema@.= (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_eq,
	COMMUTATOR = OPERATOR(@extschema@.=), NEGATOR = OPERATOR(@extschema@.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
	HASHES, MERGES
);
COMMENT ON OPERATOR @extschema@.= (@extschema@.tj_level, @extschema@.tj_level) IS 'same level';

CREATE OPERATOR @extschema@.<> (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_ne,
	COMMUTATOR = OPERATOR(@extschema@.<>), NEGATOR = OPERATOR(@extschema@.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR @extschema@.<> (@extschema@.tj_level, @extschema@.tj_level) IS 'different level';

CREATE OPERATOR @extschema@.>= (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_ge,
	COMMUTATOR = OPERATOR(@extschema@.<=), NEGATOR = OPERATOR(@extschema@.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR @extschema@.>= (@extschema@.tj_level, @extschema@.tj_level) IS 'same or higher level: held >= needed';

CREATE OPERATOR @extschema@.> (
	LEFTARG = @extschema@.tj_level, RIGHTARG = @extschema@.tj_level, FUNCTION = @extschema@.tj_level_gt,
	COMMUTATOR = OPERATOR(@extschema@.<), NEGATOR = OPERATOR(@extschema@.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR @extschema@.> (@extschema@.tj_level, @extschema@.tj_level) IS 'higher level';

-- Operator classes.
CREATE FUNCTION @extschema@.tj_level_cmp(@extschema@.tj_level, @extschema@.tj_level) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_cmp';
COMMENT ON FUNCTION @extschema@.tj_level_cmp(@extschema@.tj_level, @extschema@.tj_level) IS 'Compares two values of tj_level: less than, equal to or greater than 0.';
CREATE FUNCTION @extschema@.tj_level_hash(@extschema@.tj_level) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_hash';
COMMENT ON FUNCTION @extschema@.tj_level_hash(@extschema@.tj_level) IS 'Hash of a tj_level.';
CREATE FUNCTION @extschema@.tj_level_hash_extended(@extschema@.tj_level, bigint) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_hash_extended';
COMMENT ON FUNCTION @extschema@.tj_level_hash_extended(@extschema@.tj_level, bigint) IS '64-bit hash of a tj_level with a seed.';

CREATE OPERATOR CLASS @extschema@.tj_level_ops DEFAULT FOR TYPE @extschema@.tj_level USING btree AS
	OPERATOR 1 @extschema@.<, OPERATOR 2 @extschema@.<=, OPERATOR 3 @extschema@.=, OPERATOR 4 @extschema@.>=, OPERATOR 5 @extschema@.>,
	FUNCTION 1 @extschema@.tj_level_cmp(@extschema@.tj_level, @extschema@.tj_level),
	FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS @extschema@.tj_level_ops USING btree IS 'Order of tj_level: viewer, editor, admin.';

CREATE OPERATOR CLASS @extschema@.tj_level_ops DEFAULT FOR TYPE @extschema@.tj_level USING hash AS
	OPERATOR 1 @extschema@.=,
	FUNCTION 1 @extschema@.tj_level_hash(@extschema@.tj_level),
	FUNCTION 2 @extschema@.tj_level_hash_extended(@extschema@.tj_level, bigint);
COMMENT ON OPERATOR CLASS @extschema@.tj_level_ops USING hash IS 'Equality of tj_level.';

-- Aggregates.
CREATE FUNCTION @extschema@.tj_level_larger(@extschema@.tj_level, @extschema@.tj_level) RETURNS @extschema@.tj_level
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_larger';
COMMENT ON FUNCTION @extschema@.tj_level_larger(@extschema@.tj_level, @extschema@.tj_level) IS 'The higher one of two levels.';

CREATE AGGREGATE @extschema@.max(@extschema@.tj_level) (
	SFUNC = @extschema@.tj_level_larger, STYPE = @extschema@.tj_level, SORTOP = OPERATOR(@extschema@.>),
	COMBINEFUNC = @extschema@.tj_level_larger, PARALLEL = safe
);
COMMENT ON AGGREGATE @extschema@.max(@extschema@.tj_level) IS 'The highest level of the group; NULL if there is none.';
CREATE FUNCTION @extschema@.tj_level_smaller(@extschema@.tj_level, @extschema@.tj_level) RETURNS @extschema@.tj_level
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
	AS 'MODULE_PATHNAME', 'tj_level_smaller';
COMMENT ON FUNCTION @extschema@.tj_level_smaller(@extschema@.tj_level, @extschema@.tj_level) IS 'The lower one of two levels.';

CREATE AGGREGATE @extschema@.min(@extschema@.tj_level) (
	SFUNC = @extschema@.tj_level_smaller, STYPE = @extschema@.tj_level, SORTOP = OPERATOR(@extschema@.<),
	COMBINEFUNC = @extschema@.tj_level_smaller, PARALLEL = safe
);
COMMENT ON AGGREGATE @extschema@.min(@extschema@.tj_level) IS 'The lowest level of the group; NULL if there is none.';
