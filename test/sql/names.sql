-- Spelling of user ids and group names.
CREATE SCHEMA test_names;
SET search_path = test_names, public;

-- e-mail addresses fold ASCII letters, everything else stays as it is
SELECT id, tj_perm.normal_user_id(id), tj_perm.is_user_id(id)
FROM unnest(ARRAY['alice@techcorp.com', 'Alice@TechCorp.COM', 'ALICE', 'alice', '@', 'A@', '42', '042',
				  'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'two words', E'tab\tinside']) AS id;

-- no locale has a say: only A to Z fold
SELECT tj_perm.normal_user_id(U&'\00c9MILE@X.FR') = U&'\00c9mile@x.fr' AS e_acute_stays,
	tj_perm.normal_user_id(U&'\0130STANBUL@X.TR') = U&'\0130stanbul@x.tr' AS dotted_i_stays,
	tj_perm.normal_user_id('I@X.TR') = 'i@x.tr' AS plain_i,
	tj_perm.normal_user_id('[\]^_`{|}@Z') = '[\]^_`{|}@z' AS neighbours_of_letters;

-- what can be no user id
SELECT tj_perm.normal_user_id('');
SELECT tj_perm.normal_user_id(' alice');
SELECT tj_perm.normal_user_id('alice ');
SELECT tj_perm.normal_user_id(' ');
SELECT tj_perm.normal_user_id(repeat('a', 256));
SELECT octet_length(tj_perm.normal_user_id(repeat('A', 254) || '@')) AS longest;
DO $$
BEGIN
	PERFORM tj_perm.normal_user_id(repeat(U&'\00e9', 128));
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE NOTICE '%', replace(sqlerrm, repeat(U&'\00e9', 50), '50 letters');
END
$$;
SELECT octet_length(tj_perm.normal_user_id(repeat(U&'\00e9', 127))) AS longest_multibyte;
SELECT ascii(blank) AS blank, tj_perm.is_user_id(blank || 'a') OR tj_perm.is_user_id('a' || blank) OR tj_perm.is_user_id(blank) AS at_an_end,
	tj_perm.is_user_id('a' || blank || 'a') AS inside
FROM unnest(ARRAY[E'\t', E'\n', E'\x0b', E'\f', E'\r', ' ']) AS blank;
SELECT tj_perm.is_user_id(''), tj_perm.is_user_id(repeat('a', 255)), tj_perm.is_user_id(repeat('a', 256)),
	tj_perm.is_user_id(U&'\00a0a') AS no_break_space_is_no_ascii_blank;
SELECT tj_perm.normal_user_id(NULL) IS NULL AS normal_null, tj_perm.is_user_id(NULL) IS NULL AS is_null;

-- normalising is idempotent and gives a valid id
SELECT count(*), bool_and(tj_perm.is_user_id(n)) AS valid, bool_and(tj_perm.normal_user_id(n) = n) AS idempotent
FROM (SELECT tj_perm.normal_user_id(chr(a) || chr(b) || '@') AS n FROM generate_series(33, 126) AS a, generate_series(1, 300) AS b) AS x;

-- group names
SELECT '[' || name || ']' AS name, '[' || tj_perm.tidy_group_name(name) || ']' AS tidy, '[' || tj_perm.fold_group_name(name) || ']' AS fold
FROM unnest(ARRAY['Engineering', '  Customer   Support ', 'ALL  Users', 'all_users', ' ', '', 'a', ' a', 'a ']) AS name;
SELECT ascii(blank) AS blank, tj_perm.tidy_group_name(blank || 'A' || blank || ' ' || blank || 'b' || blank) AS tidy,
	tj_perm.fold_group_name(blank || 'A' || blank || ' ' || blank || 'b' || blank) AS fold,
	tj_perm.fold_group_name(blank) = '' AS empty
FROM unnest(ARRAY[E'\t', E'\n', E'\x0b', E'\f', E'\r', ' ']) AS blank;
SELECT tj_perm.fold_group_name(U&'\00c9QUIPE') = U&'\00c9quipe' AS e_acute_stays,
	tj_perm.fold_group_name(U&'\00a0a') = U&'\00a0a' AS no_break_space_stays,
	tj_perm.fold_group_name(E'a\x01b') = E'a\x01b' AS control_character_stays;
SELECT tj_perm.fold_group_name(NULL) IS NULL AS fold_null, tj_perm.tidy_group_name(NULL) IS NULL AS tidy_null;
SELECT length(tj_perm.fold_group_name(repeat(' x', 100000))) AS long_name;

-- a toasted argument
CREATE TABLE names (name text);
INSERT INTO names SELECT string_agg(md5(i::text), '  ' ORDER BY i) FROM generate_series(1, 5000) AS i;
SELECT length(name), length(tj_perm.tidy_group_name(name)), tj_perm.is_user_id(name) FROM names;

-- they may stand in constraints, indexes and generated columns
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc
WHERE pronamespace = 'tj_perm'::regnamespace AND proname IN ('normal_user_id', 'is_user_id', 'fold_group_name', 'tidy_group_name')
ORDER BY proname;

SET client_min_messages = warning;
DROP SCHEMA test_names CASCADE;
