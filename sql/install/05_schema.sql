-- The schema of tables and administration; made here, see 00_guard.
CREATE SCHEMA tj_perm;
COMMENT ON SCHEMA tj_perm IS 'tj_perm: workspaces, users, groups and grants, and the functions that administer them. What policies call (tj_can, tj_user, tj_resource, ...) lies in the schema chosen by CREATE EXTENSION.';
