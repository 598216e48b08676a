-- History: who changed what, when, as it was and as it is, in the same
-- transaction; by the API, by direct DML, COPY and cascades. ORIGIN triggers: on
-- a replica the history arrives with the data. While a dump is restored it does
-- so too, hence is_restoring().
--
-- INSERT and DELETE are recorded a statement at a time, so that bulk loads stay
-- cheap; UPDATE row by row, since only then old and new are surely the same row.

CREATE FUNCTION tj_perm.record_history() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.record_history() IS 'Trigger: records changed rows in the history.';
CREATE FUNCTION tj_perm._record_history() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- not worth keeping, or not to be kept: what is derived, what is secret
	hidden CONSTANT text[] := ARRAY['name_key', 'token_hash'];
	actor CONSTANT text := @extschema@.tj_user();
	role CONSTANT text := pg_get_userbyid(tj_perm._caller_role());
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO tj_perm.history (actor, role, workspace_id, table_name, operation, new_row)
		SELECT actor, role, n.workspace_id, TG_TABLE_NAME, TG_OP, to_jsonb(n) - hidden FROM new_rows n;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO tj_perm.history (actor, role, workspace_id, table_name, operation, old_row)
		SELECT actor, role, o.workspace_id, TG_TABLE_NAME, TG_OP, to_jsonb(o) - hidden FROM old_rows o;
	ELSE
		INSERT INTO tj_perm.history (actor, role, workspace_id, table_name, operation, old_row, new_row)
		VALUES (actor, role, NEW.workspace_id, TG_TABLE_NAME, TG_OP, to_jsonb(OLD) - hidden, to_jsonb(NEW) - hidden);
	END IF;
	RETURN NULL;
END
$$;

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.workspaces
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.workspaces
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.workspaces
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.members
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.members
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.members
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.groups
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.groups
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.groups
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.group_members
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.group_members
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.group_members
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.group_nesting
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.group_nesting
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.group_nesting
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.grants
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.grants
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.grants
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();

CREATE TRIGGER b_history_insert AFTER INSERT ON tj_perm.invitations
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_update AFTER UPDATE ON tj_perm.invitations
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER b_history_delete AFTER DELETE ON tj_perm.invitations
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring())
	EXECUTE FUNCTION tj_perm.record_history();
