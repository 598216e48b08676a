/*
 * src/trigger.c
 *	  The triggers on our tables that exactness depends on.
 *
 * Owns what sets the dirty mark, the renewal of stamps, the refusal of TRUNCATE and the
 * protection of the stamps themselves.  All are ENABLE ALWAYS: they must fire
 * in logical apply and under session_replication_role = replica too.  It must
 * not know what a stamp is kept for (src/README.md tells the protocol once).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "cache.h"
#include "catalog.h"
#include "resource.h"
#include "session.h"

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" can only be called as a trigger", name)));
	return (TriggerData *) fcinfo->context;
}

/* The row that a BEFORE ROW trigger returns to let the change happen. */
static Datum
unchanged_row(TriggerData *data)
{
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return PointerGetDatum(data->tg_newtuple);
	return PointerGetDatum(data->tg_trigtuple);
}

/*
 * BEFORE ROW: from the first change of a tj_perm table on, the transaction is
 * dirty.  Before, since a row can be seen before its AFTER trigger has run.
 */
PG_FUNCTION_INFO_V1(tj_perm_mark_dirty);
Datum
tj_perm_mark_dirty(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "mark_dirty");

	tjp_cache_change_begins();
	tjp_session_note_change();
	return unchanged_row(data);
}

PG_FUNCTION_INFO_V1(tj_perm_transaction_is_dirty);
Datum
tj_perm_transaction_is_dirty(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(tjp_cache_is_dirty());
}

/* A column of a row by its name; errors if there is no such column. */
static Datum
named_column(TriggerData *data, HeapTuple row, const char *name, bool *isnull)
{
	TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
	int		  attnum = SPI_fnumber(tupdesc, name);

	if (attnum <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"",
			 RelationGetRelationName(data->tg_relation), name);
	return heap_getattr(row, attnum, tupdesc, isnull);
}

/*
 * Renew the stamp of the principal that stands in a row.
 */
static void
stamp_row(TriggerData *data, HeapTuple row)
{
	char **args = data->tg_trigger->tgargs;
	Datum  empty = PointerGetDatum(cstring_to_text_with_len("", 0));
	bool   again = tjp_cache_saw_ddl();
	Datum  workspace;
	Datum  key;
	bool   isnull;

	workspace = named_column(data, row, args[1], &isnull);
	if (isnull)
		return;
	if (strcmp(args[0], "workspace") == 0)
	{
		tjp_catalog_renew_stamp(workspace, 0, empty, again);
		return;
	}

	key = named_column(data, row, args[2], &isnull);
	if (isnull)
		return;
	if (strcmp(args[0], "member") == 0)
		tjp_catalog_renew_stamp(workspace, 0, key, again);
	else if (strcmp(args[0], "group") == 0)
		tjp_catalog_renew_stamp(workspace, DatumGetInt64(key), empty, again);
	else if (strcmp(args[0], "workspace_unless") == 0)
	{
		char *value = TextDatumGetCString(key);

		if (strcmp(value, args[3]) != 0)
			tjp_catalog_renew_stamp(workspace, 0, empty, again);
		pfree(value);
	}
	else
		elog(ERROR, "unknown kind of stamp \"%s\"", args[0]);
}

/*
 * AFTER ROW: renew the stamps of the principals in the row, old and new.
 *
 * Arguments: "workspace", column of the workspace; "member" or "group", column
 * of the workspace, column of the key (nothing is done where it is NULL);
 * "workspace_unless", column of the workspace, column, value that needs none.
 */
PG_FUNCTION_INFO_V1(tj_perm_renew_stamps);
Datum
tj_perm_renew_stamps(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "renew_stamps");

	stamp_row(data, data->tg_trigtuple);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		stamp_row(data, data->tg_newtuple);
	/* a table may have several triggers of ours, but a row is changed once */
	if (strcmp(data->tg_trigger->tgname, "a_stamp") == 0)
		tjp_cache_change_done();
	return PointerGetDatum(NULL);
}

/*
 * BEFORE ROW on the table of stamps: whatever does not come from the stamping
 * code (a restore, a published table) is dropped, since stamps are local.
 */
PG_FUNCTION_INFO_V1(tj_perm_keep_stamps);
Datum
tj_perm_keep_stamps(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "keep_stamps");

	if (!tjp_catalog_is_renewing_stamp())
		return PointerGetDatum(NULL);
	return unchanged_row(data);
}

/*
 * BEFORE TRUNCATE: refused, since it ignores snapshots.
 */
PG_FUNCTION_INFO_V1(tj_perm_refuse_truncate);
Datum
tj_perm_refuse_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "refuse_truncate");

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot truncate table \"%s\"", RelationGetRelationName(data->tg_relation)),
			 errdetail("TRUNCATE ignores snapshots, so that running statements would see "
					   "other permissions than their own."),
			 errhint("Use DELETE.")));
	return PointerGetDatum(NULL);
}

/*
 * BEFORE a statement on the history: refused to roles that have not the rights
 * of its owner, whatever privileges they were given.  What records history
 * runs as the owner.
 */
PG_FUNCTION_INFO_V1(tj_perm_keep_history);
Datum
tj_perm_keep_history(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "keep_history");

	if (!has_privs_of_role(GetUserId(), data->tg_relation->rd_rel->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to change table \"%s\"",
						RelationGetRelationName(data->tg_relation)),
				 errdetail("Only its owner can change what has been recorded.")));
	return PointerGetDatum(NULL);
}

/*
 * BEFORE UPDATE: refused.  Arguments: the column that would change, the hint.
 */
PG_FUNCTION_INFO_V1(tj_perm_refuse_change);
Datum
tj_perm_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "refuse_change");

	/* an arriving default group takes the place of the automatic one */
	if (!tjp_catalog_is_replacing_group_id())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table \"%s\" cannot be changed",
						data->tg_trigger->tgargs[0],
						RelationGetRelationName(data->tg_relation)),
				 errhint("%s", data->tg_trigger->tgargs[1])));
	return unchanged_row(data);
}

PG_FUNCTION_INFO_V1(tj_perm_replace_group_id);
Datum
tj_perm_replace_group_id(PG_FUNCTION_ARGS)
{
	tjp_catalog_replace_group_id(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_DATUM(2));
	PG_RETURN_VOID();
}

/*
 * Renew a stamp from SQL: a guard (-1, -2) of a workspace, or the epoch (an
 * empty workspace, 0).
 */
PG_FUNCTION_INFO_V1(tj_perm_renew_guard);
Datum
tj_perm_renew_guard(PG_FUNCTION_ARGS)
{
	/* the epoch: DDL, which may switch off what marks the changes to come */
	if (PG_GETARG_INT64(1) == 0)
		tjp_cache_ddl();
	tjp_catalog_renew_stamp(PointerGetDatum(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT64(1),
							PointerGetDatum(cstring_to_text_with_len("", 0)),
							tjp_cache_saw_ddl());
	PG_RETURN_VOID();
}

/*
 * Was a row version with this xmin written by the current transaction?
 */
PG_FUNCTION_INFO_V1(tj_perm_written_here);
Datum
tj_perm_written_here(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}

/*
 * A random group id in [2^52, 2^53): out of the way of the identity sequence,
 * and exact in a double.  For default groups, which come into being while a
 * dump is restored and must not take an id that arrives later.
 */
PG_FUNCTION_INFO_V1(tj_perm_random_group_id);
Datum
tj_perm_random_group_id(PG_FUNCTION_ARGS)
{
	int64 bits;

	if (!pg_strong_random(&bits, sizeof(bits)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	PG_RETURN_INT64((INT64CONST(1) << 52) | (bits & ((INT64CONST(1) << 52) - 1)));
}

/*
 * The text of a column that may be part of a resource; NULL if it is NULL.
 *
 * The table belongs to somebody, so nothing of theirs may run here (casts,
 * output functions): base types of PostgreSQL only.
 */
static char *
id_column(TriggerData *data, const char *name)
{
	Relation rel = data->tg_relation;
	int		 attnum = SPI_fnumber(RelationGetDescr(rel), name);
	Oid		 type = InvalidOid;
	Oid		 output;
	bool	 is_varlena;
	bool	 isnull;
	Datum	 value;

	if (attnum > 0)
		type = getBaseType(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid);
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case UUIDOID:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of table \"%s\" was renamed, dropped or changed",
							name, RelationGetRelationName(rel)),
					 errdetail("The trigger \"%s\" removes the grants that name a deleted row, and "
							   "does not know any more which.",
							   data->tg_trigger->tgname),
					 errhint("Let the owner of the table call tj_perm.protect again.")));
	}

	value = heap_getattr(data->tg_trigtuple, attnum, RelationGetDescr(rel), &isnull);
	if (isnull)
		return NULL;
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* tj_perm.delete_grants(text), beside the trigger function and of the same owner. */
static FmgrInfo *
find_delete_grants(FmgrInfo *flinfo)
{
	HeapTuple	 tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(flinfo->fn_oid));
	Form_pg_proc proc;
	Oid			 argument = TEXTOID;
	Oid			 function;
	FmgrInfo	*found;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", flinfo->fn_oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum("delete_grants"),
							   PointerGetDatum(buildoidvector(&argument, 1)),
							   ObjectIdGetDatum(proc->pronamespace));
	ReleaseSysCache(tuple);
	if (!OidIsValid(function))
		elog(ERROR, "function delete_grants(text) is not there");
	found = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(FmgrInfo));
	fmgr_info_cxt(function, found, flinfo->fn_mcxt);
	return found;
}

/*
 * AFTER DELETE ROW on a protected table: remove the grants that named the row.
 *
 * Arguments: the type; "column" and the workspace's column, or "key" and the
 * key of a fixed workspace; the column of the id.
 *
 * The owner of the table decides what its rows are and which of them go, so
 * whoever arms this trigger entrusts the grants on that type to them: nobody
 * but the owner of the extension may execute this function, which is what
 * CREATE TRIGGER asks for.
 */
PG_FUNCTION_INFO_V1(tj_perm_drop_grants);
Datum
tj_perm_drop_grants(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "drop_grants");
	char	   **args = data->tg_trigger->tgargs;
	TjpElement	 element;
	TjpResource *resource;
	char		*workspace;
	char		*id;

	if (!TRIGGER_FIRED_BY_DELETE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		data->tg_trigger->tgnargs != 4)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER DELETE, for each row, with four "
						"arguments",
						"drop_grants")));

	workspace = strcmp(args[1], "column") == 0 ? id_column(data, args[2]) : args[2];
	id = id_column(data, args[3]);
	if (workspace == NULL || id == NULL || strlen(args[0]) > TJP_MAX_TYPE_LEN ||
		strlen(id) > TJP_MAX_ID_LEN)
		return PointerGetDatum(NULL); /* no grant can name it */
	element = (TjpElement){.type = args[0],
						   .type_len = strlen(args[0]),
						   .id = id,
						   .id_len = strlen(id)};
	resource = tjp_resource_make(workspace, strlen(workspace), &element, 1);
	if (resource == NULL)
		return PointerGetDatum(NULL);

	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = find_delete_grants(fcinfo->flinfo);
	FunctionCall1(fcinfo->flinfo->fn_extra,
				  CStringGetTextDatum(tjp_resource_text(resource)));
	return PointerGetDatum(NULL);
}
