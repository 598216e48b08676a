ALTER FUNCTION tj_perm.fold_group_name(text) VOLATILE
ALTER FUNCTION tj_perm.fold_group_name(text) SET work_mem = '1MB'
GRANT EXECUTE ON FUNCTION tj_perm._caller_role() TO PUBLIC
COMMENT ON FUNCTION tj_perm.fold_group_name(text) IS 'something else'
CREATE FUNCTION tj_perm.extra() RETURNS integer LANGUAGE sql RETURN 1; ALTER EXTENSION tj_perm ADD FUNCTION tj_perm.extra()
ALTER EXTENSION tj_perm DROP FUNCTION tj_perm.fold_group_name(text)
ALTER TABLE tj_perm.grants SET (fillfactor = 50)
ALTER TABLE tj_perm.grants ADD COLUMN extra integer
ALTER TABLE tj_perm.grants ALTER COLUMN note SET DEFAULT 'x'
ALTER TABLE tj_perm.grants ALTER COLUMN note SET NOT NULL
COMMENT ON COLUMN tj_perm.workspaces.name IS 'something else'
GRANT SELECT ON tj_perm.grants TO PUBLIC
CREATE INDEX ON tj_perm.grants (note)
ALTER TABLE tj_perm.members DROP CONSTRAINT members_status_check
ALTER TABLE tj_perm.grants DISABLE TRIGGER ALL; ALTER TABLE tj_perm.grants ENABLE TRIGGER ALL
CREATE TRIGGER extra BEFORE UPDATE ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
ALTER OPERATOR >= (tj_level, tj_level) SET (RESTRICT = scalargtsel)
ALTER TYPE tj_level SET (SEND = NONE)
CREATE CAST (tj_level AS integer) WITH INOUT; ALTER EXTENSION tj_perm ADD CAST (tj_level AS integer)
GRANT CREATE ON SCHEMA tj_perm TO PUBLIC
UPDATE pg_extension SET extconfig = extconfig[2:], extcondition = extcondition[2:] WHERE extname = 'tj_perm'
