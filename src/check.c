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

#include "access/tupmacs.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "cache.h"
#include "check.h"
#include "compat.h"
#include "construct.h"
#include "guc.h"
#include "names.h"
#include "rights.h"

#define ROWS_TO_SORT 16 /* rows of one scan that make it worthwhile to sort what is held */
#define FEW_ROWS	 2	/* the same if the workspaces of the user are known, as after a list */

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
	int		   nexpected = 0;
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
		TjpState	 *state;
		int			  outer;

		CHECK_FOR_INTERRUPTS();
		if (i == nexpected)
			nexpected += tjp_cache_expect_groups(&ids[i], nids - i);
		state = tjp_cache_group(ids[i], &group);
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
	TjpWorkspaceFacts workspace = {0};
	TjpMemberFacts	  member;
	TjpState		 *member_state;
	TjpView			  facts = {0};
	TjpView			 *view;
	MemoryContext	  scratch = AllocSetContextCreate(CurrentMemoryContext, "tj_perm check",
													  ALLOCSET_SMALL_SIZES);
	MemoryContext	  caller = MemoryContextSwitchTo(scratch);

	/* most who are asked about are no members */
	member_state = tjp_cache_member(&member);
	if (member.exists && member.active)
		tjp_cache_workspace(&workspace);
	facts.workspace_active = workspace.active;
	if (workspace.exists)
	{
		TjpState **principals;

		facts.member = true;
		facts.nprincipals = principals_of(member_state, &member, &workspace,
										  &principals, &facts.admin);
		facts.principals = tjp_cache_alloc(facts.nprincipals * sizeof(TjpState *));
		memcpy(facts.principals, principals, facts.nprincipals * sizeof(TjpState *));
	}

	view = tjp_cache_add_view(&facts);
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

/* ---- what lists and index conditions ask ---- */

/*
 * The workspaces of a user, copied: looking at one of them may end what is
 * known of the others.  NIL of them if the bytes can be no user id.  Pushes
 * the snapshot that answers; the caller pops it.
 */
static const TjpMemberships *
copy_memberships(const char *user, int user_len)
{
	char				  normal[TJP_MAX_USER_ID_LEN];
	int					  normal_len;
	const TjpMemberships *kept;
	TjpMemberships		 *copy;

	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot());
	if (!tjp_user_id_normalize(user, user_len, normal, &normal_len))
		return palloc0(sizeof(TjpMemberships));

	(void) tjp_cache_enter(GetActiveSnapshot(), "", 0, normal, normal_len);
	kept = tjp_cache_memberships();
	copy = palloc(kept->size);
	memcpy(copy, kept, kept->size);
	for (int i = 0; i < copy->n; i++)
		copy->keys[i].key = (char *) copy + (kept->keys[i].key - (const char *) kept);
	return copy;
}

/* A walk over what one user may reach. */
typedef struct Reach
{
	TimestampTz		 now;
	TjpLevel		 level;
	TjpReachCallback callback;
	void			*arg;
	bool			 found;
} Reach;

static bool
reach_grant(const char *target, int target_len, TjpLevel level, TimestampTz valid_from,
			TimestampTz valid_until, int weight, void *arg)
{
	Reach *reach = arg;

	/*
	 * valid_from is left to the check of each row: a cursor may be fetched from
	 * until after it
	 */
	if (level >= reach->level && reach->now < valid_until)
	{
		TjpElement element;

		if (target_len > 0)
			tjp_element_of_bytes(target, &element);
		return reach->callback(target_len > 0 ? &element : NULL, weight, reach->arg);
	}
	return true;
}

void
tjp_check_reach(const char *user, int user_len, const char *key, int key_len, TjpLevel level,
				int sample, TjpWorkspaceCallback workspace, TjpReachCallback target, void *arg)
{
	Reach				  reach = {GetCurrentStatementStartTimestamp(), level, target, arg};
	const TjpMemberships *memberships = copy_memberships(user, user_len);

	for (int i = 0; i < memberships->n; i++)
	{
		const TjpMembershipKey *one = &memberships->keys[i];
		TjpView				   *view;

		CHECK_FOR_INTERRUPTS();
		if (key != NULL && (one->len != key_len || memcmp(one->key, key, key_len) != 0))
			continue;
		view = find_view(one->key, one->len, user, user_len);
		/* to be counted; whose grants do not fit is shared at once, where there is more room */
		if (sample > 0 && view != NULL && !view->admin && !tjp_cache_read_all(view))
			view = find_view(one->key, one->len, user, user_len);
		if (view == NULL || !view->member || !view->workspace_active)
			continue;
		if (workspace(one->key, one->len, view, arg) && !view->admin)
			tjp_cache_each_grant(view, sample, reach_grant, &reach);
	}
	PopActiveSnapshot();
}

/* A grant of this level that has not expired? TjpGrantCallback. */
static bool
find_lasting(TjpLevel level, TimestampTz valid_from, TimestampTz valid_until, void *arg)
{
	Reach *reach = arg;

	if (level >= reach->level && reach->now < valid_until)
	{
		reach->found = true;
		return false;
	}
	return true;
}

bool
tjp_check_is_wide(TjpView *view, TjpLevel level, int ntypes, const TjpElement *types)
{
	Reach reach = {GetCurrentStatementStartTimestamp(), level};

	if (view->admin)
		return true;
	tjp_cache_grants(view, NULL, false, find_lasting, &reach);
	for (int i = 0; i < ntypes && !reach.found; i++)
		tjp_cache_grants(view, &types[i], true, find_lasting, &reach);
	return reach.found;
}

/* ---- many rows of one call site ---- */

/*
 * The planner's support turns tj_can(u, tj_resource(workspace, type, id...), l)
 * into one function of the plain columns.  It answers the first rows just as
 * tj_can does.  Then it sorts what the user holds by workspace, element and
 * type of column, so that a row is a few comparisons of plain values.  What was
 * sorted lies in the memory of the snapshot that it was read under, and is used
 * only while tjp_cache_is_current says so.
 */

typedef struct IdWord
{
	const char *bytes; /* NULL: unused */
	uint32		hash;
	uint16		len;
} IdWord;

/*
 * The ids of one element that are held, in an open-addressing table.  Before it stands
 * a filter: a bit for each hash that is there, so few of them that the processor
 * foresees a denied row, as it could not where half of the table's places are used.
 */
typedef struct IdSet
{
	bool	all; /* type:* */
	bool	has_no_number;
	uint32	mask;
	uint32	filter_mask; /* of the number of its bits */
	uint64 *filter;
	int64  *numbers; /* NO_NUMBER: unused */
	IdWord *words;
	int		n;
} IdSet;

#define NO_NUMBER		PG_INT64_MIN
#define FILTER_WORD		64
#define BITS_OF_A_PLACE 16

/* of which there is nothing */
static int64  no_numbers[1] = {NO_NUMBER};
static uint64 no_filter[1] = {0};

/* What the user holds in one workspace at the level of the call site. */
typedef enum VerdictKind
{
	NOT_JUDGED,
	NOTHING,
	SOME_THINGS,
	EVERYTHING,
	ROW_BY_ROW /* too much to sort */
} VerdictKind;

typedef struct Verdict
{
	VerdictKind kind;
	int64		number; /* the key, as the column has it */
	const char *bytes;
	int			len;
	uint8		header; /* of such a text in a row, if it is short enough for one byte; else 0 */
	const char *key;	/* as text */
	int			key_len;
	IdSet	   *ids; /* for each element of the path */
} Verdict;

/* One call site of _can or _is_member. */
typedef struct Site
{
	TjpConstructPlan *plan;
	int				  nelements;
	int				  last_arg; /* of the constructor: the last id, or the workspace */
	bool			  members_only;
	bool			  session_user; /* tj_user() */
	bool			  one_user;		/* the same for all rows, but for settings */
	bool			  has_words;
	struct SiteType
	{
		const char *word;
		int			len;
	} * types;

	uint64		entered; /* what the following was read under */
	TjpReading *reading;
	int			rows; /* answered one by one since then */
	bool		sorted;

	/* for whom it was sorted, and while which clock it holds */
	TjpLevel	level;
	uint64		settings;
	char		user[TJP_MAX_USER_ID_LEN];
	int			user_len;
	bool		bounded; /* is there any such interval? */
	TimestampTz from;
	TimestampTz until;

	uint32	 mask;
	Verdict *verdicts;
	Verdict *last;
} Site;

/* memcmp for a few bytes, which a call would cost more than they do */
static inline bool
same_bytes(const char *a, const char *b, int len)
{
	for (; len >= (int) sizeof(uint64); len -= sizeof(uint64))
	{
		uint64 x;
		uint64 y;

		memcpy(&x, a, sizeof(uint64));
		memcpy(&y, b, sizeof(uint64));
		if (x != y)
			return false;
		a += sizeof(uint64);
		b += sizeof(uint64);
	}
	for (; len > 0; len--)
		if (*a++ != *b++)
			return false;
	return true;
}

static bool
is_number(TjpArgKind kind)
{
	return kind == TJP_ARG_INT2 || kind == TJP_ARG_INT4 || kind == TJP_ARG_INT8;
}

static inline int64
number_value(Datum value, TjpArgKind kind)
{
	switch (kind)
	{
		case TJP_ARG_INT2:
			return DatumGetInt16(value);
		case TJP_ARG_INT4:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static inline uint32
hash_number(int64 number)
{
	return (uint32) (((uint64) number * UINT64CONST(0x9E3779B97F4A7C15)) >> 32);
}

/* The bytes that a value which is no number is compared by. */
static inline int
word_value(Datum value, TjpArgKind kind, const char **bytes)
{
	text *txt;

	switch (kind)
	{
		case TJP_ARG_UUID:
			*bytes = DatumGetPointer(value);
			return UUID_LEN;
		case TJP_ARG_CSTRING:
			*bytes = DatumGetCString(value);
			return strlen(*bytes);
		case TJP_ARG_NAME:
			*bytes = NameStr(*DatumGetName(value));
			return strlen(*bytes);
		default:
			txt = (text *) DatumGetPointer(value);
			if (VARATT_IS_1B(txt) && !VARATT_IS_1B_E(txt))
			{
				*bytes = VARDATA_1B(txt);
				return VARSIZE_1B(txt) - VARHDRSZ_SHORT;
			}
			txt = DatumGetTextPP(value);
			*bytes = VARDATA_ANY(txt);
			return VARSIZE_ANY_EXHDR(txt);
	}
}

static inline uint64 *
filter_word(const IdSet *ids, uint32 hash)
{
	return &ids->filter[(hash & ids->filter_mask) / FILTER_WORD];
}

static inline uint64
filter_bit(uint32 hash)
{
	return UINT64CONST(1) << (hash % FILTER_WORD);
}

static inline bool
may_hold(const IdSet *ids, uint32 hash)
{
	return (*filter_word(ids, hash) & filter_bit(hash)) != 0;
}

static inline bool
holds_number(const IdSet *ids, int64 number)
{
	uint32 hash = hash_number(number);
	uint32 position = hash & ids->mask;

	if (!may_hold(ids, hash))
		return false;
	while (ids->numbers[position] != number)
	{
		if (ids->numbers[position] == NO_NUMBER)
			return false;
		position = (position + 1) & ids->mask;
	}
	return number != NO_NUMBER || ids->has_no_number;
}

static inline bool
holds_word(const IdSet *ids, const char *bytes, int len)
{
	uint32 hash;
	uint32 position;

	if (ids->n == 0)
		return false;
	hash = hash_bytes((const unsigned char *) bytes, len);
	if (!may_hold(ids, hash))
		return false;
	for (position = hash & ids->mask;
		 ids->words[position].bytes != NULL;
		 position = (position + 1) & ids->mask)
		if (ids->words[position].hash == hash && ids->words[position].len == len &&
			memcmp(ids->words[position].bytes, bytes, len) == 0)
			return true;
	return false;
}

/* Sorting the grants of one workspace: counting first, then filling. */
typedef struct Sorting
{
	Site	   *site;
	Verdict	   *verdict;
	TimestampTz now;
	bool		filling;
	bool		everything;
	bool		no_room;
} Sorting;

static void
sort_id(Sorting *sorting, IdSet *ids, TjpArgKind kind, const TjpElement *element)
{
	uint32 position;

	if (is_number(kind))
	{
		int64 number;

		if (!tjp_id_is_int64(element->id, element->id_len, &number))
			return;
		if (!sorting->filling)
		{
			ids->n++;
			return;
		}
		*filter_word(ids, hash_number(number)) |= filter_bit(hash_number(number));
		if (number == NO_NUMBER)
			ids->has_no_number = true;
		else
		{
			for (position = hash_number(number) & ids->mask;
				 ids->numbers[position] != NO_NUMBER && ids->numbers[position] != number;
				 position = (position + 1) & ids->mask)
				;
			ids->numbers[position] = number;
		}
	}
	else
	{
		const char	 *bytes = element->id;
		int			  len = element->id_len;
		unsigned char uuid[UUID_LEN];

		if (kind == TJP_ARG_UUID)
		{
			if (!tjp_id_is_uuid(bytes, len, uuid))
				return;
			if (sorting->filling)
			{
				char *copy = tjp_cache_alloc_spare(UUID_LEN);

				if (copy == NULL)
				{
					sorting->no_room = true;
					return;
				}
				memcpy(copy, uuid, UUID_LEN);
				bytes = copy;
			}
			len = UUID_LEN;
		}
		if (!sorting->filling)
			ids->n++;
		else
		{
			uint32 hash = hash_bytes((const unsigned char *) bytes, len);

			*filter_word(ids, hash) |= filter_bit(hash);
			for (position = hash & ids->mask;
				 ids->words[position].bytes != NULL;
				 position = (position + 1) & ids->mask)
				;
			ids->words[position].bytes = bytes;
			ids->words[position].hash = hash;
			ids->words[position].len = len;
		}
	}
}

static bool
sort_grant(const char *target, int target_len, TjpLevel level, TimestampTz valid_from,
		   TimestampTz valid_until, int weight, void *arg)
{
	Sorting	  *sorting = arg;
	Site	  *site = sorting->site;
	TjpElement element;

	if (level < site->level)
		return true;

	/* when the answer about this grant changes */
	site->bounded = site->bounded || valid_from != DT_NOBEGIN || valid_until != DT_NOEND;
	if (valid_from > sorting->now)
		site->until = Min(site->until, valid_from);
	else
		site->from = Max(site->from, valid_from);
	if (valid_until > sorting->now)
		site->until = Min(site->until, valid_until);
	else
		site->from = Max(site->from, valid_until);
	if (sorting->now < valid_from || sorting->now >= valid_until)
		return true;

	if (target_len == 0)
	{
		sorting->everything = true;
		return true;
	}
	tjp_element_of_bytes(target, &element);
	for (int i = 0; i < site->nelements; i++)
	{
		if (site->types[i].len != element.type_len ||
			memcmp(site->types[i].word, element.type, element.type_len) != 0)
			continue;
		if (element.wildcard)
			sorting->verdict->ids[i].all = true;
		else
			sort_id(sorting, &sorting->verdict->ids[i], site->plan->args[2 + 2 * i].kind, &element);
	}
	return !sorting->no_room;
}

/* Make room for the ids that were counted; false if there is none. */
static bool
make_sets(Site *site, Verdict *verdict)
{
	for (int i = 0; i < site->nelements; i++)
	{
		IdSet *ids = &verdict->ids[i];
		uint32 size = 4;

		ids->numbers = no_numbers;
		ids->filter = no_filter;
		ids->filter_mask = FILTER_WORD - 1;
		if (ids->n == 0)
			continue;
		while (size < (uint32) ids->n * 2)
			size *= 2;
		ids->mask = size - 1;
		ids->filter = tjp_cache_alloc_spare((Size) size * BITS_OF_A_PLACE / BITS_PER_BYTE);
		if (ids->filter == NULL)
			return false;
		ids->filter_mask = size * BITS_OF_A_PLACE - 1;
		if (is_number(site->plan->args[2 + 2 * i].kind))
		{
			ids->numbers = tjp_cache_alloc_spare(size * sizeof(int64));
			if (ids->numbers == NULL)
				return false;
			for (uint32 n = 0; n < size; n++)
				ids->numbers[n] = NO_NUMBER;
		}
		else
		{
			ids->words = tjp_cache_alloc_spare(size * sizeof(IdWord));
			if (ids->words == NULL)
				return false;
		}
	}
	return true;
}

/*
 * Find out what the user holds in a workspace; false if that has ended what the
 * site had sorted, the verdict included.
 */
static pg_noinline bool
judge(Site *site, Verdict *verdict)
{
	char	 key[TJP_MAX_KEY_LEN];
	int		 key_len = verdict->key_len;
	Sorting	 sorting = {site, verdict, GetCurrentStatementStartTimestamp()};
	TjpView *view;

	memcpy(key, verdict->key, key_len);
	view = find_view(key, key_len, site->user, site->user_len);
	if (view == NULL || tjp_cache_entered() != site->entered)
		return false;

	if (!view->member || !view->workspace_active)
		verdict->kind = NOTHING;
	else if (view->admin || site->members_only)
		verdict->kind = EVERYTHING;
	else if (!tjp_cache_read_all(view))
		verdict->kind = ROW_BY_ROW;
	else
	{
		VerdictKind kind = ROW_BY_ROW;

		verdict->ids = tjp_cache_alloc_spare(Max(site->nelements, 1) * sizeof(IdSet));
		if (verdict->ids != NULL)
		{
			tjp_cache_each_grant(view, 0, sort_grant, &sorting);
			sorting.filling = true;
			if (sorting.everything)
				kind = EVERYTHING;
			else if (make_sets(site, verdict))
			{
				tjp_cache_each_grant(view, 0, sort_grant, &sorting);
				if (!sorting.no_room)
					kind = SOME_THINGS;
			}
		}
		verdict->kind = kind;
	}
	return true;
}

/* Is this the verdict on the workspace of that value? */
static inline bool
verdict_matches(const Verdict *verdict, bool number, int64 as_number, const char *bytes, int len)
{
	if (number)
		return verdict->number == as_number;
	return verdict->len == len && memcmp(verdict->bytes, bytes, len) == 0;
}

static uint32
hash_verdict(const Verdict *verdict, bool number)
{
	if (number)
		return hash_number(verdict->number);
	return hash_bytes((const unsigned char *) verdict->bytes, verdict->len);
}

/*
 * Begin to sort for one user: the workspaces that they belong to.
 */
static void
begin_sorting(Site *site, const char *user, int user_len, TjpLevel level)
{
	TjpArgKind			  kind = site->plan->args[0].kind;
	bool				  number = is_number(kind);
	char				  normal[TJP_MAX_USER_ID_LEN];
	int					  normal_len;
	const TjpMemberships *memberships;
	uint32				  size = 4;

	site->sorted = false;
	site->rows = 0;
	if (!tjp_user_id_normalize(user, user_len, normal, &normal_len))
		return;
	(void) tjp_cache_enter(GetActiveSnapshot(), "", 0, normal, normal_len);
	memberships = tjp_cache_memberships();
	site->entered = tjp_cache_entered();
	site->reading = tjp_cache_reading();

	while (size < (uint32) memberships->n * 2)
		size *= 2;
	site->mask = size - 1;
	site->last = NULL;
	site->verdicts = tjp_cache_alloc_spare(size * sizeof(Verdict));
	if (site->verdicts == NULL)
	{
		/* try again after many more rows */
		site->rows = -64 * ROWS_TO_SORT;
		return;
	}
	for (int i = 0; i < memberships->n; i++)
	{
		Verdict verdict = {0};
		uint32	position;

		verdict.key = memberships->keys[i].key;
		verdict.key_len = memberships->keys[i].len;
		if (number)
		{
			/* other spellings are no value of the column */
			if (!tjp_id_is_int64(verdict.key, verdict.key_len, &verdict.number))
				continue;
		}
		else if (kind == TJP_ARG_UUID)
		{
			unsigned char *uuid = tjp_cache_alloc_spare(UUID_LEN);

			if (uuid == NULL)
			{
				site->rows = -64 * ROWS_TO_SORT;
				return;
			}
			if (!tjp_id_is_uuid(verdict.key, verdict.key_len, uuid))
				continue;
			verdict.bytes = (char *) uuid;
			verdict.len = UUID_LEN;
		}
		else
		{
			verdict.bytes = verdict.key;
			verdict.len = verdict.key_len;
			if (kind == TJP_ARG_TEXT && verdict.len + VARHDRSZ_SHORT <= VARATT_SHORT_MAX)
				SET_VARSIZE_SHORT(&verdict.header, verdict.len + VARHDRSZ_SHORT);
		}
		for (position = hash_verdict(&verdict, number) & site->mask;
			 site->verdicts[position].key != NULL;
			 position = (position + 1) & site->mask)
			;
		site->verdicts[position] = verdict;
	}

	memcpy(site->user, user, user_len);
	site->user_len = user_len;
	site->settings = tjp_user_id_settings;
	site->level = level;
	site->bounded = false;
	site->from = DT_NOBEGIN;
	site->until = DT_NOEND;
	site->sorted = true;
}

/* The verdict on the workspace of this value, NULL if the user is no member. */
static pg_attribute_always_inline Verdict *
find_verdict(Site *site, Datum value)
{
	TjpArgKind	kind = site->plan->args[0].kind;
	bool		number = is_number(kind);
	Verdict	   *last = site->last;
	int64		as_number = 0;
	const char *bytes = NULL;
	int			len = 0;
	uint32		position;

	/* most often as in the row before */
	if (kind == TJP_ARG_TEXT && last != NULL && last->header != 0 &&
		*(const uint8 *) DatumGetPointer(value) == last->header &&
		same_bytes(VARDATA_1B(DatumGetPointer(value)), last->bytes, last->len))
		return last;
	if (number)
		as_number = number_value(value, kind);
	else
		len = word_value(value, kind, &bytes);
	if (last != NULL && verdict_matches(last, number, as_number, bytes, len))
		return last;
	position = number ? hash_number(as_number) : hash_bytes((const unsigned char *) bytes, len);
	for (position &= site->mask;
		 site->verdicts[position].key != NULL;
		 position = (position + 1) & site->mask)
		if (verdict_matches(&site->verdicts[position], number, as_number, bytes, len))
		{
			site->last = &site->verdicts[position];
			return site->last;
		}
	return NULL;
}

/* Where a row has the arguments of the constructor. */
typedef enum RowSource
{
	OF_CALL, /* all are among args; else only what is a constant */
	OF_SLOT, /* a scan has read the columns into row */
	OF_DATA	 /* not yet: they are at these offsets in data, none of them NULL */
} RowSource;

typedef struct RowArgs
{
	const NullableDatum	 *args;
	const int			 *columns; /* of a scan, for each argument; -1: a constant */
	const TupleTableSlot *row;
	const char			 *data;
	const int			 *offsets;
} RowArgs;

static pg_attribute_always_inline NullableDatum
argument_of(const RowArgs *args, int argno, RowSource source, TjpArgKind kind)
{
	NullableDatum argument = {0};
	int			  column;

	if (source == OF_CALL || (column = args->columns[argno]) < 0)
		return args->args[argno];
	if (source == OF_SLOT)
	{
		argument.value = args->row->tts_values[column];
		argument.isnull = args->row->tts_isnull[column];
	}
	else
	{
		const char *data = args->data + args->offsets[column];

		switch (kind)
		{
			case TJP_ARG_INT2:
				argument.value = fetch_att(data, true, sizeof(int16));
				break;
			case TJP_ARG_INT4:
				argument.value = fetch_att(data, true, sizeof(int32));
				break;
			case TJP_ARG_INT8:
				argument.value = fetch_att(data, FLOAT8PASSBYVAL, sizeof(int64));
				break;
			default:
				argument.value = PointerGetDatum(data);
		}
	}
	return argument;
}

/* Does reading this value take memory? */
static inline bool
is_packed(Datum value, TjpArgKind kind)
{
	return kind == TJP_ARG_TEXT && (VARATT_IS_4B_C(DatumGetPointer(value)) ||
									VARATT_IS_1B_E(DatumGetPointer(value)));
}

/*
 * The answer for one row from what was sorted.  Only if may_learn is anything found
 * out for it, or memory taken, in the caller's context; if not, it may have to wait
 * until it is.
 */
static pg_attribute_always_inline TjpAnswer
answer_row(Site *site, const RowArgs *args, RowSource source, bool may_learn)
{
	const TjpArgPlan *plan = site->plan->args;
	int				  last_arg = site->last_arg;
	NullableDatum	  workspace = argument_of(args, 0, source, plan->kind);
	Verdict			 *verdict;
	const IdSet		 *ids;
	bool			  held;

	if (workspace.isnull || argument_of(args, last_arg, source, plan[last_arg].kind).isnull)
		return TJP_ANSWER_NO;
	if (!may_learn && unlikely(is_packed(workspace.value, plan->kind)))
		return TJP_ANSWER_LATER;
	verdict = find_verdict(site, workspace.value);
	if (verdict == NULL)
		return TJP_ANSWER_NO;
	if (unlikely(verdict->kind == NOT_JUDGED))
	{
		if (!may_learn)
			return TJP_ANSWER_LATER;
		if (!judge(site, verdict))
		{
			site->sorted = false;
			return TJP_ANSWER_ASK;
		}
	}
	if (verdict->kind == EVERYTHING && !site->has_words)
		return TJP_ANSWER_YES;
	if (verdict->kind == NOTHING)
		return TJP_ANSWER_NO;
	if (unlikely(verdict->kind == ROW_BY_ROW))
		return TJP_ANSWER_ASK;

	held = verdict->kind == EVERYTHING;
	ids = verdict->ids;
	plan += 2;
	for (int argno = 2; argno <= last_arg; argno += 2, plan += 2, ids++)
	{
		TjpArgKind	  kind = plan->kind;
		NullableDatum id = argument_of(args, argno, source, kind);

		if (id.isnull)
			continue;
		if (unlikely(plan->is_array))
			return TJP_ANSWER_ASK;
		if (is_number(kind))
		{
			if (!held && (ids->all || holds_number(ids, number_value(id.value, kind))))
			{
				held = true;
				if (!site->has_words)
					break;
			}
		}
		else
		{
			const char *bytes;
			int			len;

			if (!may_learn && unlikely(is_packed(id.value, kind)))
				return TJP_ANSWER_LATER;
			len = word_value(id.value, kind, &bytes);
			/* over the limit of an id: there is no such resource */
			if (len > TJP_MAX_ID_LEN)
				return TJP_ANSWER_NO;
			held = held || ids->all || holds_word(ids, bytes, len);
		}
	}
	return held ? TJP_ANSWER_YES : TJP_ANSWER_NO;
}

/*
 * Describe a call of _can or _is_member over these arguments of the constructor, of
 * which at least the constants are there, and stay.
 */
static void
describe_site(Site *site, FmgrInfo *flinfo, uint64 planned, int first, int nargs,
			  const NullableDatum *args)
{
	site->plan = tjp_construct_plan(flinfo, first, nargs);
	site->nelements = nargs / 2;
	site->last_arg = 2 * site->nelements;
	site->session_user = (planned & TJP_PLANNED_SESSION_USER) != 0;
	site->one_user = (planned & TJP_PLANNED_ONE_USER) != 0;
	site->types = MemoryContextAllocZero(flinfo->fn_mcxt,
										 Max(site->nelements, 1) * sizeof(struct SiteType));
	for (int i = 0; i < site->nelements; i++)
	{
		const char *word;

		site->types[i].len = word_value(args[1 + 2 * i].value, site->plan->args[1 + 2 * i].kind,
										&word);
		site->types[i].word = word;
		if (site->plan->args[2 + 2 * i].is_array ||
			!(is_number(site->plan->args[2 + 2 * i].kind) ||
			  site->plan->args[2 + 2 * i].kind == TJP_ARG_UUID))
			site->has_words = true;
	}
}

/*
 * Look at a call site of _can or _is_member, once.
 *
 * The call stands for one of tj_can or tj_is_member, which the planner took
 * out: whoever may not execute that must not get here either.
 */
static pg_noinline Site *
make_site(FunctionCallInfo fcinfo, int first, bool members_only)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	uint64	  planned = PG_GETARG_TJP_PLANNED(0);
	Site	 *site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Site));

	tjp_check_planned(planned);
	describe_site(site, flinfo, planned, first, PG_NARGS() - first, &fcinfo->args[first]);
	site->members_only = members_only;
	flinfo->fn_extra = site;
	return site;
}

void
tjp_check_planned(uint64 planned)
{
	Oid function = TJP_PLANNED_FUNCTION(planned);

	if (!tjp_rights_may_execute(function))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
}

bool
tjp_check_planned_user(FunctionCallInfo fcinfo, int argno, const char **user, int *user_len)
{
	if (PG_GETARG_TJP_PLANNED(0) & TJP_PLANNED_SESSION_USER)
	{
		*user = tjp_user_id;
		*user_len = tjp_user_id != NULL ? strlen(tjp_user_id) : 0;
		return *user_len > 0;
	}
	if (PG_ARGISNULL(argno))
		return false;
	switch (get_fn_expr_argtype(fcinfo->flinfo, argno))
	{
		case INT8OID:
			*user = DatumGetCString(DirectFunctionCall1(int8out, PG_GETARG_DATUM(argno)));
			*user_len = strlen(*user);
			break;
		case UUIDOID:
			*user = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(argno)));
			*user_len = strlen(*user);
			break;
		default:
			*user_len = word_value(PG_GETARG_DATUM(argno), TJP_ARG_TEXT, user);
	}
	return true;
}

/*
 * The answer for one row as tj_can or tj_is_member gives it.
 */
static bool
ask_row(const Site *site, const char *user, int user_len, TjpLevel level, const NullableDatum *args)
{
	TjpResource	   *resource = tjp_construct(site->plan, args);
	TjpResourceView parts;
	TjpView		   *view;

	if (resource == NULL)
		return false;
	if (!site->members_only)
		return tjp_check_level(user, user_len, resource, level, false, NULL) >= level;
	tjp_resource_view(resource, &parts);
	view = find_view(parts.key, parts.key_len, user, user_len);
	return view != NULL && view->member && view->workspace_active;
}

/*
 * Does what the site has sorted hold under the active snapshot, now, for its user if
 * that is the session's?
 */
static pg_attribute_always_inline bool
is_sorted_now(const Site *site)
{
	if (!ActiveSnapshotSet() ||
		!tjp_reading_is_current(site->reading, site->entered, GetActiveSnapshot()))
		return false;
	if (site->bounded)
	{
		TimestampTz now = GetCurrentStatementStartTimestamp();

		if (now < site->from || now >= site->until)
			return false;
	}
	return !site->session_user || site->settings == tjp_user_id_settings;
}

/* And for the user and level of this call? */
static pg_attribute_always_inline bool
is_sorted_for(const Site *site, FunctionCallInfo fcinfo, int user_arg, TjpLevel level)
{
	const char *user;
	int			user_len;

	if (site->level != level || !is_sorted_now(site))
		return false;
	if (site->session_user)
		return true;
	return tjp_check_planned_user(fcinfo, user_arg, &user, &user_len) &&
		   user_len == site->user_len && memcmp(user, site->user, user_len) == 0;
}

/*
 * One more row of which nothing has been sorted: is it time to?
 */
static void
count_row(Site *site, const char *user, int user_len, TjpLevel level)
{
	uint64 entered = tjp_cache_entered();

	if (entered != site->entered)
	{
		site->entered = entered;
		site->rows = 0;
	}
	if (++site->rows >= (tjp_cache_knows_memberships() ? FEW_ROWS : ROWS_TO_SORT) &&
		entered != 0)
		begin_sorting(site, user, user_len, level);
}

/*
 * The answer for a row of which nothing has been sorted.
 */
static pg_noinline bool
site_asks(Site *site, FunctionCallInfo fcinfo, int user_arg, TjpLevel level,
		  const NullableDatum *args)
{
	const char *user;
	int			user_len;
	bool		allowed;

	if (!tjp_check_planned_user(fcinfo, user_arg, &user, &user_len) ||
		user_len > TJP_MAX_USER_ID_LEN)
		return false;
	allowed = ask_row(site, user, user_len, level, args);

	if (site->one_user && !site->sorted && ActiveSnapshotSet())
		count_row(site, user, user_len, level);
	return allowed;
}

/*
 * What _can and _is_member have in common; first is the number of the
 * workspace argument.
 */
static pg_attribute_always_inline bool
site_answer(FunctionCallInfo fcinfo, int first, int user_arg, TjpLevel level, bool members_only)
{
	Site				*site = fcinfo->flinfo->fn_extra;
	const NullableDatum *args = &fcinfo->args[first];

	if (unlikely(site == NULL))
		site = make_site(fcinfo, first, members_only);
	if (likely(site->sorted))
	{
		if (likely(is_sorted_for(site, fcinfo, user_arg, level)))
		{
			RowArgs	  of_call = {args};
			TjpAnswer answer = answer_row(site, &of_call, OF_CALL, true);

			if (answer != TJP_ANSWER_ASK)
				return answer == TJP_ANSWER_YES;
		}
		else
		{
			site->sorted = false;
			site->rows = 0;
		}
	}
	return site_asks(site, fcinfo, user_arg, level, args);
}

/* ---- rows of a scan ---- */

/* A call of _can as the site that it is in a scan, which has its arguments in columns. */
struct TjpRows
{
	Site		site;
	TjpLevel	level;
	const char *user; /* NULL: the session's */
	int			user_len;
	RowArgs		args; /* but for the row */
};

TjpRows *
tjp_rows_begin(FuncExpr *call, const int *columns, const char *user)
{
	const int	   first = 3;
	int			   nargs = list_length(call->args) - first;
	TjpRows		  *rows = palloc0(sizeof(TjpRows));
	FmgrInfo	  *flinfo = palloc0(sizeof(FmgrInfo));
	NullableDatum *constants = palloc0(nargs * sizeof(NullableDatum));
	uint64		   planned = DatumGetInt64(linitial_node(Const, call->args)->constvalue);

	rows->level = DatumGetTjpLevel(lsecond_node(Const, call->args)->constvalue);
	rows->user = user;
	rows->user_len = user != NULL ? strlen(user) : 0;
	rows->args.columns = columns;
	rows->args.args = constants;
	for (int i = 0; i < nargs; i++)
		if (columns[i] < 0)
		{
			const Const *constant = list_nth_node(Const, call->args, first + i);

			constants[i].value = constant->constvalue;
			constants[i].isnull = constant->constisnull;
		}
	flinfo->fn_mcxt = CurrentMemoryContext;
	fmgr_info_set_expr((Node *) call, flinfo);
	describe_site(&rows->site, flinfo, planned, first, nargs, constants);
	return rows;
}

bool
tjp_rows_hold(const TjpRows *rows)
{
	return rows->site.sorted && is_sorted_now(&rows->site);
}

TjpAnswer
tjp_rows_answer(TjpRows *rows, const TupleTableSlot *row)
{
	RowArgs args = rows->args;

	args.row = row;
	return answer_row(&rows->site, &args, OF_SLOT, false);
}

TjpAnswer
tjp_rows_answer_data(TjpRows *rows, const char *data, const int *offsets)
{
	RowArgs args = rows->args;

	args.data = data;
	args.offsets = offsets;
	return answer_row(&rows->site, &args, OF_DATA, false);
}

/*
 * The first row is always left to the policy, which asks then for the right to execute.
 */
TjpAnswer
tjp_rows_learn(TjpRows *rows, const TupleTableSlot *row)
{
	RowArgs		args = rows->args;
	Site	   *site = &rows->site;
	const char *user = rows->user;
	int			user_len = rows->user_len;

	if (site->sorted && !is_sorted_now(site))
	{
		site->sorted = false;
		site->rows = 0;
	}
	if (!site->sorted)
	{
		if (site->session_user && tjp_user_id != NULL)
		{
			user = tjp_user_id;
			user_len = strlen(user);
		}
		if (user_len == 0 || user_len > TJP_MAX_USER_ID_LEN || !ActiveSnapshotSet())
			return TJP_ANSWER_ASK;
		count_row(site, user, user_len, rows->level);
		if (!site->sorted)
			return TJP_ANSWER_ASK;
	}
	args.row = row;
	return answer_row(site, &args, OF_SLOT, true);
}

/* ---- workspaces that are wholly the user's ---- */

/* By what a workspace is found to be the user's. */
typedef struct WholeRight
{
	TjpLevel	level;
	bool		held;
	TimestampTz from;
	TimestampTz until;
} WholeRight;

/* A grant on the workspace, valid now, of this level? TjpGrantCallback. */
static bool
note_right(TjpLevel level, TimestampTz valid_from, TimestampTz valid_until, void *arg)
{
	WholeRight *right = arg;
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (level < right->level || now < valid_from || now >= valid_until)
		return true;
	right->held = true;
	right->from = valid_from;
	right->until = valid_until;
	return false;
}

/* Keep the key as rows have it; false if it is one that tjp_whole_has does not compare. */
static bool
keep_key(TjpWhole *whole, Datum key)
{
	int len = 0;

	if (whole->key_kind == TJP_ARG_UUID)
		len = UUID_LEN;
	else if (whole->key_kind == TJP_ARG_TEXT)
	{
		if (!tjp_is_short_word(key))
			return false;
		len = VARSIZE_1B(DatumGetPointer(key));
	}
	whole->number = key;
	whole->len = len;
	if (len > 0)
		memcpy(whole->bytes, DatumGetPointer(key), len);
	return true;
}

bool
tjp_whole_find(TjpWhole *whole, Snapshot snapshot, const TupleTableSlot *row)
{
	Datum		key = whole->key < 0 ? whole->constant : row->tts_values[whole->key];
	const char *user = whole->user;
	int			user_len = whole->user_len;
	WholeRight	right = {whole->level, false, DT_NOBEGIN, DT_NOEND};
	char	   *word;
	TjpView	   *view;
	uint64		entered;

	if (!whole->may_execute)
		tjp_check_planned(whole->planned);
	whole->may_execute = true;
	if (user == NULL && tjp_user_id != NULL)
	{
		user = tjp_user_id;
		user_len = strlen(user);
	}
	if (user_len == 0 || user_len > TJP_MAX_USER_ID_LEN ||
		(whole->key >= 0 && row->tts_isnull[whole->key]) ||
		!ActiveSnapshotSet() || GetActiveSnapshot() != snapshot)
		return false;
	word = tjp_construct_text(whole->key_type, key);
	if (strlen(word) > TJP_MAX_KEY_LEN)
		return false;

	view = find_view(word, strlen(word), user, user_len);
	entered = tjp_cache_entered();
	if (view == NULL || !view->member || !view->workspace_active || entered == 0)
		return false;
	if (view->admin)
		right.held = true;
	else
		tjp_cache_grants(view, NULL, false, note_right, &right);
	if (!right.held || tjp_cache_entered() != entered ||
		(whole->key >= 0 && !keep_key(whole, key)))
		return false;
	whole->reading = tjp_cache_reading();
	whole->id = entered;
	whole->snapshot = snapshot;
	whole->settings = tjp_user_id_settings;
	whole->bounded = right.from != DT_NOBEGIN || right.until != DT_NOEND;
	whole->from = right.from;
	whole->until = right.until;
	return true;
}

/*
 * _can(planned, level, user, workspace [, type, id]...): tj_can(user,
 * tj_resource(workspace [, type, id]...), level), made by the planner only.
 */
PG_FUNCTION_INFO_V1(tj_perm_can);
Datum
tj_perm_can(PG_FUNCTION_ARGS)
{
	if (unlikely(PG_ARGISNULL(0) || PG_ARGISNULL(1)))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(site_answer(fcinfo, 3, 2, PG_GETARG_TJP_LEVEL(1), false));
}

/*
 * _is_member(planned, user, workspace): tj_is_member(user, workspace), made by
 * the planner only.
 */
PG_FUNCTION_INFO_V1(tj_perm_is_member);
Datum
tj_perm_is_member(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(site_answer(fcinfo, 2, 1, TJP_LEVEL_VIEWER, true));
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
