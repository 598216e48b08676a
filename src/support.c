/*
 * src/support.c
 *	  Planner support: what policies ask becomes what indexes can answer.
 *
 * Owns the rewriting of tj_can(u, tj_resource(...), l) and tj_is_member(u, w),
 * the index conditions and estimates that follow from it, and the functions
 * that stand in such plans.  It must not read our tables nor decide anything:
 * check.c lists what a user may reach, and answers for each row.
 *
 * A call of tj_can over columns becomes
 *
 *		_can(u, l, columns...) AND (_wide(...) OR _held(...) OR ...)
 *
 * _can gives the answer for a row, exactly that of tj_can.  The others are its
 * *arms*: one for rights that need no id (Admins, the workspace, type:*), one
 * for each element of the path.  An arm as a filter is simply true.  It is
 * there for the planner, which asks for its index condition: column = ANY(what
 * the user holds), computed when the query runs.  Whatever _can is true for is
 * found by the condition of at least one arm; what is found too much, _can
 * throws out.  So no plan can show a row that tj_can would not.
 *
 * The lists are never folded into a plan, since plans are shared by users; they
 * are VOLATILE in name, so that estimates come from here too (list_support) and
 * not from evaluating them.  src/README.md has the whole story.
 */
#include "postgres.h"



#include "access/stratnum.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "cache.h"
#include "catalog.h"
#include "check.h"
#include "compat.h"
#include "construct.h"
#include "guc.h"
#include "names.h"
#include "resource.h"
#include "support.h"

/* btree families whose equality is that of the bytes or numbers; uuid's has no name */
#define UUID_BTREE_FAM_OID 2968

/* GIN families of arrays; array_ops has no name either */
#define ARRAY_GIN_FAM_OID	 2745
#define GIN_OVERLAP_STRATEGY 1

#define MAX_SAMPLE	  100 /* values that estimates are made from, one by one */
#define MANY		  100000 /* grants of a principal who has more than fit */
#define TYPICAL		  10	 /* grants of a user who is not known yet */
#define MAX_TYPES	  64	 /* that one summary tells apart */
#define N_SUMMARIES	  8
#define N_KNOWN_USERS 256 /* whose size is remembered */

/* Arguments of the arms, by position. */
enum
{
	ARM_PLANNED,
	ARM_LEVEL,
	ARM_USER,
	ARM_TYPES,			/* _wide: text[]; _held: text */
	WIDE_WORKSPACE = 4, /* _wide(planned, level, user, types, workspace, last id) */
	WIDE_LAST,
	HELD_ID = 4, /* _held(planned, level, user, type, id, workspace, last id) */
	HELD_WORKSPACE,
	HELD_LAST,
	WITHIN_WORKSPACE = 4, /* _within(planned, level, user, type, workspace, id) */
	WITHIN_ID,
	BELONGS_USER = 1, /* _belongs(planned, user, workspace) */
	BELONGS_WORKSPACE
};

/* The functions that stand in plans. */
typedef struct Functions
{
	uint64 generation;
	Oid	   can;
	Oid	   is_member;
	Oid	   wide;
	Oid	   held;
	Oid	   within;
	Oid	   belongs;
	Oid	   ids;
	Oid	   workspaces;
	Oid	   lowest;
	Oid	   planned; /* the types */
	Oid	   level;
} Functions;

static Functions functions;
static uint32	 planned_hashes[2]; /* of _can and _is_member in plans; 0: never planned */

/* What is listed. */
#define LIST_WIDE	"wide"	  /* workspaces where something needs no id */
#define LIST_HELD	"held"	  /* workspaces where an element of the type is held */
#define LIST_MEMBER "member" /* workspaces */

/* the constructors and tj_user, known by their C functions */
extern Datum tj_resource_construct(PG_FUNCTION_ARGS);
extern Datum tj_resource_construct_text(PG_FUNCTION_ARGS);
extern Datum tj_workspace_text(PG_FUNCTION_ARGS);
extern Datum tj_workspace_int8(PG_FUNCTION_ARGS);
extern Datum tj_workspace_uuid(PG_FUNCTION_ARGS);
extern Datum tj_user(PG_FUNCTION_ARGS);

/*
 * Look the functions up, as often as something may have been redefined; false
 * if the extension is not whole.
 */
static bool
find_functions(void)
{
	uint64 generation = tjp_catalog_generation();
	Oid	  *arguments;
	int	   n;

	if (OidIsValid(functions.planned) && functions.generation == generation)
		return true;
	functions.planned = InvalidOid;
	functions.can = tjp_catalog_function("_can");
	functions.is_member = tjp_catalog_function("_is_member");
	functions.wide = tjp_catalog_function("_wide");
	functions.held = tjp_catalog_function("_held");
	functions.within = tjp_catalog_function("_within");
	functions.belongs = tjp_catalog_function("_belongs");
	functions.ids = tjp_catalog_function("_ids");
	functions.workspaces = tjp_catalog_function("_workspaces");
	functions.lowest = tjp_catalog_function("_lowest");
	if (!OidIsValid(functions.can) || !OidIsValid(functions.is_member) ||
		!OidIsValid(functions.wide) || !OidIsValid(functions.held) ||
		!OidIsValid(functions.within) || !OidIsValid(functions.belongs) || !OidIsValid(functions.ids) ||
		!OidIsValid(functions.workspaces) || !OidIsValid(functions.lowest))
		return false;
	(void) get_func_signature(functions.can, &arguments, &n);
	functions.level = arguments[1];
	functions.planned = arguments[0];
	functions.generation = generation;
	planned_hashes[0] = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(functions.can));
	planned_hashes[1] = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(functions.is_member));
	return true;
}

/* ---- the rewriting ---- */

static PGFunction
c_function(Oid function)
{
	FmgrInfo flinfo;

	fmgr_info(function, &flinfo);
	return flinfo.fn_addr;
}

static bool
may_execute(Oid function)
{
	return tjp_function_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
}

static Const *
planned_const(uint64 planned)
{
	return makeConst(functions.planned, -1, InvalidOid, sizeof(int64), Int64GetDatum(planned),
					 false, FLOAT8PASSBYVAL);
}

static Const *
text_const(Datum value)
{
	return makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, value, false, false);
}

static Expr *
call(Oid function, Oid result_type, List *args)
{
	return (Expr *) makeFuncExpr(function, result_type, args, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

static bool
is_null_const(Node *node)
{
	return IsA(node, Const) && ((Const *) node)->constisnull;
}

/*
 * What stands for an argument in an arm: the expression, or the planned value
 * where it would be too dear to have it twice.  Never a NULL: a strict arm
 * would be dropped.
 */
static Node *
arm_argument(Node *arg, uint64 planned)
{
	if (is_null_const(arg) || contain_subplans(arg))
		return (Node *) planned_const(planned);
	return copyObject(arg);
}

/*
 * The user of a call, and the flags that go with it; false if the call is
 * better left alone.
 */
static bool
plan_user(Node **user, uint64 *planned)
{
	if (IsA(*user, FuncExpr) && c_function(((FuncExpr *) *user)->funcid) == tj_user)
	{
		if (!may_execute(((FuncExpr *) *user)->funcid))
			return false;
		*planned |= TJP_PLANNED_SESSION_USER | TJP_PLANNED_ONE_USER;
		*user = (Node *) makeNullConst(TEXTOID, -1, DEFAULT_COLLATION_OID);
		return true;
	}
	if (!contain_vars_of_level(*user, 0))
		*planned |= TJP_PLANNED_ONE_USER;
	else if (contain_subplans(*user))
		return false;
	return true;
}

/*
 * The arguments of the constructor that makes the resource; NIL if they cannot
 * be told, or the constructor would raise an error.
 */
static List *
constructor_arguments(Node *resource, List **types)
{
	FuncExpr  *constructor = (FuncExpr *) resource;
	PGFunction function;
	List	  *args;

	if (!IsA(resource, FuncExpr) || constructor->funcvariadic)
		return NIL;
	function = c_function(constructor->funcid);
	if (function != tj_resource_construct && function != tj_resource_construct_text &&
		function != tj_workspace_text && function != tj_workspace_int8 &&
		function != tj_workspace_uuid)
		return NIL;
	if (!may_execute(constructor->funcid))
		return NIL;
	args = list_copy(constructor->args);

	/* an int column is spelt as the bigint that PostgreSQL made of it */
	if (function == tj_workspace_int8 && IsA(linitial(args), FuncExpr))
	{
		FuncExpr *cast = linitial(args);

		if (cast->funcformat == COERCE_IMPLICIT_CAST &&
			(cast->funcid == F_INT8_INT4 || cast->funcid == F_INT8_INT2))
			linitial(args) = linitial(cast->args);
	}
	return tjp_construct_accepts(args, types) ? args : NIL;
}

static Expr *
make_condition(Expr *answer, List *arms)
{
	if (list_length(arms) == 0)
		return answer;
	if (list_length(arms) > 1)
		arms = list_make1(make_orclause(arms));
	return make_andclause(lcons(answer, arms));
}

/* tj_can(user, tj_resource(workspace [, type, id]...), level) */
static Expr *
simplify_can(SupportRequestSimplify *request)
{
	Node  *user = linitial(request->fcall->args);
	Node  *level = lthird(request->fcall->args);
	uint64 planned = request->fcall->funcid;
	List  *types = NIL;
	List  *args = constructor_arguments(lsecond(request->fcall->args), &types);
	List  *arms = NIL;
	Node  *workspace;
	Node  *last;
	Datum *type_datums;
	int	   ntypes = list_length(types);

	if (args == NIL || !may_execute(request->fcall->funcid) ||
		contain_volatile_functions((Node *) request->fcall->args) || !plan_user(&user, &planned))
		return NULL;
	workspace = linitial(args);
	last = llast(args);
	if (is_null_const(level) || is_null_const(workspace) || is_null_const(last) ||
		(!(planned & TJP_PLANNED_SESSION_USER) && is_null_const(user)))
		return (Expr *) makeBoolConst(false, false);

	if (request->root != NULL && contain_vars_of_level((Node *) args, 0))
	{
		planned |= TJP_PLANNED_HAS_ARMS;
		workspace = arm_argument(workspace, planned);
		last = ntypes > 0 ? arm_argument(last, planned) : (Node *) planned_const(planned);

		type_datums = palloc(Max(ntypes, 1) * sizeof(Datum));
		for (int i = 0; i < ntypes; i++)
			type_datums[i] = PointerGetDatum(list_nth(types, i));
		arms = lappend(arms,
					   call(functions.wide, BOOLOID,
							list_make4(planned_const(planned), copyObject(level), copyObject(user),
									   makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1,
												 PointerGetDatum(construct_array(type_datums, ntypes,
																				 TEXTOID, -1, false,
																				 TYPALIGN_INT)),
												 false, false))));
		((FuncExpr *) linitial(arms))->args =
			list_concat(((FuncExpr *) linitial(arms))->args, list_make2(workspace, last));

		for (int i = 0; i < ntypes; i++)
		{
			Node *id = list_nth(args, 2 + 2 * i);
			List *head = list_make4(planned_const(planned), copyObject(level), copyObject(user),
									text_const(type_datums[i]));
			Expr *arm;

			/* in no such container, ever */
			if (is_null_const(id))
				continue;
			id = arm_argument(id, planned);
			arm = call(functions.held, BOOLOID,
					   list_concat(list_copy(head),
								   list_make3(id, copyObject(workspace), copyObject(last))));
			if (contain_vars_of_level(workspace, 0))
				arm = make_andclause(list_make2(arm, call(functions.within, BOOLOID,
														  list_concat(copyObject(head),
																	  list_make2(copyObject(workspace),
																				 copyObject(id))))));
			arms = lappend(arms, arm);
		}
	}
	return make_condition(call(functions.can, BOOLOID,
							   list_concat(list_make3(planned_const(planned), copyObject(level),
													  copyObject(user)),
										   copyObject(args))),
						  arms);
}

/* tj_is_member(user, workspace) */
static Expr *
simplify_is_member(SupportRequestSimplify *request)
{
	Node  *user = linitial(request->fcall->args);
	List  *args = list_make1(lsecond(request->fcall->args));
	uint64 planned = request->fcall->funcid;
	List  *arms = NIL;

	/* an int column is spelt as the bigint that PostgreSQL made of it */
	if (IsA(linitial(args), FuncExpr))
	{
		FuncExpr *cast = linitial(args);

		if (cast->funcformat == COERCE_IMPLICIT_CAST &&
			(cast->funcid == F_INT8_INT4 || cast->funcid == F_INT8_INT2))
			linitial(args) = linitial(cast->args);
	}
	if (!tjp_construct_accepts(args, NULL) || !may_execute(request->fcall->funcid) ||
		contain_volatile_functions((Node *) request->fcall->args) || !plan_user(&user, &planned))
		return NULL;
	if (is_null_const(linitial(args)) ||
		(!(planned & TJP_PLANNED_SESSION_USER) && is_null_const(user)))
		return (Expr *) makeBoolConst(false, false);

	if (request->root != NULL && contain_vars_of_level((Node *) args, 0))
	{
		planned |= TJP_PLANNED_HAS_ARMS;
		arms = list_make1(call(functions.belongs, BOOLOID,
							   list_make3(planned_const(planned), copyObject(user),
										  arm_argument(linitial(args), planned))));
	}
	return make_condition(call(functions.is_member, BOOLOID,
							   list_make3(planned_const(planned), copyObject(user),
										  copyObject(linitial(args)))),
						  arms);
}

/*
 * Planner support of tj_can and tj_is_member.
 */
PG_FUNCTION_INFO_V1(tj_perm_check_support);
Datum
tj_perm_check_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify) && tjp_planner_support && find_functions())
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;

		if (list_length(simplify->fcall->args) == 3)
			PG_RETURN_POINTER(simplify_can(simplify));
		PG_RETURN_POINTER(simplify_is_member(simplify));
	}
	PG_RETURN_POINTER(NULL);
}

/* ---- how much a user may reach, for estimates ---- */

typedef struct Word
{
	const char *bytes;
	int			len;
} Word;

/* What one user may reach at one level, in all workspaces or in one. */
typedef struct Summary
{
	MemoryContext context; /* NULL: unused */
	uint64		  entered; /* what it was read under */
	char		  user[TJP_MAX_USER_ID_LEN];
	int			  user_len;
	char		  key[TJP_MAX_KEY_LEN];
	int			  key_len; /* -1: all workspaces */
	TjpLevel	  level;

	bool   uncounted; /* somebody holds more than fits */
	double total;
	int	   ntypes;
	struct SummaryType
	{
		Word   word;
		double n;
		int	   nsample;
		Word  *sample;
	} types[MAX_TYPES];
	int nworkspaces;
	int allocated;
	struct SummaryWorkspace
	{
		Word   key;
		bool   everything;
		uint64 all_of_type; /* by the position in types */
		uint64 held;
	} *workspaces;
} Summary;

static Summary summaries[N_SUMMARIES];
static int	   next_summary = 0;

static Word
copy_word(const char *bytes, int len)
{
	Word  word = {NULL, len};
	char *copy = palloc(Max(len, 1));

	memcpy(copy, bytes, len);
	word.bytes = copy;
	return word;
}

static bool
same_word(Word a, const char *bytes, int len)
{
	return a.len == len && memcmp(a.bytes, bytes, len) == 0;
}

/* The position of a type; -1 if it is not among them. */
static int
summary_type(Summary *summary, const char *word, int len, bool add)
{
	int i;

	for (i = 0; i < summary->ntypes; i++)
		if (same_word(summary->types[i].word, word, len))
			return i;
	if (!add || i == MAX_TYPES)
		return -1;
	summary->types[i].word = copy_word(word, len);
	summary->types[i].sample = palloc(MAX_SAMPLE * sizeof(Word));
	return summary->ntypes++;
}

static bool
summarize_workspace(const char *key, int key_len, TjpView *view, void *arg)
{
	Summary		 *summary = arg;
	MemoryContext caller = MemoryContextSwitchTo(summary->context);

	if (summary->nworkspaces == summary->allocated)
	{
		summary->allocated = Max(8, summary->allocated * 2);
		if (summary->workspaces == NULL)
			summary->workspaces = palloc(summary->allocated * sizeof(struct SummaryWorkspace));
		else
			summary->workspaces = repalloc_huge(summary->workspaces,
												summary->allocated *
													sizeof(struct SummaryWorkspace));
	}
	memset(&summary->workspaces[summary->nworkspaces], 0, sizeof(struct SummaryWorkspace));
	summary->workspaces[summary->nworkspaces].key = copy_word(key, key_len);
	summary->workspaces[summary->nworkspaces].everything = view->admin;
	summary->nworkspaces++;
	MemoryContextSwitchTo(caller);

	if (view->admin)
		return false;
	if (!tjp_cache_read_all(view))
	{
		summary->uncounted = true;
		return false;
	}
	return true;
}

static bool
summarize_target(const TjpElement *target, void *arg)
{
	Summary					*summary = arg;
	struct SummaryWorkspace *workspace = &summary->workspaces[summary->nworkspaces - 1];
	struct SummaryType		*type;
	MemoryContext			 caller;
	int						 i;

	if (target == NULL)
	{
		workspace->everything = true;
		return true;
	}
	caller = MemoryContextSwitchTo(summary->context);
	i = summary_type(summary, target->type, target->type_len, true);
	if (i >= 0 && target->wildcard)
		workspace->all_of_type |= UINT64CONST(1) << i;
	else if (i >= 0)
	{
		type = &summary->types[i];
		workspace->held |= UINT64CONST(1) << i;
		type->n++;
		summary->total++;
		if (type->nsample < MAX_SAMPLE)
			type->sample[type->nsample++] = copy_word(target->id, target->id_len);
	}
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * The summary for a user, of what a planner may ask several times; key is NULL
 * for all workspaces.  Valid until the next call.
 */
static Summary *
summarize(const char *user, int user_len, const char *key, int key_len, TjpLevel level)
{
	Summary *summary;
	int		 i;

	if (user_len > TJP_MAX_USER_ID_LEN || key_len > TJP_MAX_KEY_LEN)
		return NULL;
	if (key == NULL)
		key_len = -1;
	for (i = 0; i < N_SUMMARIES && ActiveSnapshotSet(); i++)
	{
		summary = &summaries[i];
		if (summary->context != NULL && summary->level == level &&
			summary->user_len == user_len && memcmp(summary->user, user, user_len) == 0 &&
			summary->key_len == key_len &&
			(key_len <= 0 || memcmp(summary->key, key, key_len) == 0) &&
			tjp_cache_is_current(summary->entered, GetActiveSnapshot()))
			return summary;
	}

	summary = &summaries[next_summary];
	next_summary = (next_summary + 1) % N_SUMMARIES;
	if (summary->context != NULL)
	{
		MemoryContext old = summary->context;

		summary->context = NULL;
		MemoryContextDelete(old);
	}
	memset(summary, 0, sizeof(Summary));
	memcpy(summary->user, user, user_len);
	summary->user_len = user_len;
	if (key_len > 0)
		memcpy(summary->key, key, key_len);
	summary->key_len = key_len;
	summary->level = level;
	summary->context = AllocSetContextCreate(CacheMemoryContext, "tj_perm estimates",
											 ALLOCSET_SMALL_SIZES);
	tjp_check_reach(user, user_len, key, key_len, level, summarize_workspace, summarize_target,
					summary);
	if (summary->uncounted)
		summary->total += MANY;
	summary->entered = tjp_cache_entered();
	return summary;
}

/* How many ids of a type are held. */
static double
summary_ids(Summary *summary, const char *type, int type_len, struct SummaryType **sample)
{
	int i = summary_type(summary, type, type_len, false);

	*sample = i >= 0 ? &summary->types[i] : NULL;
	return (i >= 0 ? summary->types[i].n : 0) + (summary->uncounted ? MANY : 0);
}

/* Does a workspace belong on the list? */
static bool
summary_lists(Summary *summary, const struct SummaryWorkspace *workspace, const char *what,
			  ArrayType *types)
{
	Datum *words;
	int	   n;
	bool   listed = false;

	if (strcmp(what, LIST_MEMBER) == 0)
		return true;
	if (workspace->everything)
		return strcmp(what, LIST_WIDE) == 0;
	deconstruct_array(types, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &n);
	for (int i = 0; i < n && !listed; i++)
	{
		text *word = DatumGetTextPP(words[i]);
		int	  t = summary_type(summary, VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word), false);

		if (t >= 0 && strcmp(what, LIST_WIDE) == 0)
			listed = (workspace->all_of_type & (UINT64CONST(1) << t)) != 0;
		else if (t >= 0)
			listed = (workspace->held & (UINT64CONST(1) << t)) != 0;
	}
	pfree(words);
	return listed;
}

/*
 * Plans are shared by the users of a connection, and estimates depend on the
 * user.  So plans made for users of one size are made anew for a user of
 * another: how many grants, by orders of magnitude, and whether there is
 * something that needs no id.  The size of a user who was never planned for is
 * taken to be 0, which is the safe side: plans that are good for those who see
 * little never read everything.
 */
static int planned_size = 0;
static struct
{
	uint32 user;
	int	   size;
} known_users[N_KNOWN_USERS];

static uint32
hash_user(const char *user, int user_len)
{
	return hash_bytes((const unsigned char *) user, user_len);
}

static int
known_size(const char *user, int user_len)
{
	uint32 hash = hash_user(user, user_len);

	return known_users[hash % N_KNOWN_USERS].user == hash ?
			   known_users[hash % N_KNOWN_USERS].size :
			   0;
}

static void
set_planned_size(int size)
{
	if (size == planned_size)
		return;
	planned_size = size;
	for (int i = 0; i < lengthof(planned_hashes); i++)
		if (planned_hashes[i] != 0)
			CallSyscacheCallbacks(PROCOID, planned_hashes[i]);
}

/* The setting tj_perm.user_id changes; no error may come from here. */
static void
user_changed(const char *user)
{
	if (planned_hashes[0] != 0)
		set_planned_size(user == NULL || user[0] == '\0' ? 0 : known_size(user, strlen(user)));
}

static void
note_size(const char *user, int user_len, double total, bool wide)
{
	uint32 hash = hash_user(user, user_len);
	int	   size = wide ? 4 : 0;

	if (total > 100)
		size += total > 10000 ? 2 : 1;
	known_users[hash % N_KNOWN_USERS].user = hash;
	known_users[hash % N_KNOWN_USERS].size = size;
	set_planned_size(size);
}

/* ---- whom an estimate is about ---- */

/*
 * The user whom a plan is for, if that can be known now: the session's, or a
 * constant.  Any other identity gets a plan for somebody who sees little, since
 * nothing tells us when it changes.
 */
static bool
estimated_user(Node *planned, Node *user, const char **id, int *len)
{
	uint64 flags;
	Const *constant = (Const *) user;

	if (!IsA(planned, Const))
		return false;
	flags = DatumGetInt64(((Const *) planned)->constvalue);
	if (flags & TJP_PLANNED_SESSION_USER)
	{
		*id = tjp_user_id;
		*len = tjp_user_id != NULL ? strlen(tjp_user_id) : 0;
		return *len > 0;
	}
	if (!IsA(user, Const) || constant->constisnull)
		return false;
	switch (constant->consttype)
	{
		case TEXTOID:
			*id = text_to_cstring(DatumGetTextPP(constant->constvalue));
			break;
		case INT8OID:
			*id = DatumGetCString(DirectFunctionCall1(int8out, constant->constvalue));
			break;
		case UUIDOID:
			*id = DatumGetCString(DirectFunctionCall1(uuid_out, constant->constvalue));
			break;
		default:
			return false;
	}
	*len = strlen(*id);
	return *len > 0;
}

/* A constant of a type that a resource can have in it, as its text; NULL otherwise. */
static char *
constant_text(Node *node)
{
	Const	  *constant = (Const *) node;
	TjpArgKind kind;
	Oid		   output;
	bool	   is_varlena;

	if (!IsA(node, Const) || constant->constisnull)
		return NULL;
	if (constant->consttype == UNKNOWNOID)
		return DatumGetCString(constant->constvalue);
	if (!tjp_construct_kind(constant->consttype, &kind))
		return NULL;
	getTypeOutputInfo(constant->consttype, &output, &is_varlena);
	return OidOutputFunctionCall(output, constant->constvalue);
}

/*
 * The summary that arguments of an arm or a list ask for; NULL if nothing is
 * known about the user.
 */
static Summary *
summary_for(List *args, int user_arg, Node *level, Node *workspace)
{
	const char *user;
	int			user_len;
	char	   *key = workspace != NULL ? constant_text(workspace) : NULL;
	Summary	   *all;
	Summary	   *summary;
	bool		wide = false;

	if (!IsA(level, Const) || ((Const *) level)->constisnull ||
		!estimated_user(linitial(args), list_nth(args, user_arg), &user, &user_len))
		return NULL;
	all = summarize(user, user_len, NULL, 0, DatumGetTjpLevel(((Const *) level)->constvalue));
	if (all == NULL)
		return NULL;
	if (DatumGetInt64(linitial_node(Const, args)->constvalue) & TJP_PLANNED_SESSION_USER)
	{
		for (int i = 0; i < all->nworkspaces && !wide; i++)
			wide = all->workspaces[i].everything || all->workspaces[i].all_of_type != 0;
		note_size(user, user_len, all->total, wide);
	}
	if (key == NULL)
		return all;
	summary = summarize(user, user_len, key, strlen(key),
						DatumGetTjpLevel(((Const *) level)->constvalue));
	return summary;
}

/* ---- values of columns ---- */

/* The type that values for a column or an array's elements have; 0 if none serves. */
static Oid
value_type(Oid type)
{
	TjpArgKind kind;

	type = getBaseType(type);
	if (!tjp_construct_kind(type, &kind) || kind == TJP_ARG_NAME || kind == TJP_ARG_CSTRING)
		return InvalidOid;
	return type == VARCHAROID ? TEXTOID : type;
}

/* A word as a value of such a type; false if it is no value of that. */
static bool
word_to_value(Oid type, const char *bytes, int len, Datum *value)
{
	int64		   number;
	pg_uuid_t	  *uuid;

	switch (type)
	{
		case INT2OID:
			if (!tjp_id_is_int64(bytes, len, &number) || number < PG_INT16_MIN ||
				number > PG_INT16_MAX)
				return false;
			*value = Int16GetDatum((int16) number);
			return true;
		case INT4OID:
			if (!tjp_id_is_int64(bytes, len, &number) || number < PG_INT32_MIN ||
				number > PG_INT32_MAX)
				return false;
			*value = Int32GetDatum((int32) number);
			return true;
		case INT8OID:
			if (!tjp_id_is_int64(bytes, len, &number))
				return false;
			*value = Int64GetDatum(number);
			return true;
		case UUIDOID:
			uuid = palloc(sizeof(pg_uuid_t));
			if (!tjp_id_is_uuid(bytes, len, uuid->data))
				return false;
			*value = UUIDPGetDatum(uuid);
			return true;
		case TEXTOID:
		case VARCHAROID:
			*value = PointerGetDatum(cstring_to_text_with_len(bytes, len));
			return true;
		default:
			return false;
	}
}

/* Values that are being collected. */
typedef struct Values
{
	Oid	   type;
	int	   n;
	int	   allocated;
	Datum *values;
} Values;

static void
add_value(Values *values, const char *bytes, int len)
{
	Datum value;

	if (!word_to_value(values->type, bytes, len, &value))
		return;
	if (values->n == values->allocated)
	{
		values->allocated = Max(16, values->allocated * 2);
		if (values->values == NULL)
			values->values = palloc(values->allocated * sizeof(Datum));
		else
			values->values = repalloc_huge(values->values, values->allocated * sizeof(Datum));
	}
	values->values[values->n++] = value;
}

static Datum
array_of_values(const Values *values, Oid element_type)
{
	int16 len;
	bool  byval;
	char  align;

	get_typlenbyvalalign(element_type, &len, &byval, &align);
	return PointerGetDatum(construct_array(values->values, values->n, element_type, len, byval,
										   align));
}

static Oid
equality_of(Oid type)
{
	Oid family = TEXT_BTREE_FAM_OID;

	if (type == UUIDOID)
		family = UUID_BTREE_FAM_OID;
	else if (type != TEXTOID)
		family = INTEGER_BTREE_FAM_OID;
	return get_opfamily_member(family, type, type, BTEqualStrategyNumber);
}

/* column = ANY (array), of a type that value_type gave. */
static Node *
equals_any(Node *column, Oid type, Oid operator, Oid collation, Node *array)
{
	ScalarArrayOpExpr *condition = makeNode(ScalarArrayOpExpr);

	if (exprType(column) != type)
		column = (Node *) makeRelabelType((Expr *) column, type, -1,
										  type == TEXTOID ? exprCollation(column) : InvalidOid,
										  COERCE_IMPLICIT_CAST);
	condition->opno = operator;
	condition->opfuncid = get_opcode(operator);
	condition->useOr = true;
	condition->inputcollid = collation;
	condition->args = list_make2(column, array);
	condition->location = -1;
	return (Node *) condition;
}

/* ---- selectivity ---- */

/*
 * The share of rows whose column is one of n values, of which some are known.
 */
static Selectivity
share_of(SupportRequestSelectivity *request, Node *column, double n, Values *sample)
{
	Oid				 type = sample->type;
	VariableStatData vardata;
	bool			 is_default;
	double			 distinct;
	double			 share;

	if (n <= 0)
		return 0.0;
	if (n <= sample->n && !request->is_join)
	{
		Oid	   collation = type == TEXTOID ? DEFAULT_COLLATION_OID : InvalidOid;
		Const *array = makeConst(get_array_type(type), -1, collation, -1,
								 array_of_values(sample, type), false, false);

		return clause_selectivity(request->root,
								  equals_any(copyObject(column), type, equality_of(type), collation,
											 (Node *) array),
								  request->varRelid, request->jointype, request->sjinfo);
	}
	examine_variable(request->root, column, request->varRelid, &vardata);
	distinct = get_variable_numdistinct(&vardata, &is_default);
	ReleaseVariableStats(vardata);
	share = n / Max(distinct, 1.0);
	return Min(share, 1.0);
}

/* The share of rows whose workspace is listed. */
static Selectivity
workspace_share(SupportRequestSelectivity *request, Summary *summary, Node *workspace,
				const char *what, ArrayType *types)
{
	Values sample = {value_type(exprType(workspace))};
	double n = 0;

	for (int i = 0; i < summary->nworkspaces; i++)
	{
		if (!summary_lists(summary, &summary->workspaces[i], what, types))
			continue;
		n++;
		if (sample.n < MAX_SAMPLE && OidIsValid(sample.type))
			add_value(&sample, summary->workspaces[i].key.bytes, summary->workspaces[i].key.len);
	}
	if (!contain_vars_of_level(workspace, 0) || !OidIsValid(sample.type))
		return n > 0 ? 1.0 : 0.0;
	/* keys that are no value of the column match no row */
	if (n <= MAX_SAMPLE)
		n = sample.n;
	return share_of(request, workspace, n, &sample);
}

static Selectivity
wide_selectivity(SupportRequestSelectivity *request)
{
	Node	*workspace = list_nth(request->args, WIDE_WORKSPACE);
	Summary *summary = summary_for(request->args, ARM_USER, list_nth(request->args, ARM_LEVEL),
								   workspace);

	if (summary == NULL)
		return 0.0;
	return workspace_share(request, summary, workspace, LIST_WIDE,
						   DatumGetArrayTypeP(((Const *) list_nth(request->args, ARM_TYPES))->constvalue));
}

static Selectivity
held_selectivity(SupportRequestSelectivity *request)
{
	Node			   *workspace = list_nth(request->args, HELD_WORKSPACE);
	Node			   *id = list_nth(request->args, HELD_ID);
	text			   *type = DatumGetTextPP(((Const *) list_nth(request->args, ARM_TYPES))->constvalue);
	Summary			   *summary = summary_for(request->args, ARM_USER,
											  list_nth(request->args, ARM_LEVEL), workspace);
	struct SummaryType *held = NULL;
	Values				sample = {value_type(exprType(id))};
	double				n = TYPICAL;

	if (summary != NULL)
		n = summary_ids(summary, VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), &held);
	if (!contain_vars_of_level(id, 0) || !OidIsValid(sample.type))
		return Min(n * 0.001, 1.0);
	for (int i = 0; held != NULL && i < held->nsample; i++)
		add_value(&sample, held->sample[i].bytes, held->sample[i].len);
	/* ids that are no value of the column match no row */
	if (held != NULL && n <= MAX_SAMPLE)
		n = sample.n;
	return share_of(request, id, n, &sample);
}

/*
 * An id that few rows share lies in one workspace: then this says nothing new.
 */
static Selectivity
within_selectivity(SupportRequestSelectivity *request)
{
	Node			*workspace = list_nth(request->args, WITHIN_WORKSPACE);
	Node			*id = list_nth(request->args, WITHIN_ID);
	Summary			*summary = summary_for(request->args, ARM_USER,
										   list_nth(request->args, ARM_LEVEL), NULL);
	Datum			 type = ((Const *) list_nth(request->args, ARM_TYPES))->constvalue;
	Values			 nothing = {value_type(exprType(workspace))};
	VariableStatData vardata;
	bool			 is_default;
	bool			 few;

	examine_variable(request->root, id, request->varRelid, &vardata);
	few = vardata.isunique ||
		  (vardata.rel != NULL &&
		   get_variable_numdistinct(&vardata, &is_default) * 20 > vardata.rel->tuples);
	ReleaseVariableStats(vardata);
	if (few || !OidIsValid(nothing.type))
		return 1.0;
	if (summary == NULL)
		return share_of(request, workspace, TYPICAL, &nothing);
	return workspace_share(request, summary, workspace, LIST_HELD,
						   construct_array(&type, 1, TEXTOID, -1, false, TYPALIGN_INT));
}

static Selectivity
belongs_selectivity(SupportRequestSelectivity *request)
{
	Const	*level = makeConst(functions.level, -1, InvalidOid, 1,
							   TjpLevelGetDatum(TJP_LEVEL_VIEWER), false, true);
	Summary *summary = summary_for(request->args, BELONGS_USER, (Node *) level, NULL);
	Node	*workspace = list_nth(request->args, BELONGS_WORKSPACE);
	Values	 nothing = {value_type(exprType(workspace))};

	if (summary == NULL)
		return OidIsValid(nothing.type) ? share_of(request, workspace, TYPICAL, &nothing) : 0.01;
	return workspace_share(request, summary, workspace, LIST_MEMBER, NULL);
}

/* ---- index conditions ---- */

/* Equality of the index's family is that of the values, and so is its order. */
static bool
serves_equality(SupportRequestIndexCondition *request, Oid type)
{
	IndexOptInfo *index = request->index;
	int			  column = request->indexcol;

	if (index->relam != BTREE_AM_OID || index->opcintype[column] != type)
		return false;
	switch (request->opfamily)
	{
		case INTEGER_BTREE_FAM_OID:
			return type == INT2OID || type == INT4OID || type == INT8OID;
		case TEXT_BTREE_FAM_OID:
		case TEXT_PATTERN_BTREE_FAM_OID:
			return type == TEXTOID && OidIsValid(request->indexcollation) &&
				   get_collation_isdeterministic(request->indexcollation);
		case UUID_BTREE_FAM_OID:
			return type == UUIDOID;
		default:
			return false;
	}
}

/* Is there an ordinary index whose first column is this expression? */
static bool
has_index(RelOptInfo *rel, Node *expression)
{
	ListCell *lc;
	Oid		  type = value_type(exprType(expression));

	if (!OidIsValid(type))
		return false;
	foreach(lc, rel->indexlist)
	{
		IndexOptInfo				*index = lfirst(lc);
		SupportRequestIndexCondition request = {0};

		request.index = index;
		request.opfamily = index->opfamily[0];
		request.indexcollation = index->indexcollations[0];
		if (!index->hypothetical && index->indpred == NIL && serves_equality(&request, type) &&
			match_index_to_operand(expression, 0, index))
			return true;
	}
	return false;
}

/* column = ANY (list), where list is a function of ours and its arguments but the last */
static List *
equality_condition(SupportRequestIndexCondition *request, Node *column, Oid list, List *list_args)
{
	Oid	  type = value_type(exprType(column));
	Oid	  collation = request->indexcollation;
	Oid	  operator;
	Expr *array;

	if (!OidIsValid(type) || !serves_equality(request, type))
		return NIL;
	operator = get_opfamily_member(request->opfamily, type, type, BTEqualStrategyNumber);
	if (!OidIsValid(operator))
		return NIL;
	array = (Expr *) makeFuncExpr(list, get_array_type(type),
								  lappend(list_args, makeNullConst(type, -1, collation)),
								  collation, InvalidOid, COERCE_EXPLICIT_CALL);
	return list_make1(equals_any(column, type, operator, collation, (Node *) array));
}

/* array column && list */
static List *
overlap_condition(SupportRequestIndexCondition *request, Node *column, Oid list, List *list_args)
{
	Oid	  array_type = getBaseType(exprType(column));
	Oid	  element = get_element_type(array_type);
	Oid	  operator;
	Expr *array;

	if (!OidIsValid(element) || !OidIsValid(value_type(element)) ||
		request->index->relam != GIN_AM_OID || request->opfamily != ARRAY_GIN_FAM_OID)
		return NIL;
	/* texts of one spelling only are equal, whatever the column's collation */
	if (value_type(element) == TEXTOID &&
		(!OidIsValid(request->indexcollation) ||
		 !get_collation_isdeterministic(request->indexcollation)))
		return NIL;
	operator = get_opfamily_member(request->opfamily, ANYARRAYOID, ANYARRAYOID,
								   GIN_OVERLAP_STRATEGY);
	if (!OidIsValid(operator))
		return NIL;
	if (exprType(column) != array_type)
		column = (Node *) makeRelabelType((Expr *) column, array_type, -1, exprCollation(column),
										  COERCE_IMPLICIT_CAST);
	array = (Expr *) makeFuncExpr(list, array_type,
								  lappend(list_args,
										  makeNullConst(element, -1, request->indexcollation)),
								  request->indexcollation, InvalidOid, COERCE_EXPLICIT_CALL);
	return list_make1(make_opclause(operator, BOOLOID, false, (Expr *) column, array, InvalidOid,
									request->indexcollation));
}

/* column >= the lowest value there is, or NULL where there is nothing to find */
static List *
everything_condition(SupportRequestIndexCondition *request, Node *column, List *lowest_args)
{
	Oid	  type = value_type(exprType(column));
	Oid	  collation = request->indexcollation;
	Oid	  operator;
	Expr *lowest;

	if (!OidIsValid(type) || !serves_equality(request, type))
		return NIL;
	operator = get_opfamily_member(request->opfamily, type, type, BTGreaterEqualStrategyNumber);
	if (!OidIsValid(operator))
		return NIL;
	if (exprType(column) != type)
		column = (Node *) makeRelabelType((Expr *) column, type, -1,
										  type == TEXTOID ? exprCollation(column) : InvalidOid,
										  COERCE_IMPLICIT_CAST);
	lowest = (Expr *) makeFuncExpr(functions.lowest, type,
								   lappend(lowest_args, makeNullConst(type, -1, collation)),
								   collation, InvalidOid, COERCE_EXPLICIT_CALL);
	return list_make1(make_opclause(operator, BOOLOID, false, (Expr *) column, lowest, InvalidOid,
									collation));
}

/* The arguments that lists begin with; NIL if they are not known before the scan. */
static List *
list_head_args(SupportRequestIndexCondition *request, List *args)
{
	Node *level = list_nth(args, ARM_LEVEL);
	Node *user = list_nth(args, ARM_USER);

	if (!is_pseudo_constant_for_index(request->root, level, request->index) ||
		!is_pseudo_constant_for_index(request->root, user, request->index))
		return NIL;
	return list_make3(copyObject(linitial(args)), copyObject(level), copyObject(user));
}

/* The workspace if it is known before the scan; else what stands for any. */
static Node *
known_workspace(SupportRequestIndexCondition *request, Node *planned, Node *workspace)
{
	if (is_pseudo_constant_for_index(request->root, workspace, request->index))
		return copyObject(workspace);
	return copyObject(planned);
}

static Node *
word_const(const char *word)
{
	return (Node *) text_const(CStringGetTextDatum(word));
}

static Node *
one_type(Node *type)
{
	Datum word = ((Const *) type)->constvalue;

	return (Node *) makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1,
							  PointerGetDatum(construct_array(&word, 1, TEXTOID, -1, false,
															  TYPALIGN_INT)),
							  false, false);
}

static List *
wide_condition(SupportRequestIndexCondition *request, List *args)
{
	Node *types = list_nth(args, ARM_TYPES);
	Node *workspace = list_nth(args, WIDE_WORKSPACE);
	Node *last = list_nth(args, WIDE_LAST);
	List *head = list_head_args(request, args);

	if (head == NIL)
		return NIL;
	/* lists on later columns would be taken to keep the order of the index */
	if (request->indexcol > 0)
		return NIL;
	if (request->indexarg == WIDE_WORKSPACE)
		return equality_condition(request, workspace, functions.workspaces,
								  list_concat(head, list_make2(word_const(LIST_WIDE),
															   copyObject(types))));
	if (request->indexarg != WIDE_LAST || has_index(request->index->rel, workspace))
		return NIL;
	return everything_condition(request, last,
								list_concat(head,
											list_make3(word_const(LIST_WIDE), copyObject(types),
													   known_workspace(request, linitial(args),
																	   workspace))));
}

/*
 * Arms of ids stand in an OR, so that only bitmap scans use their conditions,
 * and no order is lost by a list on a later column.
 */
static List *
held_condition(SupportRequestIndexCondition *request, List *args)
{
	Node *type = list_nth(args, ARM_TYPES);
	Node *id = list_nth(args, HELD_ID);
	Node *workspace = list_nth(args, HELD_WORKSPACE);
	Node *last = list_nth(args, HELD_LAST);
	List *head = list_head_args(request, args);

	if (head == NIL)
		return NIL;
	if (request->indexarg == HELD_ID)
	{
		List *tail = list_make2(copyObject(type),
								known_workspace(request, linitial(args), workspace));

		if (OidIsValid(get_element_type(getBaseType(exprType(id)))))
			return overlap_condition(request, id, functions.ids, list_concat(head, tail));
		return equality_condition(request, id, functions.ids, list_concat(head, tail));
	}
	if (request->indexarg != HELD_LAST || has_index(request->index->rel, id) ||
		has_index(request->index->rel, workspace))
		return NIL;
	return everything_condition(request, last,
								list_concat(head,
											list_make3(word_const(LIST_HELD), one_type(type),
													   known_workspace(request, linitial(args),
																	   workspace))));
}

static List *
within_condition(SupportRequestIndexCondition *request, List *args)
{
	List *head = list_head_args(request, args);

	if (head == NIL || request->indexarg != WITHIN_WORKSPACE)
		return NIL;
	return equality_condition(request, list_nth(args, WITHIN_WORKSPACE), functions.workspaces,
							  list_concat(head, list_make2(word_const(LIST_HELD),
														   one_type(list_nth(args, ARM_TYPES)))));
}

static List *
belongs_condition(SupportRequestIndexCondition *request, List *args)
{
	Node *user = list_nth(args, BELONGS_USER);

	if (request->indexarg != BELONGS_WORKSPACE || request->indexcol > 0 ||
		!is_pseudo_constant_for_index(request->root, user, request->index))
		return NIL;
	return equality_condition(request, list_nth(args, BELONGS_WORKSPACE), functions.workspaces,
							  list_make5(copyObject(linitial(args)),
										 makeConst(functions.level, -1, InvalidOid, 1,
												   TjpLevelGetDatum(TJP_LEVEL_VIEWER), false, true),
										 copyObject(user), word_const(LIST_MEMBER),
										 makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1,
												   PointerGetDatum(construct_empty_array(TEXTOID)),
												   false, false)));
}

/*
 * Planner support of the arms: what an index can do for them, and how many rows
 * they let through.
 */
typedef List *(*ConditionOfArm) (SupportRequestIndexCondition *request, List *args);
typedef Selectivity (*SelectivityOfArm)(SupportRequestSelectivity *request);

static Datum
support_arm(Node *request, ConditionOfArm condition, SelectivityOfArm selectivity)
{
	if (IsA(request, SupportRequestIndexCondition))
	{
		SupportRequestIndexCondition *index = (SupportRequestIndexCondition *) request;

		/* lossy, as the caller assumes: _can is the judge */
		if (is_funcclause(index->node) && find_functions())
			return PointerGetDatum(condition(index, ((FuncExpr *) index->node)->args));
	}
	else if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *share = (SupportRequestSelectivity *) request;

		if (find_functions())
		{
			share->selectivity = selectivity(share);
			CLAMP_PROBABILITY(share->selectivity);
			return PointerGetDatum(share);
		}
	}
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(tj_perm_wide_support);
Datum
tj_perm_wide_support(PG_FUNCTION_ARGS)
{
	return support_arm((Node *) PG_GETARG_POINTER(0), wide_condition, wide_selectivity);
}

PG_FUNCTION_INFO_V1(tj_perm_held_support);
Datum
tj_perm_held_support(PG_FUNCTION_ARGS)
{
	return support_arm((Node *) PG_GETARG_POINTER(0), held_condition, held_selectivity);
}

PG_FUNCTION_INFO_V1(tj_perm_within_support);
Datum
tj_perm_within_support(PG_FUNCTION_ARGS)
{
	return support_arm((Node *) PG_GETARG_POINTER(0), within_condition, within_selectivity);
}

PG_FUNCTION_INFO_V1(tj_perm_belongs_support);
Datum
tj_perm_belongs_support(PG_FUNCTION_ARGS)
{
	return support_arm((Node *) PG_GETARG_POINTER(0), belongs_condition, belongs_selectivity);
}

/*
 * Planner support of _can and _is_member: all rows that the arms let through.
 */
PG_FUNCTION_INFO_V1(tj_perm_answer_support);
Datum
tj_perm_answer_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *share = (SupportRequestSelectivity *) request;
		Const					  *planned = linitial(share->args);

		if (IsA(planned, Const) &&
			(DatumGetInt64(planned->constvalue) & TJP_PLANNED_HAS_ARMS) != 0)
		{
			share->selectivity = 1.0;
			PG_RETURN_POINTER(share);
		}
	}
	PG_RETURN_POINTER(NULL);
}

/* An arm as a filter. */
PG_FUNCTION_INFO_V1(tj_perm_arm);
Datum
tj_perm_arm(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

/* ---- the lists ---- */

/* Arguments of the lists, by position. */
enum
{
	LIST_PLANNED,
	LIST_LEVEL,
	LIST_USER,
	IDS_TYPE = 3, /* _ids(planned, level, user, type, workspace, element) */
	IDS_WORKSPACE,
	LIST_WHAT = 3, /* _workspaces(planned, level, user, what, types, element) */
	LIST_TYPES,
	LOWEST_WORKSPACE /* _lowest(planned, level, user, what, types, workspace, element) */
};

/* The lowest value of a type, in any collation. */
static Datum
lowest_value(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum(PG_INT16_MIN);
		case INT4OID:
			return Int32GetDatum(PG_INT32_MIN);
		case INT8OID:
			return Int64GetDatum(PG_INT64_MIN);
		case UUIDOID:
			return UUIDPGetDatum(palloc0(sizeof(pg_uuid_t)));
		default:
			return PointerGetDatum(cstring_to_text(""));
	}
}

static Node *
lowest_const(Oid type, Oid collation, bool isnull)
{
	int16 len;
	bool  byval;

	if (isnull)
		return (Node *) makeNullConst(type, -1, collation);
	get_typlenbyval(type, &len, &byval);
	return (Node *) makeConst(type, -1, collation, len, lowest_value(type), false, byval);
}

/*
 * Planner support of the lists: what estimates are made from.  Only estimators
 * simplify a list, since lists come into being when all else has been
 * simplified; so this may be a sample.
 */
PG_FUNCTION_INFO_V1(tj_perm_list_support);
Datum
tj_perm_list_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	FuncExpr			   *list;
	List				   *args;
	Const				   *element;
	Summary				   *summary;
	Values					values = {0};

	if (!IsA(request, SupportRequestSimplify) || !find_functions())
		PG_RETURN_POINTER(NULL);
	list = request->fcall;
	args = list->args;
	element = llast(args);
	values.type = element->consttype;
	if (list->funcid == functions.ids)
	{
		struct SummaryType *held;
		text			   *type = DatumGetTextPP(((Const *) list_nth(args, IDS_TYPE))->constvalue);

		summary = summary_for(args, LIST_USER, list_nth(args, LIST_LEVEL),
							  list_nth(args, IDS_WORKSPACE));
		if (summary == NULL || summary->uncounted)
			PG_RETURN_POINTER(NULL);
		(void) summary_ids(summary, VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), &held);
		for (int i = 0; held != NULL && i < held->nsample; i++)
			add_value(&values, held->sample[i].bytes, held->sample[i].len);
	}
	else
	{
		char	  *what = TextDatumGetCString(((Const *) list_nth(args, LIST_WHAT))->constvalue);
		ArrayType *types = DatumGetArrayTypeP(((Const *) list_nth(args, LIST_TYPES))->constvalue);
		bool	   lowest = list->funcid == functions.lowest;
		bool	   listed = false;

		summary = summary_for(args, LIST_USER, list_nth(args, LIST_LEVEL),
							  lowest ? list_nth(args, LOWEST_WORKSPACE) : NULL);
		if (summary == NULL && !lowest && strcmp(what, LIST_WIDE) != 0)
			PG_RETURN_POINTER(NULL);
		for (int i = 0; summary != NULL && i < summary->nworkspaces; i++)
		{
			if (!summary_lists(summary, &summary->workspaces[i], what, types))
				continue;
			listed = true;
			if (values.n < MAX_SAMPLE)
				add_value(&values, summary->workspaces[i].key.bytes,
						  summary->workspaces[i].key.len);
		}
		if (lowest)
			PG_RETURN_POINTER(lowest_const(values.type, list->funccollid, !listed));
		/* the index on the id shall be chosen, which also serves the next user */
		if (!listed && strcmp(what, LIST_HELD) == 0)
			PG_RETURN_POINTER(NULL);
	}
	PG_RETURN_POINTER(makeConst(list->funcresulttype, -1, list->funccollid, -1,
								array_of_values(&values, values.type), false, false));
}

/* One call site of a list, which keeps the list for rescans. */
typedef struct ListSite
{
	Oid			type; /* of the elements */
	bool		known;
	uint64		entered; /* what it was read under */
	uint64		settings;
	TimestampTz now;
	char		user[TJP_MAX_USER_ID_LEN];
	int			user_len;
	char		key[TJP_MAX_KEY_LEN];
	int			key_len; /* -1: all workspaces */
	Datum		result;
	bool		isnull;
} ListSite;

/* What a list is made of while it is read. */
typedef struct Listing
{
	Values		values;
	const char *what;
	int			ntypes;
	TjpElement *types;
	bool		found; /* anything at all */
	TjpLevel	level;

	/* for a workspace that was found by an element in it */
	const char *key;
	int			key_len;
} Listing;

/* Types as check.c takes them: the byte before each word is its length. */
static TjpElement *
list_types(ArrayType *array, int *ntypes)
{
	Datum	   *words;
	TjpElement *types;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, ntypes);
	types = palloc0(Max(*ntypes, 1) * sizeof(TjpElement));
	for (int i = 0; i < *ntypes; i++)
	{
		text *word = DatumGetTextPP(words[i]);
		int	  len = VARSIZE_ANY_EXHDR(word);
		char *bytes = palloc(1 + len);

		bytes[0] = len;
		memcpy(bytes + 1, VARDATA_ANY(word), len);
		types[i].type = bytes + 1;
		types[i].type_len = len;
		types[i].wildcard = true;
	}
	return types;
}

static bool
is_listed_type(const Listing *listing, const TjpElement *target)
{
	for (int i = 0; i < listing->ntypes; i++)
		if (listing->types[i].type_len == target->type_len &&
			memcmp(listing->types[i].type, target->type, target->type_len) == 0)
			return true;
	return false;
}

static bool
list_id(const TjpElement *target, void *arg)
{
	Listing *listing = arg;

	if (target != NULL && !target->wildcard && is_listed_type(listing, target))
		add_value(&listing->values, target->id, target->id_len);
	return true;
}

/* The arm of what needs no id finds all rows of admins. */
static bool
list_ids_of_workspace(const char *key, int key_len, TjpView *view, void *arg)
{
	return !view->admin;
}

static void
list_this_workspace(Listing *listing, const char *key, int key_len)
{
	listing->found = true;
	if (OidIsValid(listing->values.type))
		add_value(&listing->values, key, key_len);
}

static bool
list_held_workspace(const TjpElement *target, void *arg)
{
	Listing *listing = arg;

	if (target == NULL || target->wildcard || !is_listed_type(listing, target))
		return true;
	list_this_workspace(listing, listing->key, listing->key_len);
	return false;
}

static bool
list_workspace(const char *key, int key_len, TjpView *view, void *arg)
{
	Listing *listing = arg;

	if (strcmp(listing->what, LIST_HELD) == 0)
	{
		listing->key = key;
		listing->key_len = key_len;
		return !view->admin;
	}
	if (strcmp(listing->what, LIST_MEMBER) == 0 ||
		tjp_check_is_wide(view, listing->level, listing->ntypes, listing->types))
		list_this_workspace(listing, key, key_len);
	return false;
}

/*
 * What the three lists have in common.  The result is the caller's memory, or
 * that of the call site where it serves for rescans: btree keeps pointers into
 * it, so that what was kept once is never freed.
 */
static Datum
list_for_scan(FunctionCallInfo fcinfo, Oid element_type, const char *what, Datum types,
			  int workspace_arg, bool lowest)
{
	uint64		planned = PG_GETARG_TJP_PLANNED(LIST_PLANNED);
	ListSite   *site = fcinfo->flinfo->fn_extra;
	TimestampTz now = GetCurrentStatementStartTimestamp();
	Listing		listing = {{element_type}};
	const char *user = NULL;
	int			user_len = 0;
	char	   *key = NULL;
	int			key_len = -1;
	bool		nothing = PG_ARGISNULL(LIST_LEVEL) ||
				   !tjp_check_planned_user(fcinfo, LIST_USER, &user, &user_len) ||
				   user_len > TJP_MAX_USER_ID_LEN;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch;
	bool		  keep;
	Datum		  result = (Datum) 0;

	if (site == NULL)
	{
		tjp_check_planned(planned);
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ListSite));
		fcinfo->flinfo->fn_extra = site;
	}
	if (workspace_arg >= 0 &&
		get_fn_expr_argtype(fcinfo->flinfo, workspace_arg) !=
			get_fn_expr_argtype(fcinfo->flinfo, LIST_PLANNED))
	{
		Oid	 type = get_fn_expr_argtype(fcinfo->flinfo, workspace_arg);
		Oid	 output;
		bool is_varlena;

		if (PG_ARGISNULL(workspace_arg))
			nothing = true;
		else
		{
			if (type == UNKNOWNOID)
				key = DatumGetCString(PG_GETARG_DATUM(workspace_arg));
			else
			{
				getTypeOutputInfo(type, &output, &is_varlena);
				key = OidOutputFunctionCall(output, PG_GETARG_DATUM(workspace_arg));
			}
			key_len = strlen(key);
			nothing = nothing || key_len > TJP_MAX_KEY_LEN;
		}
	}

	if (!nothing && site->known && site->now == now && site->settings == tjp_user_id_settings &&
		site->user_len == user_len && memcmp(site->user, user, user_len) == 0 &&
		site->key_len == key_len && (key_len <= 0 || memcmp(site->key, key, key_len) == 0) &&
		ActiveSnapshotSet() && tjp_cache_is_current(site->entered, GetActiveSnapshot()))
	{
		fcinfo->isnull = site->isnull;
		return site->result;
	}

	scratch = AllocSetContextCreate(CurrentMemoryContext, "tj_perm list", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);
	listing.what = what;
	listing.level = nothing ? TJP_LEVEL_NONE : PG_GETARG_TJP_LEVEL(LIST_LEVEL);
	listing.types = list_types(DatumGetArrayTypeP(types), &listing.ntypes);
	if (!nothing)
		tjp_check_reach(user, user_len, key, key_len, listing.level,
						what == NULL ? list_ids_of_workspace : list_workspace,
						what == NULL ? list_id : list_held_workspace, &listing);

	/* one that serves for every rescan is made once, and others are the caller's */
	keep = !nothing && !site->known && (planned & TJP_PLANNED_ONE_USER) != 0;
	MemoryContextSwitchTo(keep ? fcinfo->flinfo->fn_mcxt : caller);
	if (!lowest)
		result = array_of_values(&listing.values, element_type);
	else if (listing.found)
		result = lowest_value(element_type);
	else
		fcinfo->isnull = true;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);

	if (keep)
	{
		site->entered = tjp_cache_entered();
		site->settings = tjp_user_id_settings;
		site->now = now;
		memcpy(site->user, user, user_len);
		site->user_len = user_len;
		if (key_len > 0)
			memcpy(site->key, key, key_len);
		site->key_len = key_len;
		site->result = result;
		site->isnull = fcinfo->isnull;
		site->known = true;
	}
	return result;
}

/*
 * _ids(planned, level, user, type, workspace, element): the ids of this type
 * that grants to the user name, in the workspace or in any; an array of the
 * element's type.
 */
PG_FUNCTION_INFO_V1(tj_perm_ids);
Datum
tj_perm_ids(PG_FUNCTION_ARGS)
{
	Datum type = PG_GETARG_DATUM(IDS_TYPE);

	return list_for_scan(fcinfo, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)), NULL,
						 PointerGetDatum(construct_array(&type, 1, TEXTOID, -1, false,
														 TYPALIGN_INT)),
						 IDS_WORKSPACE, false);
}

/*
 * _workspaces(planned, level, user, what, types, element): the workspaces in
 * which the user may find something without or by an id, or is a member; an
 * array of the element's type.
 */
PG_FUNCTION_INFO_V1(tj_perm_workspaces);
Datum
tj_perm_workspaces(PG_FUNCTION_ARGS)
{
	return list_for_scan(fcinfo, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)),
						 TextDatumGetCString(PG_GETARG_DATUM(LIST_WHAT)),
						 PG_GETARG_DATUM(LIST_TYPES), -1, false);
}

/*
 * _lowest(planned, level, user, what, types, workspace, element): the lowest
 * value of the element's type if there is such a workspace, else NULL.
 */
PG_FUNCTION_INFO_V1(tj_perm_lowest);
Datum
tj_perm_lowest(PG_FUNCTION_ARGS)
{
	return list_for_scan(fcinfo, get_fn_expr_rettype(fcinfo->flinfo),
						 TextDatumGetCString(PG_GETARG_DATUM(LIST_WHAT)),
						 PG_GETARG_DATUM(LIST_TYPES), LOWEST_WORKSPACE, true);
}

/* ---- the type _planned ---- */

PG_FUNCTION_INFO_V1(tj_perm_planned_in);
Datum
tj_perm_planned_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot accept a value of type %s", "tj_perm._planned"),
			 errdetail("Only the planner makes calls with such values.")));
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(tj_perm_planned_out);
Datum
tj_perm_planned_out(PG_FUNCTION_ARGS)
{
	uint64 planned = PG_GETARG_TJP_PLANNED(0);

	PG_RETURN_CSTRING(pstrdup(planned & TJP_PLANNED_SESSION_USER ? "tj_user()" : "user"));
}

void
tjp_support_init(void)
{
	tjp_user_id_changed = user_changed;
}
