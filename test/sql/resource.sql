-- The type tj_resource: text and binary form, constructors, order, indexes.
CREATE SCHEMA test_resource;
SET search_path = test_resource, public;

-- text form: what goes in, and its one canonical spelling
SELECT t AS text, t::tj_resource AS canonical, t::tj_resource::text::tj_resource = t::tj_resource AS round_trip
FROM unnest(ARRAY[
	'techcorp',
	'techcorp/app:bug-tracker',
	'techcorp/folder:customer-tickets/app:inbox',
	'techcorp/variable:API_KEY',
	'techcorp/app:*',
	'techcorp/folder:*/app:*',
	'"techcorp"/"app":"bug-tracker"',
	'techcorp/app:"*"',
	'""', '""/app:""', '"/"/":":"*"',
	'"tech corp"/"my app":"a/b:c"',
	'""""/app:"say ""hi"""',
	'"a b"/t:x', '"a"/t:"x y"',
	'-/_:.', '(a,b)/{c}:[d]', 'a\b/c\d:e\f', '''/'':''',
	'1/app:42', '1/app:042', '1/app:-0', '1/app:+1']) AS t;
-- the literal id * and the wildcard are two things
SELECT 'w/app:*'::tj_resource = 'w/app:"*"' AS same;
-- control characters and blanks are quoted, other characters are not
SELECT i AS character, tj_resource('w', 't', chr(i))::text = 'w/t:"' || chr(i) || '"' AS quoted
FROM generate_series(1, 160) AS i
WHERE tj_resource('w', 't', chr(i))::text <> 'w/t:' || chr(i) AND i <> ascii('"');
SELECT tj_resource('w', 't', U&'\00e9\3000\+01f600')::text = U&'w/t:\00e9\3000\+01f600' AS multibyte,
	U&'"\00e9 "/\00fc:"\00e9/"'::tj_resource::text = U&'"\00e9 "/\00fc:"\00e9/"' AS quoted_multibyte;
-- keys and ids are never folded
SELECT 'W/App:X'::tj_resource = 'w/app:x' AS same;

-- refused text, with what was expected and where
SELECT ''::tj_resource;
SELECT ' techcorp'::tj_resource;
SELECT 'techcorp '::tj_resource;
SELECT 'tech corp'::tj_resource;
SELECT 'techcorp/'::tj_resource;
SELECT 'techcorp/app'::tj_resource;
SELECT 'techcorp/app:'::tj_resource;
SELECT 'techcorp/:x'::tj_resource;
SELECT 'techcorp/"":x'::tj_resource;
SELECT 'techcorp/*:x'::tj_resource;
SELECT 'techcorp/app:x:y'::tj_resource;
SELECT 'techcorp/app:x/'::tj_resource;
SELECT 'techcorp//app:x'::tj_resource;
SELECT 'techcorp/app:*x'::tj_resource;
SELECT 'techcorp/app:x*'::tj_resource;
SELECT 'techcorp/app: x'::tj_resource;
SELECT 'techcorp:x'::tj_resource;
SELECT '*'::tj_resource;
SELECT '*/app:x'::tj_resource;
SELECT '"techcorp'::tj_resource;
SELECT 'techcorp/app:"'::tj_resource;
SELECT 'techcorp/app:"x""'::tj_resource;
SELECT 'techcorp/app:"x"y'::tj_resource;
SELECT 'tech"corp"'::tj_resource;
SELECT E'techcorp/app:a\tb'::tj_resource;
-- positions are counted in characters; what is echoed is clipped at a whole one
DO $$
DECLARE
	detail text;
BEGIN
	PERFORM (repeat('x', 99) || repeat(U&'\00e9', 50) || '/')::tj_resource;
EXCEPTION WHEN invalid_text_representation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '% | %', replace(sqlerrm, repeat('x', 99), '99 x'), detail;
END
$$;
DO $$
DECLARE
	hostile text;
	message text;
BEGIN
	FOREACH hostile IN ARRAY ARRAY[repeat('x', 1000000), repeat('"', 1000001), repeat('/', 1000000),
		'w' || repeat('/a:b', 1000000), 'w' || repeat('/a:"', 1000000), '"' || repeat('x', 1000000)]
	LOOP
		BEGIN
			PERFORM hostile::tj_resource;
		EXCEPTION WHEN invalid_text_representation THEN
			GET STACKED DIAGNOSTICS message = PG_EXCEPTION_DETAIL;
			RAISE NOTICE '% % bytes, % shown: %', left(hostile, 5), length(hostile), length(sqlerrm), message;
		END;
	END LOOP;
END
$$;

-- random text is either refused or has one canonical spelling
CREATE FUNCTION verdict(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r tj_resource;
BEGIN
	r := t;
	RETURN CASE WHEN r::text::tj_resource = r AND r::text::tj_resource::text = r::text THEN 'round trip' ELSE 'broken ' || t END;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN 'refused';
END
$$;
SELECT setseed(0.5);
CREATE TABLE noise AS
	SELECT string_agg((ARRAY['a', '/', ':', '*', '"', '""', ' ', 'b', '/t:', '/t:1', '/"u":', U&'\00e9', E'\x01'])[1 + floor(random() * 13)::int], '') AS t
	FROM generate_series(1, 200000) AS i GROUP BY i / 5;
SELECT verdict, count(*) > 100 AS many FROM noise, verdict(t) GROUP BY verdict ORDER BY verdict;
-- and these characters cannot stand in a bare word
SELECT string_agg(i::text, ' ' ORDER BY i) AS characters FROM generate_series(1, 160) AS i WHERE verdict('w/t:x' || chr(i) || 'x') = 'refused';

-- limits, each from both sides
SELECT length(('k' || repeat('x', 254))::tj_resource::text) AS key_255;
SELECT repeat('x', 256)::tj_resource;
SELECT ('"' || repeat('x', 256) || '"')::tj_resource;
SELECT length(('w/' || repeat('t', 63) || ':1')::tj_resource::text) AS type_63;
SELECT ('w/' || repeat('t', 64) || ':1')::tj_resource;
SELECT length(('w/t:' || repeat('i', 255))::tj_resource::text) AS id_255;
SELECT ('w/t:' || repeat('i', 256))::tj_resource;
SELECT ('w/t:"' || repeat('"', 512) || '"')::tj_resource;
SELECT length(('w/t:"' || repeat('"', 510) || '"')::tj_resource::text) AS id_255_quotes;
SELECT length(('w' || repeat('/t:1', 64))::tj_resource::text) AS elements_64;
SELECT ('w' || repeat('/t:1', 65))::tj_resource;
SELECT (repeat(U&'\00e9', 127))::tj_resource IS NOT NULL AS bytes_254, tj_workspace(repeat(U&'\00e9', 128)) IS NULL AS bytes_256;
SELECT r::text::tj_resource = r AS largest, length(r::text), (SELECT count(*) FROM tj_perm.elements_of(r))
FROM (SELECT (repeat('k', 255) || repeat('/' || repeat('t', 63) || ':' || repeat('i', 255), 64))::tj_resource AS r) AS x;

-- an input function asked softly answers softly (16 and later)
DO $$
DECLARE
	soft boolean := true;
BEGIN
	IF current_setting('server_version_num')::integer >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, $3) AND NOT pg_input_is_valid($2, $3)' INTO soft USING 'w/app:1', 'w/app', 'tj_resource';
	END IF;
	RAISE NOTICE 'soft errors: %', soft;
END
$$;

-- binary form: a version byte and the text
SELECT tj_resource_send(t::tj_resource) = '\x01' || convert_to(t, getdatabaseencoding()) AS as_sent, t
FROM unnest(ARRAY['techcorp', 'w/app:*', 'w/folder:7/app:"a b"']) AS t;
CREATE FUNCTION receive_resource(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result tj_resource;
	detail text;
	file oid := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea
							  || int4send(length(bytes)) || bytes || '\xffff'::bytea);
BEGIN
	-- a copy file of one row, in a directory that the server empties when it starts
	PERFORM lo_export(file, 'pg_stat_tmp/tj_perm_receive_resource'), lo_unlink(file);
	CREATE TEMP TABLE received (value tj_resource) ON COMMIT DROP;
	COPY received FROM 'pg_stat_tmp/tj_perm_receive_resource' (FORMAT binary);
	SELECT value INTO result FROM received;
	DROP TABLE received;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN sqlstate || ' ' || sqlerrm || ' | ' || detail;
END
$$;
SELECT bytes, receive_resource(bytes)
FROM (VALUES
	(1, '\x01'::bytea || 'w/app:1'), (2, '\x01'::bytea || '"w"/app:*'), (3, '\x01'::bytea || '"a b"/t:""'),
	(4, '\x'), (5, '\x01'), (6, '\x0077'), (7, '\x0277'), (8, '\xff'),
	(9, '\x01'::bytea || 'w/app'), (10, '\x01'::bytea || 'w/app:"1'), (11, '\x01'::bytea || 'w '),
	(12, '\x0177002f743a31'), (13, '\x01772f743aff'), (14, '\x01772f743ac3')) AS v(n, bytes)
ORDER BY n;
-- whatever the bytes, a resource or an error
SELECT count(*), count(*) FILTER (WHERE result ~ '^(22P03|22021|08P01) ') AS refused,
	count(*) FILTER (WHERE result !~ '^[0-9A-Z]{5} ' AND result::tj_resource IS NOT NULL) AS resources
FROM (SELECT receive_resource(substr('\x01'::bytea || 'k/t:1/"u":*/v:"x""y"', 1, cut) || tail) AS result
	  FROM generate_series(0, 21) AS cut, unnest('{"\\x","\\x00","\\x22","\\x2f","\\xff","\\x0180"}'::bytea[]) AS tail) AS x;

-- tj_workspace: text, bigint, uuid
SELECT tj_workspace('techcorp'), tj_workspace('tech corp'), tj_workspace('*'), tj_workspace('w/app:1'), tj_workspace('');
SELECT tj_workspace(42), tj_workspace(42::smallint) = tj_workspace('42') AS same_smallint, tj_workspace(42::bigint) = '42' AS same_bigint, tj_workspace('042') = tj_workspace(42) AS same_042;
SELECT tj_workspace('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid), tj_workspace('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid) = tj_workspace('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11') AS same,
	tj_workspace('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid) = tj_workspace('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11') AS same_upper;
SELECT tj_workspace(NULL::text) IS NULL AS t, tj_workspace(NULL::bigint) IS NULL AS b, tj_workspace(NULL::uuid) IS NULL AS u,
	tj_workspace(repeat('x', 255)) IS NULL AS x255, tj_workspace(repeat('x', 256)) IS NULL AS x256;
SELECT tj_workspace('a'::varchar), tj_workspace('a'::name);

-- tj_resource: the same thing by every type of column
CREATE DOMAIN id_domain AS bigint CHECK (VALUE > 0);
CREATE DOMAIN id_domain_domain AS id_domain;
CREATE DOMAIN text_domain AS text;
CREATE DOMAIN text_array_domain AS text[];
CREATE TABLE things (
	t text DEFAULT '42', v varchar DEFAULT '42', v3 varchar(3) DEFAULT '42', n name DEFAULT '42',
	i2 smallint DEFAULT 42, i4 integer DEFAULT 42, i8 bigint DEFAULT 42,
	d id_domain DEFAULT 42, dd id_domain_domain DEFAULT 42, td text_domain DEFAULT '42', u uuid DEFAULT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
INSERT INTO things DEFAULT VALUES;
SELECT tj_resource(t, 'app', t), tj_resource(v, 'app', v), tj_resource(v3, 'app', v3), tj_resource(n, 'app', n),
	tj_resource(i2, 'app', i2), tj_resource(i4, 'app', i4), tj_resource(i8, 'app', i8),
	tj_resource(d, 'app', d), tj_resource(dd, 'app', dd), tj_resource(td, 'app', td) FROM things;
SELECT tj_resource(i8, 'folder', u, 'app', t), tj_resource(u, 'folder', v, 'app', i2), tj_resource(t, v, d, n::text, td) FROM things;
SELECT tj_resource('w', 'app', '42') = tj_resource('w', 'app', 42) AS text_and_number,
	tj_resource('w', 'app', 42) = 'w/app:42' AS literal, tj_resource('w', 'app', u) = ('w/app:' || u)::tj_resource AS uuid FROM things;
SELECT tj_workspace(td), tj_workspace(d), tj_workspace(v3) FROM things;
-- other spellings stay what they are
SELECT id, tj_resource('w', 'app', id), tj_resource('w', 'app', id) = tj_resource('w', 'app', id::numeric::bigint) AS same_as_number
FROM unnest(ARRAY['42', '042', '-0', '0', '+1', '-1', '9223372036854775807', '-9223372036854775808', ' 42', '42.0', '4e1']) AS id;
SELECT tj_resource('w', 'app', '9223372036854775808');
SELECT tj_resource(i, 'a', i, 'b', i::integer) FROM unnest('{-32768,-1,0,7,32767}'::smallint[]) AS i;
SELECT tj_resource(i, 'a', i) FROM unnest('{-2147483648,2147483647}'::integer[]) AS i;
SELECT tj_resource(i, 'a', i) FROM unnest('{-9223372036854775808,9223372036854775807}'::bigint[]) AS i;
SELECT tj_resource('w', 'app', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11') = tj_resource('w', 'app', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid) AS upper_case_uuid_same;
-- a constructor takes its arguments literally
SELECT tj_resource('w', 'app', '*'), tj_resource('w/app:1', 'a:b', 'c/d'), tj_resource('', 'app', ''), tj_resource('w', '*', 'x');
-- with one argument it is the cast, which parses
SELECT tj_resource('w/app:*'), tj_resource('w/app:' || 1) = tj_resource('w', 'app', 1) AS same;

-- up to four elements all text, more with any type
SELECT tj_resource('w', 'a', '1'), tj_resource('w', 'a', '1', 'b', '2'), tj_resource('w', 'a', '1', 'b', '2', 'c', '3'),
	tj_resource('w', 'a', '1', 'b', '2', 'c', '3', 'd', '4'), tj_resource('w', 'a', '1', 'b', '2', 'c', '3', 'd', '4', 'e', '5', 'f', 6);
PREPARE untyped AS SELECT tj_resource($1, 'folder', $2, 'app', $3), pg_typeof($1), pg_typeof($2), pg_typeof($3);
EXECUTE untyped('w', '7', '42');
EXECUTE untyped('w', NULL, '42');
PREPARE typed (bigint, integer, uuid) AS SELECT tj_resource($1, 'folder', $2, 'app', $3);
EXECUTE typed(1, 2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
EXECUTE typed(1, NULL, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
-- among arguments of other types an untyped parameter must say its type
PREPARE mixed AS SELECT tj_resource($1, 'app', 42);
PREPARE mixed AS SELECT tj_resource($1::text, 'app', 42);
EXECUTE mixed('w');
DEALLOCATE mixed;
DEALLOCATE untyped;
DEALLOCATE typed;

-- NULL: a container is skipped, a workspace, a type or the last id makes NULL
SELECT tj_resource('w', 'folder', NULL, 'app', 'x') AS container, tj_resource('w', 'a', NULL, 'b', NULL, 'c', '1') AS two,
	tj_resource(1, 'folder', NULL::bigint, 'app', 2) AS any_type, tj_resource(1, 'folder', NULL, 'app', 2) AS any_type_unknown;
SELECT tj_resource(NULL, 'app', 'x') IS NULL AS workspace, tj_resource('w', NULL, 'x') IS NULL AS type, tj_resource('w', 'app', NULL) IS NULL AS id,
	tj_resource('w', 'folder', 'f', 'app', NULL) IS NULL AS last_id, tj_resource('w', NULL, NULL, 'app', 'x') IS NULL AS type_of_skipped,
	tj_resource(NULL::bigint, 'app', 1) IS NULL AS any_workspace, tj_resource(1, 'app', NULL::uuid) IS NULL AS any_id, tj_resource(1, 'a', 1, NULL, 1) IS NULL AS any_type;

-- limits never raise: NULL
SELECT tj_resource(repeat('k', 255), repeat('t', 63), repeat('i', 255)) IS NOT NULL AS at_the_limits,
	tj_resource(repeat('k', 256), 't', 'i') IS NULL AS key, tj_resource('k', repeat('t', 64), 'i') IS NULL AS type,
	tj_resource('k', 't', repeat('i', 256)) IS NULL AS id, tj_resource('k', 'c', repeat('i', 256), 't', 'i') IS NULL AS container,
	tj_resource('k', '', 'i') IS NULL AS empty_type, tj_resource('k', '', NULL, 't', 'i') IS NULL AS empty_type_of_skipped,
	tj_resource(1, repeat('t', 64), 1) IS NULL AS any_type, tj_resource(1, 'c', ARRAY[repeat('i', 256)], 't', 1) IS NULL AS in_an_array;

-- an array as the id of a container: several containers of that type
SELECT tj_resource('w', 'folder', ARRAY['a', 'b'], 'app', 'x'), tj_resource(1, 'folder', '{1,NULL,2}'::bigint[], 'app', 3),
	tj_resource(1, 'folder', '{5,6}'::smallint[], 'app', 3), tj_resource(1, 'folder', '{5,6}'::integer[], 'app', 3), tj_resource(1, 'folder', '{a,"b c"}'::varchar[], 'app', 3),
	tj_resource(1, 'folder', '{a,b}'::name[], 'app', 3), tj_resource(1, 'folder', '{3,4}'::id_domain[], 'app', 3), tj_resource(1, 'folder', '{p,q}'::text_array_domain, 'app', 3);
SELECT tj_resource('w', 'folder', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12}'::uuid[], 'app', 'x');
SELECT tj_resource('w', 'folder', '{}'::text[], 'app', 'x') AS empty, tj_resource('w', 'folder', NULL::text[], 'app', 'x') AS null_array,
	tj_resource('w', 'folder', '{NULL,NULL}'::text[], 'app', 'x') AS nulls, tj_resource('w', 'folder', '{{1,2},{3,4}}'::integer[], 'app', 'x') AS two_dimensions,
	tj_resource('w', 'folder', '[5:6]={1,2}'::integer[], 'app', 'x') AS bounds, tj_resource('w', 'folder', '{*,""}'::text[], 'app', 'x') AS literal;
SELECT n, (SELECT count(*) FROM tj_perm.elements_of(tj_resource('w', 'folder', array_agg(i), 'app', 'x'))) AS elements,
	tj_resource('w', 'folder', array_agg(i), 'app', 'x') IS NULL AS is_null
FROM unnest('{62,63,64,100000}'::integer[]) AS n, generate_series(1, n) AS i GROUP BY n ORDER BY n;

-- stored arrays and texts that are compressed or out of line
CREATE TABLE toasted (path text[], path_external text[], id text);
ALTER TABLE toasted ALTER path_external SET STORAGE external;
INSERT INTO toasted SELECT array_agg(repeat('x', 250) || i), array_agg(repeat('y', 250) || i), repeat('z', 255) FROM generate_series(1, 63) AS i;
SELECT pg_column_size(path) < 3000 AS compressed, (SELECT count(*) FROM tj_perm.elements_of(tj_resource('w', 'a', path, 'b', id))) AS elements,
	(SELECT id FROM tj_perm.elements_of(tj_resource('w', 'a', path_external, 'b', id)) WHERE position = 63) = repeat('y', 250) || 63 AS last_container
FROM toasted;

-- types that are refused, said at once and not by a value
CREATE TYPE colour AS ENUM ('red');
CREATE DOMAIN padded AS character(4);
CREATE TABLE refused (c character(4), p padded, x numeric, f double precision, o oid, e colour, b boolean, q "char", y bytea, j jsonb, ca character(4)[], d date);
INSERT INTO refused DEFAULT VALUES;
SELECT tj_resource('w', 'app', c) FROM refused;
SELECT tj_resource(c, 'app', 'x') FROM refused;
SELECT tj_resource('w', c, 'x') FROM refused;
SELECT tj_resource('w', 'folder', c, 'app', 'x') FROM refused;
SELECT tj_resource(1, 'app', c) FROM refused;
SELECT tj_resource('w', 'app', p) FROM refused;
SELECT tj_resource('w', 'app', q) FROM refused;
SELECT tj_resource('w', 'app', x) FROM refused;
SELECT tj_resource(f, 'app', 1) FROM refused;
SELECT tj_resource('w', 'app', o) FROM refused;
SELECT tj_resource('w', 'app', e) FROM refused;
SELECT tj_resource('w', 'app', b) FROM refused;
SELECT tj_resource('w', 'app', y) FROM refused;
SELECT tj_resource('w', 'app', j) FROM refused;
SELECT tj_resource('w', 'app', d) FROM refused;
SELECT tj_resource('w', 'folder', ca, 'app', 1) FROM refused;
SELECT tj_workspace(c) FROM refused;
SELECT tj_workspace(p) FROM refused;
SELECT tj_workspace(o) FROM refused;
SELECT tj_workspace(x) FROM refused;
-- a type like citext, and one that is cast by way of its text
SET client_min_messages = warning;
CREATE TYPE folded;
CREATE FUNCTION folded_in(cstring) RETURNS folded LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION folded_out(folded) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE folded (INPUT = folded_in, OUTPUT = folded_out, LIKE = text);
CREATE CAST (folded AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (colour AS text) WITH INOUT AS IMPLICIT;
RESET client_min_messages;
ALTER TABLE refused ADD COLUMN z folded;
SELECT tj_resource('w', 'app', z) FROM refused;
SELECT tj_resource('w', 'folder', z, 'app', 'x') FROM refused;
SELECT tj_resource(1, 'app', z) FROM refused;
SELECT tj_resource(1, z, 1) FROM refused;
SELECT tj_workspace(z) FROM refused;
SELECT tj_resource('w', 'app', e) FROM refused;
SELECT tj_workspace(e) FROM refused;
SELECT tj_resource('w', 'app', z::text) IS NULL AS accepted, tj_workspace(e::text) IS NULL AS accepted FROM refused;
-- an explicit cast says that it is meant
SELECT tj_resource('w', 'app', 'ab'::character(4)::text), tj_workspace('ab  '::character(4)::text) FROM refused;
SELECT tj_resource('w', 'app', c::text) IS NULL AS accepted, tj_workspace(x::bigint) IS NULL AS accepted FROM refused;
-- mistakes in the arguments
SELECT tj_resource('w', 'app', 1, 'folder');
SELECT tj_resource('w', 'app', '1', 'folder');
SELECT tj_resource('w', 'app');
SELECT tj_resource('w', 'app', 1, 2, 3);
SELECT tj_resource('w', 'app', ARRAY['x']);
SELECT tj_resource('w', ARRAY['app'], 'x');
SELECT tj_resource(ARRAY['w'], 'app', 'x');
SELECT tj_resource('w', 'app', VARIADIC ARRAY['x']);
SELECT tj_resource('w', 'app', VARIADIC NULL::text[]);

-- no cast but to and from text
SELECT castsource::regtype, casttarget::regtype FROM pg_cast WHERE 'tj_resource'::regtype IN (castsource, casttarget);
SELECT 'w'::text = 'w'::tj_resource;
SELECT ('w/app:' || 1)::tj_resource, ('w/app:1'::tj_resource)::text || '!' AS text;

-- parts
SELECT r, tj_perm.workspace_of(r), tj_perm.is_grant_target(r)
FROM unnest('{w,w/app:1,w/app:*,w/folder:1/app:2,w/folder:1/app:*,w/folder:*/app:1}'::tj_resource[]) AS r;
SELECT r, e.* FROM unnest(ARRAY['w', 'w/app:*', 'w/app:"*"', '"a b"/"c d":"e f"/g:""/h:*']::tj_resource[]) AS r LEFT JOIN tj_perm.elements_of(r) AS e ON true ORDER BY r, position;
SELECT tj_perm.workspace_of('""') = '' AS empty_key, tj_perm.workspace_of(NULL) IS NULL AS null_key, tj_perm.is_grant_target(NULL) IS NULL AS null_target;
SELECT count(*) FROM tj_perm.elements_of(NULL);

-- order: key, then element by element type, wildcard, id, by bytes; a path before its extensions
SELECT r FROM unnest(ARRAY['b', 'a', 'a b', 'aa', 'A', '"a"/t:1', 'a/t:*', 'a/t:"*"', 'a/t:""', 'a/t:10', 'a/t:9', 'a/t:1/t:1', 'a/t:*/t:1', 'a/tt:1', 'a/s:2', 'a-/t:1', '""', 'a/"t ":1']::text[]) AS t,
	LATERAL (SELECT CASE WHEN t = 'a b' THEN tj_workspace(t) ELSE t::tj_resource END AS r) AS x
ORDER BY r;
CREATE FUNCTION parts(r tj_resource) RETURNS bytea[] LANGUAGE sql AS $$
	SELECT ARRAY[convert_to(tj_perm.workspace_of(r), 'UTF8')] || coalesce(array_agg(part ORDER BY position, n), '{}')
	FROM tj_perm.elements_of(r), LATERAL (VALUES (1, convert_to(type, 'UTF8')), (2, CASE WHEN id IS NULL THEN '\x00'::bytea ELSE '\x01' END), (3, convert_to(coalesce(id, ''), 'UTF8'))) AS v(n, part)
$$;
CREATE TABLE ordered AS
	SELECT (key || a || b)::tj_resource AS r
	FROM unnest(ARRAY['a', 'b', '"a "', 'aa', U&'\00e9', '""""']) AS key,
		unnest(ARRAY['', '/t:1', '/t:*', '/t:"*"', '/t:""', '/tt:1', '/t:11', '/"s ":1', U&'/\00e9:2']) AS a,
		unnest(ARRAY['/t:1', '/t:*', '/tt:1', '']) AS b
	UNION SELECT 'x' ORDER BY 1;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.r < b.r) <> (a.p < b.p) OR (a.r <= b.r) <> (a.p <= b.p) OR (a.r = b.r) <> (a.p = b.p)
					 OR (a.r <> b.r) <> (a.p <> b.p) OR (a.r >= b.r) <> (a.p >= b.p) OR (a.r > b.r) <> (a.p > b.p)
					 OR sign(tj_resource_cmp(a.r, b.r)) <> btarraycmp(a.p, b.p)) AS wrong
FROM (SELECT r, parts(r) AS p FROM ordered) AS a, (SELECT r, parts(r) AS p FROM ordered) AS b;
SELECT 'a'::tj_resource < NULL AS unknown;

-- hash: equal values, equal hashes, short and long headers alike; seed 0 agrees
CREATE TABLE many AS
	SELECT i, tj_resource(i % 50, 'folder', i % 500, 'app', i) AS r FROM generate_series(1, 5000) AS i;
INSERT INTO many SELECT -i, ('w' || repeat('/t:' || repeat('x', 200) || i, 60))::tj_resource FROM generate_series(1, 20) AS i;
SELECT count(*) FILTER (WHERE tj_resource_hash(r) <> tj_resource_hash(r::text::tj_resource)) AS differ,
	count(*) FILTER (WHERE (tj_resource_hash_extended(r, 0) & 4294967295) <> (tj_resource_hash(r)::bigint & 4294967295)) AS seed_0_differs,
	count(*) FILTER (WHERE tj_resource_hash_extended(r, 0) = tj_resource_hash_extended(r, 1)) AS not_seeded,
	count(DISTINCT tj_resource_hash(r)) > 5000 AS spread, count(*) FILTER (WHERE pg_column_size(r) < pg_column_size(r::text)) AS packed_or_compressed
FROM many;

-- stored, indexed, joined, grouped
INSERT INTO many SELECT i + 10000, r FROM many;
SELECT count(*), count(DISTINCT r) FROM many;
SELECT count(*), min(n), max(n) FROM (SELECT r, count(*) AS n FROM many GROUP BY r) AS x;
CREATE INDEX many_btree ON many (r);
ANALYZE many;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT i FROM many WHERE r = tj_resource(7, 'folder', 57, 'app', 57);
SELECT i FROM many WHERE r = tj_resource(7, 'folder', 57, 'app', 57) ORDER BY i;
EXPLAIN (COSTS OFF) SELECT i FROM many WHERE r >= '7/folder:57' AND r < '7/folder:58' ORDER BY r;
SELECT count(*), count(*) FILTER (WHERE r::text LIKE '7/folder:57/%') AS below FROM many WHERE r >= '7/folder:57' AND r < '7/folder:58';
SELECT i FROM many WHERE r = (SELECT r FROM many WHERE i = -20) ORDER BY i;
CREATE INDEX many_hash ON many USING hash (r);
DROP INDEX many_btree;
EXPLAIN (COSTS OFF) SELECT i FROM many WHERE r = '7/folder:57/app:57';
SELECT i FROM many WHERE r = '7/folder:57/app:57' ORDER BY i;
SELECT i FROM many WHERE r = (SELECT r FROM many WHERE i = -20) ORDER BY i;
RESET enable_seqscan;
RESET enable_bitmapscan;
SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many AS a JOIN many AS b USING (r);
SELECT count(*) FROM many AS a JOIN many AS b USING (r);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many AS a JOIN many AS b USING (r);
SELECT count(*) FROM many AS a JOIN many AS b USING (r);
RESET enable_nestloop;
RESET enable_mergejoin;
RESET enable_hashjoin;
SELECT 'w/app:1' = ANY ('{w,w/app:1}'::tj_resource[]) AS element, ARRAY['w/app:"a,b"', 'w/t:"""x"""', NULL]::tj_resource[] AS printed,
	(ARRAY['w/app:"a,b"', 'w/t:"""x"""']::tj_resource[])::text::tj_resource[] = ARRAY['w/app:"a,b"', 'w/t:"""x"""']::tj_resource[] AS round_trip;
CREATE UNIQUE INDEX things_resource ON things (tj_resource(i8, 'app', i4));
INSERT INTO things DEFAULT VALUES;
CREATE TABLE parted (r tj_resource) PARTITION BY HASH (r);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT r FROM many;
SELECT count(*), count(DISTINCT tableoid) FROM parted;

-- \df+, \dT+ and \do+ tell what each is for: nothing of these types is without a comment
SELECT object FROM (
	SELECT oid::regprocedure::text, obj_description(oid, 'pg_proc') FROM pg_proc WHERE proname ~ '^tj_(level|resource|workspace)'
	UNION ALL
	SELECT oid::regoperator::text, obj_description(oid, 'pg_operator') FROM pg_operator WHERE oprleft IN ('tj_level'::regtype, 'tj_resource'::regtype)
	UNION ALL
	SELECT opcname, obj_description(oid, 'pg_opclass') FROM pg_opclass WHERE opcintype IN ('tj_level'::regtype, 'tj_resource'::regtype)
	UNION ALL
	SELECT typname, obj_description(oid, 'pg_type') FROM pg_type WHERE typname IN ('tj_level', 'tj_resource')
) AS objects(object, comment)
WHERE comment IS NULL ORDER BY object;
SET client_min_messages = warning;
DROP SCHEMA test_resource CASCADE;
