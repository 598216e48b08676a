-- Triggers on the tables of tj_perm, in three classes (DESIGN 5.6):
--   ALWAYS  dirty mark, stamps, refusal of TRUNCATE: exactness depends on them
--   ORIGIN  invariants A7 and A11, default groups, history: a replica and a
--           restore under session_replication_role = replica take rows as they are
--   (CHECK constraints and foreign keys are in 20_tables)

-- 1. Functions in C (src/trigger.c).

CREATE FUNCTION tj_perm._mark_dirty() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_mark_dirty';
CREATE FUNCTION tj_perm._renew_stamps() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_renew_stamps';
CREATE FUNCTION tj_perm._keep_stamps() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_keep_stamps';
CREATE FUNCTION tj_perm._refuse_truncate() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_refuse_truncate';
CREATE FUNCTION tj_perm._keep_history() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_keep_history';
CREATE FUNCTION tj_perm._refuse_change() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_refuse_change';
CREATE FUNCTION tj_perm._replace_group_id(old_id bigint, new_id bigint, created_at timestamp with time zone) RETURNS void
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tj_perm_replace_group_id';
CREATE FUNCTION tj_perm._renew_guard(workspace text, guard bigint) RETURNS void
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tj_perm_renew_guard';
CREATE FUNCTION tj_perm._written_here(xmin xid) RETURNS boolean
	LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'tj_perm_written_here';
CREATE FUNCTION tj_perm._random_group_id() RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tj_perm_random_group_id';
CREATE FUNCTION tj_perm._transaction_is_dirty() RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'tj_perm_transaction_is_dirty';

-- The epoch is part of every vector of stamps.
SELECT tj_perm._renew_guard('', 0);

-- 2. ALWAYS: dirty mark, stamps, no TRUNCATE.

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.workspaces
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.workspaces
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('workspace', 'workspace_id');

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.members
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.members
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('member', 'workspace_id', 'user_id');

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.groups
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.groups
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('group', 'workspace_id', 'group_id');
CREATE TRIGGER a_stamp_workspace AFTER INSERT OR UPDATE OR DELETE ON tj_perm.groups
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('workspace_unless', 'workspace_id', 'kind', 'custom');

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.group_members
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.group_members
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('member', 'workspace_id', 'user_id');

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.group_nesting
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.group_nesting
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('group', 'workspace_id', 'inner_group_id');

CREATE TRIGGER a_dirty BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.grants
	FOR EACH ROW EXECUTE FUNCTION tj_perm._mark_dirty();
CREATE TRIGGER a_stamp AFTER INSERT OR UPDATE OR DELETE ON tj_perm.grants
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('member', 'workspace_id', 'user_id');
CREATE TRIGGER a_stamp_group AFTER INSERT OR UPDATE OR DELETE ON tj_perm.grants
	FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('group', 'workspace_id', 'group_id');

CREATE TRIGGER a_keep BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.stamps
	FOR EACH ROW EXECUTE FUNCTION tj_perm._keep_stamps();

CREATE TRIGGER a_owner BEFORE INSERT OR UPDATE OR DELETE ON tj_perm.history
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._keep_history();

CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.workspaces
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.members
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.groups
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.group_members
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.group_nesting
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.grants
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.invitations
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.history
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();
CREATE TRIGGER a_truncate BEFORE TRUNCATE ON tj_perm.stamps
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm._refuse_truncate();

ALTER TABLE tj_perm.workspaces
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.members
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.groups
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_stamp_workspace,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.group_members
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.group_nesting
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.grants
	ENABLE ALWAYS TRIGGER a_dirty,
	ENABLE ALWAYS TRIGGER a_stamp,
	ENABLE ALWAYS TRIGGER a_stamp_group,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.invitations
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.history
	ENABLE ALWAYS TRIGGER a_owner,
	ENABLE ALWAYS TRIGGER a_truncate;
ALTER TABLE tj_perm.stamps
	ENABLE ALWAYS TRIGGER a_keep,
	ENABLE ALWAYS TRIGGER a_truncate;

-- 3. ORIGIN: A7, a workspace keeps at least one active member of Admins.
--
-- Two sessions are put in order by renewing the guard row of the workspace
-- before anything is judged: a row lock alone would not be enough under
-- REPEATABLE READ. What is judged is read afterwards, so under READ COMMITTED
-- with all that committed meanwhile; the other levels get 40001.

CREATE FUNCTION tj_perm._require_admin_left(workspace text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM tj_perm.workspaces w WHERE w.workspace_id = _require_admin_left.workspace)
		AND NOT EXISTS (
			SELECT FROM tj_perm.groups g
			JOIN tj_perm.group_members gm ON gm.group_id = g.group_id AND gm.workspace_id = g.workspace_id
			JOIN tj_perm.members m ON m.workspace_id = gm.workspace_id AND m.user_id = gm.user_id
			WHERE g.workspace_id = _require_admin_left.workspace AND g.name_key = 'admins' AND g.kind = 'admins' AND m.status = 'active')
	THEN
		RAISE EXCEPTION 'workspace "%" must keep at least one active member of Admins', workspace
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Add another active member to Admins first, or drop the workspace.';
	END IF;
END
$$;

-- Rows of Admins that went, also by a cascade; a group that is not there any more
-- may have been Admins if this transaction gave Admins another id. A member whose row says, and
-- said before this transaction, that they are not active took nothing away.
CREATE FUNCTION tj_perm.keep_admin_of_memberships() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.keep_admin_of_memberships() IS 'Trigger: refuses to take the last active member of Admins away by its memberships (A7).';
CREATE FUNCTION tj_perm._keep_admin_of_memberships() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	workspace text;
BEGIN
	FOR workspace IN
		SELECT DISTINCT o.workspace_id
		FROM old_rows o
		LEFT JOIN tj_perm.groups g ON g.group_id = o.group_id
		JOIN tj_perm.groups a ON a.workspace_id = o.workspace_id AND a.name_key = 'admins' AND a.kind = 'admins'
		WHERE g.kind = 'admins' OR (g.group_id IS NULL AND tj_perm._written_here(a.xmin))
		ORDER BY 1
	LOOP
		PERFORM tj_perm._renew_guard(workspace, -1);
		IF EXISTS (
			SELECT FROM old_rows o
			LEFT JOIN tj_perm.groups g ON g.group_id = o.group_id
			LEFT JOIN tj_perm.members m ON m.workspace_id = o.workspace_id AND m.user_id = o.user_id
			WHERE o.workspace_id = workspace AND coalesce(g.kind, 'admins') = 'admins'
				AND (m.status IS NULL OR m.status = 'active' OR tj_perm._written_here(m.xmin)))
		THEN
			PERFORM tj_perm._require_admin_left(workspace);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
CREATE TRIGGER c_keep_admin_delete AFTER DELETE ON tj_perm.group_members
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.keep_admin_of_memberships();
CREATE TRIGGER c_keep_admin_update AFTER UPDATE ON tj_perm.group_members
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.keep_admin_of_memberships();

-- A member who is active no longer; the removal of a member comes as the
-- cascaded removal of the memberships.
CREATE FUNCTION tj_perm.keep_admin_of_members() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.keep_admin_of_members() IS 'Trigger: refuses to take the last active member of Admins away by the status of a member (A7).';
CREATE FUNCTION tj_perm._keep_admin_of_members() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._renew_guard(OLD.workspace_id, -1);
	IF EXISTS (
		-- one look at each index: this is asked for each row, and a workspace may have
		-- many groups and memberships
		SELECT FROM tj_perm.groups g
		CROSS JOIN (SELECT OLD.user_id UNION SELECT NEW.user_id) AS u (id)
		CROSS JOIN LATERAL (
			SELECT FROM tj_perm.group_members x
			WHERE x.workspace_id = OLD.workspace_id AND x.user_id = u.id AND x.group_id = g.group_id
			OFFSET 0
		) gm
		WHERE g.workspace_id = OLD.workspace_id AND g.name_key = 'admins' AND g.kind = 'admins')
	THEN
		PERFORM tj_perm._require_admin_left(OLD.workspace_id);
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER c_keep_admin AFTER UPDATE ON tj_perm.members
	FOR EACH ROW WHEN (OLD.status = 'active' AND NEW.status <> 'active')
	EXECUTE FUNCTION tj_perm.keep_admin_of_members();

-- 4. ORIGIN: keys that never change, default groups.

CREATE TRIGGER c_key BEFORE UPDATE ON tj_perm.workspaces
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'The key of a workspace never changes; its display name may.');
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.members
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'Add the user to the other workspace and remove them from this one.');
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.groups
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'A group stays in its workspace.');
-- nor do rows about them move; history would show them to the wrong workspace
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.group_members
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'Delete the row and insert another.');
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.group_nesting
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'Delete the row and insert another.');
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.grants
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'Delete the row and insert another.');
CREATE TRIGGER c_workspace BEFORE UPDATE ON tj_perm.invitations
	FOR EACH ROW WHEN (OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
	EXECUTE FUNCTION tj_perm._refuse_change('workspace_id', 'Delete the row and insert another.');
-- The id too, else one statement could empty Admins while it changes the id, and
-- c_keep_admin would not know the group any more. Let through: c_replace_default.
CREATE TRIGGER c_id BEFORE UPDATE ON tj_perm.groups
	FOR EACH ROW WHEN (OLD.group_id IS DISTINCT FROM NEW.group_id)
	EXECUTE FUNCTION tj_perm._refuse_change('group_id', 'Make another group instead.');
CREATE TRIGGER c_kind BEFORE UPDATE ON tj_perm.groups
	FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind)
	EXECUTE FUNCTION tj_perm._refuse_change('kind', 'Default groups come with the workspace and stay as they are.');

-- A workspace has its default groups from the statement on that inserts it.
CREATE FUNCTION tj_perm.add_default_groups() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.add_default_groups() IS 'Trigger: gives a workspace its default groups.';
CREATE FUNCTION tj_perm._add_default_groups() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind)
	SELECT tj_perm._random_group_id(), n.workspace_id, d.name, d.kind
	FROM new_rows n
	CROSS JOIN (VALUES ('All Users', 'all_users'), ('Admins', 'admins')) AS d (name, kind)
	WHERE NOT EXISTS (SELECT FROM tj_perm.groups g WHERE g.workspace_id = n.workspace_id AND g.kind = d.kind);
	RETURN NULL;
END
$$;
CREATE TRIGGER c_default_groups AFTER INSERT ON tj_perm.workspaces
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT tj_perm.is_restoring()) EXECUTE FUNCTION tj_perm.add_default_groups();

-- A default group that arrives itself (restore, a copy by hand) takes the place
-- of the automatic one as long as nothing refers to that; an id made by the
-- identity column shows that it is no arrival, and the unique key refuses it.
CREATE FUNCTION tj_perm.replace_default_group() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.replace_default_group() IS 'Trigger: lets a default group that arrives take the place of the automatic one, unless something refers to that.';
CREATE FUNCTION tj_perm._replace_default_group() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	automatic bigint;
BEGIN
	SELECT g.group_id INTO automatic
	FROM tj_perm.groups g
	WHERE g.workspace_id = NEW.workspace_id AND g.kind = NEW.kind AND g.group_id <> NEW.group_id;
	IF NOT FOUND
		OR NEW.group_id IS NOT DISTINCT FROM pg_sequence_last_value('tj_perm.groups_group_id_seq')
		OR EXISTS (SELECT FROM tj_perm.group_members gm WHERE gm.group_id = automatic)
		OR EXISTS (SELECT FROM tj_perm.grants gr WHERE gr.group_id = automatic)
	THEN
		RETURN NEW;
	END IF;
	PERFORM tj_perm._replace_group_id(automatic, NEW.group_id, NEW.created_at);
	RETURN NULL;
END
$$;
CREATE TRIGGER c_replace_default BEFORE INSERT ON tj_perm.groups
	FOR EACH ROW WHEN (NEW.kind <> 'custom')
	EXECUTE FUNCTION tj_perm.replace_default_group();

CREATE FUNCTION tj_perm.keep_default_groups() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.keep_default_groups() IS 'Trigger: refuses to drop default groups of a workspace that stays.';
CREATE FUNCTION tj_perm._keep_default_groups() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	refused record;
BEGIN
	SELECT o.name, o.workspace_id INTO refused
	FROM old_rows o JOIN tj_perm.workspaces w ON w.workspace_id = o.workspace_id
	WHERE o.kind <> 'custom'
	ORDER BY o.workspace_id, o.name LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'default group "%" of workspace "%" cannot be dropped', refused.name, refused.workspace_id
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER c_keep_default AFTER DELETE ON tj_perm.groups
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.keep_default_groups();

CREATE FUNCTION tj_perm.refuse_listing_all_users() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.refuse_listing_all_users() IS 'Trigger: refuses to list members of All Users.';
CREATE FUNCTION tj_perm._refuse_listing_all_users() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM new_rows n JOIN tj_perm.groups g ON g.group_id = n.group_id WHERE g.kind = 'all_users') THEN
		RAISE EXCEPTION 'members of the default group "All Users" are not listed'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Every member of the workspace belongs to it.';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER c_all_users_insert AFTER INSERT ON tj_perm.group_members
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.refuse_listing_all_users();
CREATE TRIGGER c_all_users_update AFTER UPDATE ON tj_perm.group_members
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.refuse_listing_all_users();

-- 5. ORIGIN: A11, nesting without cycles, of bounded depth, of custom groups.

CREATE FUNCTION tj_perm.check_nesting() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.check_nesting() IS 'Trigger: refuses cycles, chains that are too deep and default groups among nested groups (A11).';
CREATE FUNCTION tj_perm._check_nesting() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_depth CONSTANT integer := 16;
	workspace text;
	new_row record;
	above integer;
	below integer;
	cycle boolean;
BEGIN
	FOR workspace IN SELECT DISTINCT n.workspace_id FROM new_rows n ORDER BY 1 LOOP
		PERFORM tj_perm._renew_guard(workspace, -2);
	END LOOP;

	FOR new_row IN
		SELECT n.group_id, n.inner_group_id, o.name AS outer_name, i.name AS inner_name, o.kind AS outer_kind, i.kind AS inner_kind
		FROM new_rows n
		JOIN tj_perm.groups o ON o.group_id = n.group_id
		JOIN tj_perm.groups i ON i.group_id = n.inner_group_id
		ORDER BY n.group_id, n.inner_group_id
	LOOP
		IF new_row.outer_kind <> 'custom' OR new_row.inner_kind <> 'custom' THEN
			RAISE EXCEPTION 'default group "%" cannot be nested',
				CASE WHEN new_row.outer_kind <> 'custom' THEN new_row.outer_name ELSE new_row.inner_name END
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = 'Default groups neither hold groups nor lie in one.';
		END IF;

		-- nestings above the outer group; UNION and the bound end cycles
		WITH RECURSIVE up (group_id, depth) AS (
			SELECT new_row.group_id, 0
			UNION
			SELECT n.group_id, up.depth + 1
			FROM up JOIN tj_perm.group_nesting n ON n.inner_group_id = up.group_id
			WHERE up.depth <= max_depth)
		SELECT max(up.depth), bool_or(up.group_id = new_row.inner_group_id) INTO above, cycle FROM up;
		IF cycle THEN
			RAISE EXCEPTION 'group "%" cannot be put into group "%"', new_row.inner_name, new_row.outer_name
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('Group "%s" holds group "%s" already, so the groups would hold each other.', new_row.inner_name, new_row.outer_name);
		END IF;

		WITH RECURSIVE down (group_id, depth) AS (
			SELECT new_row.inner_group_id, 0
			UNION
			SELECT n.inner_group_id, down.depth + 1
			FROM down JOIN tj_perm.group_nesting n ON n.group_id = down.group_id
			WHERE down.depth <= max_depth)
		SELECT max(down.depth) INTO below FROM down;
		IF above + 1 + below > max_depth THEN
			RAISE EXCEPTION 'group "%" cannot be put into group "%"', new_row.inner_name, new_row.outer_name
				USING ERRCODE = 'program_limit_exceeded',
					DETAIL = format('Groups may be nested at most %s deep.', max_depth);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
CREATE TRIGGER c_nesting_insert AFTER INSERT ON tj_perm.group_nesting
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.check_nesting();
CREATE TRIGGER c_nesting_update AFTER UPDATE ON tj_perm.group_nesting
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.check_nesting();

-- 6. DDL on our tables renews the epoch: rows may have changed while triggers
-- were off. (A check of the triggers' state belongs to whoever caches.)

CREATE FUNCTION tj_perm.renew_epoch() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.renew_epoch() IS 'Event trigger: after DDL on our tables every backend reads anew.';
CREATE FUNCTION tj_perm._renew_epoch() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- triggers and rules have no schema of their own, only their table has
	IF EXISTS (
		SELECT FROM pg_event_trigger_ddl_commands() c
		LEFT JOIN pg_trigger t ON c.classid = 'pg_trigger'::regclass AND t.oid = c.objid
		LEFT JOIN pg_rewrite r ON c.classid = 'pg_rewrite'::regclass AND r.oid = c.objid
		LEFT JOIN pg_class rel ON rel.oid = coalesce(t.tgrelid, r.ev_class)
		WHERE coalesce(c.schema_name, rel.relnamespace::regnamespace::text) = 'tj_perm' AND NOT c.in_extension)
	THEN
		PERFORM tj_perm._renew_guard('', 0);
	END IF;
END
$$;
CREATE EVENT TRIGGER tj_perm_renew_epoch ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER', 'CREATE RULE', 'ALTER RULE')
	EXECUTE FUNCTION tj_perm.renew_epoch();
ALTER EVENT TRIGGER tj_perm_renew_epoch ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER tj_perm_renew_epoch IS 'After DDL on a table of schema tj_perm: makes every backend read anew what it remembers.';

CREATE FUNCTION tj_perm.renew_epoch_after_drop() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.renew_epoch_after_drop() IS 'Event trigger: likewise after a drop.';
CREATE FUNCTION tj_perm._renew_epoch_after_drop() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d WHERE d.address_names[1] = 'tj_perm') THEN
		PERFORM tj_perm._renew_guard('', 0);
	END IF;
END
$$;
CREATE EVENT TRIGGER tj_perm_renew_epoch_after_drop ON sql_drop
	WHEN TAG IN ('ALTER TABLE', 'DROP RULE', 'DROP TRIGGER')
	EXECUTE FUNCTION tj_perm.renew_epoch_after_drop();
ALTER EVENT TRIGGER tj_perm_renew_epoch_after_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER tj_perm_renew_epoch_after_drop IS 'Likewise after something on a table of schema tj_perm was dropped, a trigger for instance.';
