-- Spelling of user ids and group names: one rule for tables, API and checker.

CREATE FUNCTION tj_perm.normal_user_id(user_id text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_normal_user_id';
COMMENT ON FUNCTION tj_perm.normal_user_id(text) IS 'The spelling in which a user id is stored and compared: ASCII letters in lower case if it holds an "@", as it is otherwise. Error 22023 if it is not 1 to 255 bytes long or has blanks at its ends.';

CREATE FUNCTION tj_perm.is_user_id(user_id text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_is_user_id';
COMMENT ON FUNCTION tj_perm.is_user_id(text) IS 'Is the text a valid user id in its normal spelling? Never an error.';

CREATE FUNCTION tj_perm.fold_group_name(group_name text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_fold_group_name';
COMMENT ON FUNCTION tj_perm.fold_group_name(text) IS 'The spelling in which group names are compared: trimmed, runs of blanks made one space, ASCII letters in lower case.';

CREATE FUNCTION tj_perm.tidy_group_name(group_name text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'tj_perm_tidy_group_name';
COMMENT ON FUNCTION tj_perm.tidy_group_name(text) IS 'The spelling in which a group name is stored: trimmed, runs of blanks made one space, case kept.';
