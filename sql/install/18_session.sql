-- Who is asking, and the door to what runs as the owner (src/session.c).

CREATE FUNCTION @extschema@.tj_user() RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE COST 1
	AS 'MODULE_PATHNAME', 'tj_user';
COMMENT ON FUNCTION @extschema@.tj_user() IS 'The current end user: the setting tj_perm.user_id, normalised; NULL if unset or empty. Set it with SELECT set_config(''tj_perm.user_id'', $1, true) at the start of each transaction.';

CREATE FUNCTION tj_perm._caller_role() RETURNS oid
	LANGUAGE c VOLATILE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_caller_role';

CREATE FUNCTION tj_perm._identity_refused() RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_identity_refused';

CREATE FUNCTION tj_perm.is_restoring() RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_is_restoring';
COMMENT ON FUNCTION tj_perm.is_restoring() IS 'Whether the session runs a script of pg_dump or pg_restore (check_function_bodies and row_security off, search_path empty) with the rights of the owner. History then comes with the data and is not written anew.';
