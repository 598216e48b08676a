/*
 * src/check.c
 *	  The decision: which level a user holds on a resource.
 *
 * Owns the rules of access (A1 to A6 and A9 of the contract) and is the only
 * file that says "yes".  It must not know tables or columns; rows come from
 * catalog.c, under the active snapshot of the statement that asks.
 *
 * Everything starts from "no": each step either finds the row that the rule
 * asks for or leaves the answer at TJP_LEVEL_NONE.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "check.h"
#include "compat.h"
#include "names.h"

/* What is asked, and what has been found so far. */
typedef struct Check
{
	Snapshot	snapshot;
	TimestampTz now;
	Datum		workspace;		/* text */
	Datum		user;			/* text, normalised */
	List	   *targets;		/* TjpResource *: every target that covers */
	TjpLevel	enough;
	TjpLevel	level;			/* highest level found */
	bool		whole_right;	/* look on for the longest right? */
	TimestampTz until;			/* its end */
} Check;

/*
 * Note that the user holds a level until some time.
 */
static void
hold(Check *check, TjpLevel level, TimestampTz until)
{
	if (level > check->level)
		check->level = level;
	if (level >= check->enough && until > check->until)
		check->until = until;
}

/*
 * Is there nothing left that could change the answer?
 */
static bool
settled(const Check *check)
{
	if (check->level < check->enough)
		return false;
	return !check->whole_right || check->until == DT_NOEND;
}

/*
 * Every target that covers the resource: the workspace itself, each element of
 * the path, and type:* for the type of each element.
 */
static List *
covering_targets(const TjpResourceView *view)
{
	List	   *targets = NIL;
	int			i;

	targets = lappend(targets, tjp_resource_make(view->key, view->key_len, NULL, 0));
	for (i = 0; i < view->nelements; i++)
	{
		TjpElement	element = view->elements[i];

		targets = lappend(targets, tjp_resource_make(view->key, view->key_len, &element, 1));
		if (!element.wildcard)
		{
			element.wildcard = true;
			element.id = NULL;
			element.id_len = 0;
			targets = lappend(targets, tjp_resource_make(view->key, view->key_len, &element, 1));
		}
	}
	return targets;
}

static void
apply_grants(Check *check, List *grants)
{
	ListCell   *lc;

	foreach(lc, grants)
	{
		TjpGrant   *grant = lfirst(lc);

		if (grant->valid_from <= check->now && check->now < grant->valid_until)
			hold(check, grant->level, grant->valid_until);
	}
}

/*
 * All groups that the user belongs to: those that list the user, All Users,
 * and the groups that hold one of these, at any distance.  Default groups
 * neither hold groups nor lie in one; a row that says otherwise (planted under
 * session_replication_role = replica) gives nothing.
 */
static List *
group_closure(Check *check, List *direct)
{
	List	   *closure = list_concat(list_copy(direct),
									  tjp_catalog_default_groups(check->snapshot, check->workspace));
	int			i;

	/* the list grows while it is walked */
	for (i = 0; i < list_length(closure); i++)
	{
		TjpGroup   *inner = list_nth(closure, i);
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		if (inner->kind != TJP_GROUP_CUSTOM)
			continue;
		foreach(lc, tjp_catalog_outer_groups(check->snapshot, check->workspace, inner->group_id))
		{
			TjpGroup   *outer = lfirst(lc);
			bool		visited = false;
			ListCell   *seen;

			if (outer->kind != TJP_GROUP_CUSTOM)
				continue;
			foreach(seen, closure)
				if (((TjpGroup *) lfirst(seen))->group_id == outer->group_id)
				{
					visited = true;
					break;
				}
			if (!visited)
				closure = lappend(closure, outer);
		}
	}
	return closure;
}

/*
 * Rule A1: an active member of an active workspace, and Admins or a grant.
 */
static void
run_check(Check *check, bool any_workspace_status)
{
	List	   *direct;
	ListCell   *group_cell;
	ListCell   *target_cell;
	bool		active;

	if (!tjp_catalog_workspace(check->snapshot, check->workspace, &active) ||
		!(active || any_workspace_status))
		return;
	if (!tjp_catalog_member(check->snapshot, check->workspace, check->user, &active) ||
		!active)
		return;

	/* A1a: Admins lists the user */
	direct = tjp_catalog_groups_of_member(check->snapshot, check->workspace, check->user);
	foreach(group_cell, direct)
	{
		if (((TjpGroup *) lfirst(group_cell))->kind == TJP_GROUP_ADMINS)
		{
			hold(check, TJP_LEVEL_ADMIN, DT_NOEND);
			return;
		}
	}

	/* A1b: a grant to the user or to a group that the user belongs to */
	foreach(target_cell, check->targets)
	{
		apply_grants(check, tjp_catalog_grants_to_member(check->snapshot, check->workspace,
														 check->user,
														 PointerGetDatum(lfirst(target_cell))));
		if (settled(check))
			return;
	}
	foreach(group_cell, group_closure(check, direct))
	{
		TjpGroup   *group = lfirst(group_cell);

		foreach(target_cell, check->targets)
		{
			apply_grants(check, tjp_catalog_grants_to_group(check->snapshot, check->workspace,
															group->group_id,
															PointerGetDatum(lfirst(target_cell))));
			if (settled(check))
				return;
		}
	}
}

TjpLevel
tjp_check_level(const char *user, int user_len, const TjpResource *resource,
				TjpLevel enough, bool any_workspace_status, TimestampTz *until)
{
	Check		check = {0};
	TjpResourceView view;
	char		normal[TJP_MAX_USER_ID_LEN];
	int			normal_len;
	MemoryContext scratch;
	MemoryContext caller;
	bool		pushed = false;

	if (!tjp_user_id_normalize(user, user_len, normal, &normal_len))
		return TJP_LEVEL_NONE;

	scratch = AllocSetContextCreate(CurrentMemoryContext, "tj_perm check",
									ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}

	tjp_resource_view(resource, &view);
	check.snapshot = GetActiveSnapshot();
	check.now = GetCurrentStatementStartTimestamp();
	check.workspace = PointerGetDatum(cstring_to_text_with_len(view.key, view.key_len));
	check.user = PointerGetDatum(cstring_to_text_with_len(normal, normal_len));
	check.targets = covering_targets(&view);
	check.enough = enough;
	check.level = TJP_LEVEL_NONE;
	check.whole_right = until != NULL;
	check.until = DT_NOBEGIN;
	run_check(&check, any_workspace_status);

	if (pushed)
		PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	if (until != NULL)
		*until = check.until;
	return check.level;
}

/*
 * Is the user an active member of an active workspace?
 */
static bool
is_active_member(const text *user, const text *key)
{
	char		normal[TJP_MAX_USER_ID_LEN];
	int			normal_len;
	Datum		workspace = PointerGetDatum(key);
	bool		active;
	bool		pushed = false;
	bool		result;

	if (!tjp_user_id_normalize(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
							   normal, &normal_len))
		return false;
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	result = tjp_catalog_workspace(GetActiveSnapshot(), workspace, &active) && active &&
		tjp_catalog_member(GetActiveSnapshot(), workspace,
						   PointerGetDatum(cstring_to_text_with_len(normal, normal_len)),
						   &active) && active;
	if (pushed)
		PopActiveSnapshot();
	return result;
}

/*
 * Argument argno as the text that stands for it: text itself, or the canonical
 * output of a bigint or uuid.  The SQL functions are overloaded by the type of
 * the user id; the declared type is looked up once per call site.
 */
static text *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	Datum		value = PG_GETARG_DATUM(argno);
	Oid		   *types = fcinfo->flinfo->fn_extra;

	if (types == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		int			nargs;

		(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &nargs);
		MemoryContextSwitchTo(caller);
		fcinfo->flinfo->fn_extra = types;
	}
	switch (types[argno])
	{
		case TEXTOID:
			return DatumGetTextPP(value);
		case INT8OID:
			return cstring_to_text(DatumGetCString(DirectFunctionCall1(int8out, value)));
		case UUIDOID:
			return cstring_to_text(DatumGetCString(DirectFunctionCall1(uuid_out, value)));
		default:
			elog(ERROR, "unexpected argument type %u", types[argno]);
	}
	return NULL;				/* keep compilers quiet */
}

PG_FUNCTION_INFO_V1(tj_can);
Datum
tj_can(PG_FUNCTION_ARGS)
{
	text	   *user;
	TjpLevel	wanted;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_BOOL(false);
	user = text_argument(fcinfo, 0);
	wanted = PG_GETARG_TJP_LEVEL(2);
	PG_RETURN_BOOL(tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
								   PG_GETARG_TJP_RESOURCE_P(1), wanted,
								   false, NULL) >= wanted);
}

PG_FUNCTION_INFO_V1(tj_level_on);
Datum
tj_level_on(PG_FUNCTION_ARGS)
{
	text	   *user = text_argument(fcinfo, 0);
	TjpLevel	level = tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
										PG_GETARG_TJP_RESOURCE_P(1),
										TJP_LEVEL_ADMIN, false, NULL);

	if (level == TJP_LEVEL_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TJP_LEVEL(level);
}

PG_FUNCTION_INFO_V1(tj_is_member);
Datum
tj_is_member(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(is_active_member(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

/*
 * Administration: the level held whatever the status of the workspace, if the
 * third argument says so.
 */
PG_FUNCTION_INFO_V1(tj_perm_level_on);
Datum
tj_perm_level_on(PG_FUNCTION_ARGS)
{
	text	   *user = PG_GETARG_TEXT_PP(0);
	TjpLevel	level = tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
										PG_GETARG_TJP_RESOURCE_P(1),
										TJP_LEVEL_ADMIN, PG_GETARG_BOOL(2), NULL);

	if (level == TJP_LEVEL_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TJP_LEVEL(level);
}

/*
 * Administration: until when the user's right at this level lasts.
 */
PG_FUNCTION_INFO_V1(tj_perm_level_until);
Datum
tj_perm_level_until(PG_FUNCTION_ARGS)
{
	text	   *user = PG_GETARG_TEXT_PP(0);
	TjpLevel	wanted = PG_GETARG_TJP_LEVEL(2);
	TimestampTz until;

	if (tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
						PG_GETARG_TJP_RESOURCE_P(1), wanted, true, &until) < wanted)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(until);
}
