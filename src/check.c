/*
 * src/check.c
 *	  The decision: which level a user holds on a resource.
 *
 * Owns the rules of access (A1 to A6 and A9 of the contract) and is the only
 * file that says "yes".  It must not know tables or columns; facts come from
 * cache.c, as they are under the active snapshot of the statement that asks.
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

#include "cache.h"
#include "check.h"
#include "compat.h"
#include "names.h"

/* What is asked, and what has been found so far. */
typedef struct Check
{
	TimestampTz now;
	TjpLevel	enough;
	TjpLevel	level;		 /* highest level found */
	bool		whole_right; /* look on for the longest right? */
	TimestampTz until;		 /* its end */
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

/* A grant on a target that covers the resource; TjpGrantCallback. */
static bool
apply_grant(TjpLevel level, TimestampTz valid_from, TimestampTz valid_until, void *arg)
{
	Check *check = arg;

	if (valid_from <= check->now && check->now < valid_until)
		hold(check, level, valid_until);
	return !settled(check);
}

/*
 * All groups that the user belongs to, after the user: those that list the
 * user, All Users, and the groups that hold one of these, at any distance.
 * Default groups neither hold groups nor lie in one; a row that says otherwise
 * (planted under session_replication_role = replica) gives nothing.
 *
 * Returns the number of principals in a palloc'd array; *admin tells whether
 * Admins lists the user.
 */
static int
principals_of(TjpState *member, const TjpMemberFacts *facts,
			  const TjpWorkspaceFacts *workspace, TjpState ***principals, bool *admin)
{
	int		   allocated = facts->ngroups + workspace->ngroups + 8;
	int64	  *ids = palloc(allocated * sizeof(int64));
	bool	  *by_nesting = palloc(allocated * sizeof(bool));
	TjpState **result = palloc((allocated + 1) * sizeof(TjpState *));
	int		   nids = 0;
	int		   n = 0;
	int		   i;

	*admin = false;
	result[n++] = member;
	for (i = 0; i < facts->ngroups + workspace->ngroups; i++)
	{
		ids[nids] = i < facts->ngroups ? facts->groups[i] : workspace->groups[i - facts->ngroups];
		by_nesting[nids++] = false;
	}

	/* the list grows while it is walked */
	for (i = 0; i < nids; i++)
	{
		TjpGroupFacts group;
		TjpState	 *state = tjp_cache_group(ids[i], &group);
		int			  outer;

		CHECK_FOR_INTERRUPTS();
		if (!group.exists || (by_nesting[i] && group.kind != TJP_GROUP_CUSTOM))
			continue;
		if (group.kind == TJP_GROUP_ADMINS)
			*admin = true;
		result[n++] = state;
		if (group.kind != TJP_GROUP_CUSTOM)
			continue;
		for (outer = 0; outer < group.ngroups; outer++)
		{
			int seen;

			for (seen = 0; seen < nids; seen++)
				if (ids[seen] == group.groups[outer])
					break;
			if (seen < nids)
				continue;
			if (nids == allocated)
			{
				allocated *= 2;
				ids = repalloc(ids, allocated * sizeof(int64));
				by_nesting = repalloc(by_nesting, allocated * sizeof(bool));
				result = repalloc(result, (allocated + 1) * sizeof(TjpState *));
			}
			ids[nids] = group.groups[outer];
			by_nesting[nids++] = true;
		}
	}
	*principals = result;
	return n;
}

/*
 * What the rows say about the entered workspace and user.
 */
static TjpView *
make_view(void)
{
	TjpWorkspaceFacts workspace;
	TjpMemberFacts	  member = {0};
	TjpState		 *member_state = NULL;
	TjpView			  facts = {0};
	TjpView			 *view;
	MemoryContext	  scratch = AllocSetContextCreate(CurrentMemoryContext, "tj_perm check",
													  ALLOCSET_SMALL_SIZES);
	MemoryContext	  caller = MemoryContextSwitchTo(scratch);

	tjp_cache_workspace(&workspace);
	if (workspace.exists)
		member_state = tjp_cache_member(&member);
	facts.workspace_active = workspace.active;
	if (member.exists && member.active)
	{
		TjpState **principals;

		facts.member = true;
		facts.nprincipals = principals_of(member_state, &member, &workspace,
										  &principals, &facts.admin);
		facts.principals = tjp_cache_alloc(facts.nprincipals * sizeof(TjpState *));
		memcpy(facts.principals, principals, facts.nprincipals * sizeof(TjpState *));
	}

	/* nothing can fail between these */
	view = tjp_cache_add_view();
	*view = facts;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return view;
}

/*
 * Rule A1b: look at every target that covers the resource: the workspace
 * itself, each element of the path, and type:* for the type of each.
 */
static void
apply_grants(Check *check, TjpView *view, const TjpResourceView *resource)
{
	int i;

	tjp_cache_grants(view, NULL, false, apply_grant, check);
	for (i = 0; i < resource->nelements && !settled(check); i++)
	{
		const TjpElement *element = &resource->elements[i];

		tjp_cache_grants(view, element, false, apply_grant, check);
		if (!element->wildcard && !settled(check))
			tjp_cache_grants(view, element, true, apply_grant, check);
	}
}

/*
 * The view of a user in a workspace under the active snapshot; NULL if the
 * bytes can be no user id.
 */
static TjpView *
find_view(const char *key, int key_len, const char *user, int user_len)
{
	/* the user who was asked for last, as given and normalised */
	static char given[TJP_MAX_USER_ID_LEN];
	static char normal[TJP_MAX_USER_ID_LEN];
	static int	last_len = 0;
	TjpView	   *view;
	bool		pushed = false;

	if (user_len != last_len || memcmp(user, given, user_len) != 0)
	{
		last_len = 0;
		if (!tjp_user_id_normalize(user, user_len, normal, &last_len))
			return NULL;
		memcpy(given, user, user_len);
	}
	if (last_len == 0)
		return NULL;

	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	view = tjp_cache_enter(GetActiveSnapshot(), key, key_len, normal, last_len);
	if (view == NULL)
		view = make_view();
	if (pushed)
		PopActiveSnapshot();
	return view;
}

TjpLevel
tjp_check_level(const char *user, int user_len, const TjpResource *resource,
				TjpLevel enough, bool any_workspace_status, TimestampTz *until)
{
	Check			check;
	TjpResourceView parts;
	TjpView		   *view;

	tjp_resource_view(resource, &parts);
	check.now = GetCurrentStatementStartTimestamp();
	check.enough = enough;
	check.level = TJP_LEVEL_NONE;
	check.whole_right = until != NULL;
	check.until = DT_NOBEGIN;

	/* rule A1: an active member of an active workspace, and Admins or a grant */
	view = find_view(parts.key, parts.key_len, user, user_len);
	if (view != NULL && view->member && (view->workspace_active || any_workspace_status))
	{
		if (view->admin)
			hold(&check, TJP_LEVEL_ADMIN, DT_NOEND);
		else
			apply_grants(&check, view, &parts);
	}

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
	TjpView *view;

	/* a key that is too long names no workspace */
	if (VARSIZE_ANY_EXHDR(key) > TJP_MAX_KEY_LEN)
		return false;
	view = find_view(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key),
					 VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user));
	return view != NULL && view->member && view->workspace_active;
}

/*
 * Argument argno as the text that stands for it: text itself, or the canonical
 * output of a bigint or uuid.  The SQL functions are overloaded by the type of
 * the user id; the declared type is looked up once per call site.
 */
static text *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	Datum value = PG_GETARG_DATUM(argno);
	Oid	 *types = fcinfo->flinfo->fn_extra;

	if (types == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		int			  nargs;

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
	return NULL; /* keep compilers quiet */
}

PG_FUNCTION_INFO_V1(tj_can);
Datum
tj_can(PG_FUNCTION_ARGS)
{
	text	*user;
	TjpLevel wanted;

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
	text	*user = text_argument(fcinfo, 0);
	TjpLevel level = tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
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
	text	*user = PG_GETARG_TEXT_PP(0);
	TjpLevel level = tjp_check_level(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user),
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
