-- tj_perm: user permission management inside the database
-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION tj_perm" to load this file. \quit

-- The schema tj_perm is made by this script and never adopted: whoever owns a
-- planted schema would own every object that is put into it.
DO $guard$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) 'tj_perm') THEN
		RAISE EXCEPTION 'schema "tj_perm" exists already'
			USING ERRCODE = 'duplicate_schema',
				  HINT = 'The extension makes its schema itself. Install the types and checkers into another schema, and move or drop the existing schema "tj_perm" first.';
	END IF;
END
$guard$;
