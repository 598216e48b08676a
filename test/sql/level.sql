-- The type tj_level: I/O, order, indexes, aggregates.
CREATE SCHEMA test_level;
SET search_path = test_level, public;

-- every level, text and binary
SELECT l, l::tj_level::text = l AS round_trip, tj_level_send(l::tj_level), pg_column_size(l::tj_level)
FROM unnest(ARRAY['viewer', 'editor', 'admin']) AS l;
SELECT typlen, typbyval, typalign, typstorage FROM pg_type WHERE oid = 'tj_level'::regtype;

-- only the exact words
SELECT 'Viewer'::tj_level;
SELECT ''::tj_level;
SELECT ' admin'::tj_level;
SELECT 'admin '::tj_level;
SELECT 'owner'::tj_level;
SELECT '20'::tj_level;
SELECT repeat('x', 101)::tj_level;
DO $$
BEGIN
	PERFORM (repeat('x', 99) || repeat(U&'\00e9', 50))::tj_level;
EXCEPTION WHEN invalid_text_representation THEN
	RAISE NOTICE 'clipped at a whole character: %', replace(sqlerrm, repeat('x', 99), '99 x, ');
END
$$;

-- text to level and back only by I/O casts, nothing from a number
SELECT 'edi' || 'tor' = 'editor'::tj_level;
SELECT ('edi' || 'tor')::tj_level = 'editor';
SELECT 10::tj_level;
SELECT castsource::regtype, casttarget::regtype FROM pg_cast
WHERE 'tj_level'::regtype IN (castsource, casttarget);

-- an input function asked softly answers softly (16 and later)
DO $$
DECLARE
	soft boolean := true;
BEGIN
	IF current_setting('server_version_num')::integer >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, $3) AND NOT pg_input_is_valid($2, $3)' INTO soft USING 'editor', 'owner', 'tj_level';
	END IF;
	RAISE NOTICE 'soft errors: %', soft;
END
$$;

-- hostile bytes
CREATE FUNCTION receive_level(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result tj_level;
	file oid := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea
							  || int4send(length(bytes)) || bytes || '\xffff'::bytea);
BEGIN
	-- a copy file of one row, in a directory that the server empties when it starts
	PERFORM lo_export(file, 'pg_stat_tmp/tj_perm_receive_level'), lo_unlink(file);
	CREATE TEMP TABLE received (value tj_level) ON COMMIT DROP;
	COPY received FROM 'pg_stat_tmp/tj_perm_receive_level' (FORMAT binary);
	SELECT value INTO result FROM received;
	DROP TABLE received;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT bytes, receive_level(bytes)
FROM unnest('{"\\x0a","\\x14","\\x1e","\\x00","\\x0b","\\xff","\\x0a0a","\\x"}'::bytea[]) AS bytes;

-- order
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, sign(tj_level_cmp(a, b)) AS cmp
FROM unnest('{viewer,editor,admin}'::tj_level[]) AS a, unnest('{viewer,editor,admin}'::tj_level[]) AS b
ORDER BY a, b;
SELECT min(l), max(l) FROM unnest('{editor,admin,viewer,editor,NULL}'::tj_level[]) AS l;
SELECT min(l), max(l) FROM unnest('{}'::tj_level[]) AS l;
SELECT greatest('viewer', 'admin', 'editor'::tj_level), least('editor', 'admin', 'viewer'::tj_level), greatest(NULL, 'viewer'::tj_level);
SELECT 'editor'::tj_level < NULL AS unknown, 'editor'::tj_level IS DISTINCT FROM NULL AS distinct_from_null;
SELECT 'editor' = ANY ('{viewer,editor}'::tj_level[]) AS element, '{viewer,admin}'::tj_level[] < '{editor}' AS arrays;

-- stored between other columns, sorted, grouped, hashed
CREATE TABLE holders (n integer, l tj_level, b boolean DEFAULT true, l2 tj_level DEFAULT 'admin');
INSERT INTO holders SELECT i, (ARRAY['viewer', 'editor', 'admin', NULL]::tj_level[])[i % 4 + 1] FROM generate_series(0, 1999) AS i;
SELECT l, count(*), bool_and(b), min(l2) FROM holders GROUP BY l ORDER BY l;
SELECT DISTINCT l FROM holders ORDER BY l DESC NULLS LAST;
CREATE INDEX holders_btree ON holders (l);
CREATE INDEX holders_hash ON holders USING hash (l);
ANALYZE holders;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
DO $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT max(l) FROM holders' LOOP
		IF line LIKE '%using%' THEN
			RAISE NOTICE 'max: %', btrim(line, '-> ');
		END IF;
	END LOOP;
END
$$;
SELECT min(l), max(l) FROM holders;
EXPLAIN (COSTS OFF) SELECT count(*) FROM holders WHERE l >= 'editor';
SELECT count(*) FROM holders WHERE l >= 'editor';
DROP INDEX holders_btree;
EXPLAIN (COSTS OFF) SELECT count(*) FROM holders WHERE l = 'editor';
SELECT count(*) FROM holders WHERE l = 'editor';
RESET enable_seqscan;
RESET enable_bitmapscan;
SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM holders JOIN (VALUES ('editor'::tj_level), ('admin')) AS v(l) USING (l);
SELECT count(*) FROM holders JOIN (VALUES ('editor'::tj_level), ('admin')) AS v(l) USING (l);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM holders JOIN (VALUES ('editor'::tj_level), ('admin')) AS v(l) USING (l);
SELECT count(*) FROM holders JOIN (VALUES ('editor'::tj_level), ('admin')) AS v(l) USING (l);
RESET enable_nestloop;
RESET enable_mergejoin;
RESET enable_hashjoin;
-- seed 0 of the extended hash agrees with the hash in the low 32 bits; a seed changes it
SELECT l, (tj_level_hash_extended(l, 0) & 4294967295) = (tj_level_hash(l)::bigint & 4294967295) AS agrees,
	tj_level_hash_extended(l, 0) <> tj_level_hash_extended(l, 1) AS seeded
FROM unnest('{viewer,editor,admin}'::tj_level[]) AS l;
CREATE TABLE parts (l tj_level) PARTITION BY HASH (l);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT l FROM holders WHERE l IS NOT NULL;
SELECT l, count(*), count(DISTINCT tableoid) AS partitions FROM parts GROUP BY l ORDER BY l;

SET client_min_messages = warning;
DROP SCHEMA test_level CASCADE;
