/*
 * src/session.c
 *	  Who is asking: the end user and the database role.
 *
 * Owns tj_user() and the door between callers and the functions that run as
 * the extension's owner.  It must not decide what anybody may do.
 *
 * The door: a public function of schema tj_perm is this one C function.  It
 * notes the caller's role, becomes the owner and calls the private function of
 * the same name with a "_" in front.  SECURITY DEFINER would do the latter but
 * hide the former: inside such a function nothing tells whom it was called by,
 * and session_user is not the answer where an application's own SECURITY
 * DEFINER function calls us.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "compat.h"
#include "guc.h"
#include "session.h"

/* The private function behind a public one, looked up once per call site. */
typedef struct Door
{
	Oid		 owner;
	Oid		 schema;
	FmgrInfo private_function;
} Door;

/* InvalidOid outside the door. */
static Oid caller_role = InvalidOid;

/* Who last began to change rows of ours, and in which client statement. */
static Oid		   changing_role = InvalidOid;
static TimestampTz changing_statement = 0;

Oid
tjp_session_caller_role(void)
{
	return OidIsValid(caller_role) ? caller_role : GetUserId();
}

/*
 * For running what is not ours from inside of a call: what it calls through the
 * door, it must call as itself and not as the caller outside.
 */
Oid
tjp_session_swap_caller(Oid role)
{
	Oid previous = caller_role;

	caller_role = role;
	return previous;
}

/*
 * Note who changes a row of ours, unless it is a cascade, which foreign keys
 * run as the owner of the table: then it is still who began it.
 */
void
tjp_session_note_change(void)
{
	if (InNoForceRLSOperation())
		return;
	changing_role = GetUserId();
	changing_statement = GetCurrentStatementStartTimestamp();
}

/*
 * Whom does a call through the door come from, which now runs as user?
 */
static Oid
role_of_call(FunctionCallInfo fcinfo, Oid user, Oid owner)
{
	if (TJP_CASCADES_END_AS_OWNER && CALLED_AS_TRIGGER(fcinfo) && user == owner &&
		OidIsValid(changing_role) &&
		changing_statement == GetCurrentStatementStartTimestamp())
		return changing_role;
	return user;
}

PG_FUNCTION_INFO_V1(tj_user);
Datum
tj_user(PG_FUNCTION_ARGS)
{
	if (tjp_user_id == NULL || tjp_user_id[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(tjp_user_id));
}

PG_FUNCTION_INFO_V1(tj_perm_identity_refused);
Datum
tj_perm_identity_refused(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(tjp_user_id_refused);
}

PG_FUNCTION_INFO_V1(tj_perm_caller_role);
Datum
tj_perm_caller_role(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(tjp_session_caller_role());
}

/*
 * Does the session look like a script of pg_dump or pg_restore, run by a role
 * that has the owner's rights?  Both set these three before any data, in every
 * connection.  History then arrives with the data and must not be written a
 * second time.  Functions that set their own search_path, as the administration
 * API does, never look like that; and other roles that were given privileges on
 * our tables cannot keep out of history.
 */
PG_FUNCTION_INFO_V1(tj_perm_is_restoring);
Datum
tj_perm_is_restoring(PG_FUNCTION_ARGS)
{
	HeapTuple tuple;
	Oid		  owner;

	if (check_function_bodies || row_security ||
		namespace_search_path == NULL || namespace_search_path[0] != '\0')
		PG_RETURN_BOOL(false);

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	PG_RETURN_BOOL(has_privs_of_role(GetUserId(), owner));
}

/*
 * Find the private function: same schema, same arguments, same owner.
 */
static Door *
find_door(FmgrInfo *flinfo)
{
	HeapTuple	 tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(flinfo->fn_oid));
	Form_pg_proc proc;
	oidvector	*arguments;
	char		 name[NAMEDATALEN];
	Oid			 private_oid;
	Oid			 private_owner = InvalidOid;
	Door		*door;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", flinfo->fn_oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	arguments = &proc->proargtypes;
	snprintf(name, sizeof(name), "_%s", NameStr(proc->proname));
	private_oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
								  CStringGetDatum(name),
								  PointerGetDatum(arguments),
								  ObjectIdGetDatum(proc->pronamespace));
	if (OidIsValid(private_oid))
	{
		HeapTuple private_tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(private_oid));

		if (HeapTupleIsValid(private_tuple))
		{
			private_owner = ((Form_pg_proc) GETSTRUCT(private_tuple))->proowner;
			ReleaseSysCache(private_tuple);
		}
	}
	if (!OidIsValid(private_owner) || private_owner != proc->proowner)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function \"%s\" does not exist or has another owner", name),
				 errhint("The extension tj_perm is damaged.")));

	door = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Door));
	door->owner = proc->proowner;
	door->schema = proc->pronamespace;
	fmgr_info_cxt(private_oid, &door->private_function, flinfo->fn_mcxt);
	fmgr_info_set_expr((fmNodePtr) flinfo->fn_expr, &door->private_function);
	ReleaseSysCache(tuple);
	return door;
}

/*
 * Call the private function behind the public one, as the owner of both.
 *
 * Passes arguments, the result (sets included) and trigger data through.  A
 * call from inside keeps the outer caller.  The user id is put back on every
 * way out.
 *
 * An error of ours reaches the caller without the lines of context from
 * inside: they tell which check failed where, which is noise to those who may
 * know and none of the business of the others.  Internal errors keep them.
 */
PG_FUNCTION_INFO_V1(tj_perm_as_owner);
Datum
tj_perm_as_owner(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	Door		  *door = fcinfo->flinfo->fn_extra;
	MemoryContext  context = CurrentMemoryContext;
	Oid			   outer_caller = caller_role;
	Oid			   save_userid;
	int			   save_sec_context;
	volatile Datum result = (Datum) 0;
	int			   i;

	if (door == NULL)
	{
		door = find_door(fcinfo->flinfo);
		fcinfo->flinfo->fn_extra = door;
	}

	/*
	 * A trigger of ours on somebody else's table would do their bidding.  (What
	 * serves any table, tj_perm_drop_grants, comes in by a plain call.)
	 */
	if (CALLED_AS_TRIGGER(fcinfo) &&
		RelationGetNamespace(((TriggerData *) fcinfo->context)->tg_relation) != door->schema)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("trigger functions of tj_perm serve its own tables only")));

	InitFunctionCallInfoData(*call, &door->private_function, fcinfo->nargs,
							 fcinfo->fncollation, fcinfo->context, fcinfo->resultinfo);
	for (i = 0; i < fcinfo->nargs; i++)
		call->args[i] = fcinfo->args[i];

	/*
	 * A set must be complete when we return: a function that yields row by row
	 * would go on after we have become the caller again.
	 */
	if (fcinfo->resultinfo != NULL && IsA(fcinfo->resultinfo, ReturnSetInfo))
	{
		ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

		rsinfo->allowedModes &= ~SFRM_ValuePerCall;
		rsinfo->allowedModes |= SFRM_Materialize_Preferred;
	}

	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	if (!OidIsValid(caller_role))
		caller_role = role_of_call(fcinfo, save_userid, door->owner);
	SetUserIdAndSecContext(door->owner, save_sec_context | SECURITY_LOCAL_USERID_CHANGE);
	PG_TRY();
	{
		result = FunctionCallInvoke(call);
	}
	PG_CATCH();
	{
		ErrorData *error;

		SetUserIdAndSecContext(save_userid, save_sec_context);
		caller_role = outer_caller;
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTERNAL_ERROR)
			PG_RE_THROW();
		FlushErrorState();
		error->context = NULL;
		/* runs the callbacks of the context outside, and only these */
		ThrowErrorData(error);
	}
	PG_END_TRY();
	SetUserIdAndSecContext(save_userid, save_sec_context);
	caller_role = outer_caller;

	fcinfo->isnull = call->isnull;
	return result;
}
