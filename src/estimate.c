/*
 * src/estimate.c
 *	  How many rows a policy lets through.
 *
 * Owns the estimates that the planner asks of arms and lists, and the plans'
 * dependence on the size of the user that they were made for.  Nothing here
 * can change a result; it must not decide anything.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "check.h"
#include "construct.h"
#include "estimate.h"
#include "guc.h"
#include "lists.h"
#include "names.h"
#include "resource.h"

#define MAX_SAMPLE	  100	 /* values that estimates are made from, one by one */
#define COUNTED		  1000	 /* grants of a principal that are looked at */
#define MANY		  100000 /* grants of a principal who has more than fit */
#define TYPICAL		  10	 /* grants of a user who is not known yet */
#define MAX_TYPES	  64	 /* that one summary tells apart */
#define N_SUMMARIES	  8
#define MAX_AGE		  USECS_PER_SEC /* of a summary that another snapshot was asked for */
#define N_KNOWN_USERS 256			/* whose size is remembered */

#define OPERATORS_OF_LIST 100 /* what a list costs, as its definition has it */
#define OPERATORS_OF_ID	  150 /* and each of its ids: as a planner counts the descent of an index */

/* Hash of _can and _is_member in plans; 0: never planned. */
static uint32 planned_hashes[2];

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

	/* what it was read under */
	uint64		entered;
	bool		lasting; /* may it be used under other snapshots? */
	int64		loads;
	uint64		changes;
	uint64		generation;
	TimestampTz made;

	char	 user[TJP_MAX_USER_ID_LEN];
	int		 user_len;
	char	 key[TJP_MAX_KEY_LEN];
	int		 key_len; /* -1: all workspaces */
	TjpLevel level;

	bool   uncounted; /* somebody holds more than fits */
	bool   wide;	  /* is there anything that needs no id? */
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
	} * workspaces;
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
	summary->wide = summary->wide || view->admin;
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
summarize_target(const TjpElement *target, int weight, void *arg)
{
	Summary					*summary = arg;
	struct SummaryWorkspace *workspace = &summary->workspaces[summary->nworkspaces - 1];
	struct SummaryType		*type;
	MemoryContext			 caller;
	int						 i;

	if (target == NULL)
	{
		workspace->everything = true;
		summary->wide = true;
		return true;
	}
	caller = MemoryContextSwitchTo(summary->context);
	i = summary_type(summary, target->type, target->type_len, true);
	if (i >= 0 && target->wildcard)
	{
		workspace->all_of_type |= UINT64CONST(1) << i;
		summary->wide = true;
	}
	else if (i >= 0)
	{
		type = &summary->types[i];
		workspace->held |= UINT64CONST(1) << i;
		type->n += weight;
		summary->total += weight;
		if (type->nsample < MAX_SAMPLE)
			type->sample[type->nsample++] = copy_word(target->id, target->id_len);
	}
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * May a summary be used?  Under the snapshot that it was read under, if that is
 * still current.  Else, since an estimate decides nothing, for as long as this
 * backend has learnt nothing new: it has changed nothing, and the queries that it
 * ran found what they asked for as they knew it.  Not one made in a transaction
 * that has changed something, which may be rolled back, nor one that does not know
 * all, since there may be more room the next time.  And not for long, since
 * nothing need be loaded for what goes away, a membership or a grant that expires.
 */
static bool
summary_holds(const Summary *summary)
{
	TimestampTz age = GetCurrentStatementStartTimestamp() - summary->made;

	if (summary->lasting && summary->loads == tjp_cache_loads() &&
		summary->changes == tjp_cache_changes &&
		summary->generation == tjp_plan.generation && age >= 0 && age < MAX_AGE)
		return true;
	return ActiveSnapshotSet() && tjp_cache_is_current(summary->entered, GetActiveSnapshot());
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
	for (i = 0; i < N_SUMMARIES; i++)
	{
		summary = &summaries[i];
		if (summary->context != NULL && summary->level == level &&
			summary->user_len == user_len && memcmp(summary->user, user, user_len) == 0 &&
			summary->key_len == key_len &&
			(key_len <= 0 || memcmp(summary->key, key, key_len) == 0) &&
			summary_holds(summary))
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
	tjp_check_reach(user, user_len, key, key_len, level, COUNTED,
					summarize_workspace, summarize_target, summary);
	if (summary->uncounted)
		summary->total += MANY;
	summary->entered = tjp_cache_entered();
	summary->lasting = !tjp_cache_is_dirty() && !summary->uncounted;
	summary->loads = tjp_cache_loads();
	summary->changes = tjp_cache_changes;
	summary->generation = tjp_plan.generation;
	summary->made = GetCurrentStatementStartTimestamp();
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

	if (strcmp(what, TJP_LIST_MEMBER) == 0)
		return true;
	if (workspace->everything)
		return strcmp(what, TJP_LIST_WIDE) == 0;
	deconstruct_array(types, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &n);
	for (int i = 0; i < n && !listed; i++)
	{
		text *word = DatumGetTextPP(words[i]);
		int	  t = summary_type(summary, VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word), false);

		if (t >= 0 && strcmp(what, TJP_LIST_WIDE) == 0)
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

/* A constant of a type that a resource can have in it, as its text; NULL otherwise. */
static char *
constant_text(Node *node)
{
	Const *constant = (Const *) node;

	if (!IsA(node, Const) || constant->constisnull)
		return NULL;
	return tjp_construct_text(constant->consttype, constant->constvalue);
}

/*
 * The user whom a plan is for, if that can be known now: the session's, or a
 * constant.  Any other identity gets a plan for somebody who sees little, since
 * nothing tells us when it changes.
 */
static bool
estimated_user(Node *planned, Node *user, const char **id, int *len)
{
	uint64 flags = DatumGetInt64(((Const *) planned)->constvalue);

	if (flags & TJP_PLANNED_SESSION_USER)
	{
		*id = tjp_user_id;
		*len = tjp_user_id != NULL ? strlen(tjp_user_id) : 0;
		return *len > 0;
	}
	*id = constant_text(user);
	if (*id == NULL)
		return false;
	*len = strlen(*id);
	return *len > 0;
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
	Summary	   *seen = NULL;
	TjpLevel	wanted;

	if (!IsA(level, Const) || ((Const *) level)->constisnull ||
		!estimated_user(linitial(args), list_nth(args, user_arg), &user, &user_len) ||
		user_len > TJP_MAX_USER_ID_LEN)
		return NULL;
	wanted = DatumGetTjpLevel(((Const *) level)->constvalue);
	if (DatumGetInt64(linitial_node(Const, args)->constvalue) & TJP_PLANNED_SESSION_USER)
	{
		/* of one size for reading and writing, or plans would alternate */
		seen = summarize(user, user_len, NULL, 0, TJP_LEVEL_VIEWER);
		note_size(user, user_len, seen->total, seen->wide);
	}
	if (seen != NULL && key == NULL && wanted == TJP_LEVEL_VIEWER)
		return seen;
	return summarize(user, user_len, key, key != NULL ? strlen(key) : 0, wanted);
}

Node *
tjp_column_as(Node *column, Oid type)
{
	if (exprType(column) == type)
		return column;
	/* one relabelling and no more, which is as many as an index expression is found under */
	return applyRelabelType(column, type, -1,
							type_is_collatable(type) ? exprCollation(column) : InvalidOid,
							COERCE_IMPLICIT_CAST, -1, false);
}

Node *
tjp_equals_any(Node *column, const TjpValueType *type, Oid collation, Node *array)
{
	ScalarArrayOpExpr *condition = makeNode(ScalarArrayOpExpr);

	condition->opno = type->equals;
	condition->opfuncid = type->equals_function;
	condition->useOr = true;
	condition->inputcollid = collation;
	condition->args = list_make2(tjp_column_as(column, type->type), array);
	condition->location = -1;
	return (Node *) condition;
}

/* ---- selectivity ---- */

/* How many different values a column has. */
static double
distinct_values(PlannerInfo *root, Node *column, int varRelid)
{
	VariableStatData vardata;
	bool			 is_default;
	double			 n;

	examine_variable(root, column, varRelid, &vardata);
	n = get_variable_numdistinct(&vardata, &is_default);
	ReleaseVariableStats(vardata);
	return n;
}

/*
 * The share of rows whose column is one of n values, of which some are known.
 */
static Selectivity
share_of(SupportRequestSelectivity *request, Node *column, double n, TjpValues *sample)
{
	const TjpValueType *type = tjp_value_type_facts(sample->type);
	double				share;

	if (n <= 0)
		return 0.0;
	if (n <= sample->n && !request->is_join)
	{
		Oid	  collation = type->type == TEXTOID ? DEFAULT_COLLATION_OID : InvalidOid;
		Node *clause;

		if (sample->n == 1)
			clause = (Node *) make_opclause(type->equals, BOOLOID, false,
											(Expr *) tjp_column_as(column, type->type),
											(Expr *) makeConst(type->type, -1, collation, type->len,
															   sample->values[0], false,
															   type->byval),
											InvalidOid, collation);
		else
			clause = tjp_equals_any(column, type, collation,
									(Node *) makeConst(type->array_type, -1, collation, -1,
													   tjp_values_array(sample, type->type),
													   false, false));

		return clause_selectivity(request->root, clause, request->varRelid, request->jointype,
								  request->sjinfo);
	}
	share = n / Max(distinct_values(request->root, column, request->varRelid), 1.0);
	return Min(share, 1.0);
}

bool
tjp_estimate_is_finer(PlannerInfo *root, Node *a, Node *b)
{
	return distinct_values(root, a, 0) >= distinct_values(root, b, 0);
}

Node *
tjp_without_relabels(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

Node *
tjp_asked_workspace(PlannerInfo *root, Node *workspace)
{
	Oid			type = tjp_value_type(exprType(workspace));
	Node	   *column = tjp_without_relabels(workspace);
	RelOptInfo *rel;
	int			relid;

	if (!OidIsValid(type) || !bms_get_singleton_member(pull_varnos(root, workspace), &relid) ||
		relid >= root->simple_rel_array_size)
		return NULL;
	rel = root->simple_rel_array[relid];
	if (rel == NULL)
		return NULL;
	for (int i = 0; i < list_length(rel->baserestrictinfo); i++)
	{
		RestrictInfo *rinfo = list_nth(rel->baserestrictinfo, i);
		OpExpr		 *condition = (OpExpr *) rinfo->clause;
		Node		 *asked;

		/* equality of values, of which each has one spelling */
		if (!IsA(condition, OpExpr) || list_length(condition->args) != 2 ||
			condition->opno != tjp_value_type_facts(type)->equals ||
			(OidIsValid(condition->inputcollid) &&
			 !get_collation_isdeterministic(condition->inputcollid)))
			continue;
		if (equal(tjp_without_relabels(linitial(condition->args)), column))
			asked = lsecond(condition->args);
		else if (equal(tjp_without_relabels(lsecond(condition->args)), column))
			asked = linitial(condition->args);
		else
			continue;
		if (tjp_value_type(exprType(asked)) == type && !contain_var_clause(asked) &&
			!contain_volatile_functions(asked) &&
			!contain_subplans(asked))
			return asked;
	}
	return NULL;
}

/* The share of rows whose workspace is listed. */
static Selectivity
workspace_share(SupportRequestSelectivity *request, Summary *summary, Node *workspace,
				const char *what, ArrayType *types)
{
	TjpValues sample = {tjp_value_type(exprType(workspace))};
	double	  n = 0;
	Node	 *asked = tjp_asked_workspace(request->root, workspace);
	char	 *key = asked != NULL ? constant_text(asked) : NULL;

	for (int i = 0; i < summary->nworkspaces; i++)
	{
		if (!summary_lists(summary, &summary->workspaces[i], what, types))
			continue;
		if (key != NULL && !same_word(summary->workspaces[i].key, key, strlen(key)))
			continue;
		n++;
		if (sample.n < MAX_SAMPLE && OidIsValid(sample.type))
		{
			Word word = summary->workspaces[i].key;

			tjp_values_add(&sample, word.bytes, word.len);
		}
	}
	if (asked != NULL || !contain_vars_of_level(workspace, 0) || !OidIsValid(sample.type))
		return n > 0 ? 1.0 : 0.0;
	/* keys that are no value of the column match no row */
	if (n <= MAX_SAMPLE)
		n = sample.n;
	return share_of(request, workspace, n, &sample);
}

static Const *
array_const(ArrayType *array)
{
	return makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1, PointerGetDatum(array),
					 false, false);
}

Const *
tjp_types_const(Datum *types, int ntypes)
{
	return array_const(construct_array(types, ntypes, TEXTOID, -1, false, TYPALIGN_INT));
}

static ArrayType *
types_of_can(List *args)
{
	List  *types = NIL;
	Datum *datums;

	/* they have been accepted before */
	if (!tjp_construct_accepts(list_copy_tail(args, CAN_WORKSPACE), &types))
		types = NIL;
	datums = palloc(Max(list_length(types), 1) * sizeof(Datum));
	for (int i = 0; i < list_length(types); i++)
		datums[i] = PointerGetDatum(list_nth(types, i));
	return construct_array(datums, list_length(types), TEXTOID, -1, false, TYPALIGN_INT);
}

Const *
tjp_types_of_can(List *args)
{
	return array_const(types_of_can(args));
}

/* The share of rows that need no id. */
static Selectivity
share_of_wide(SupportRequestSelectivity *request)
{
	Node	*workspace = list_nth(request->args, CAN_WORKSPACE);
	Summary *summary;

	if (contain_subplans(workspace))
		workspace = linitial(request->args);
	summary = summary_for(request->args, ARM_USER, list_nth(request->args, ARM_LEVEL), workspace);
	if (summary == NULL || !summary->wide)
		return 0.0;
	return workspace_share(request, summary, workspace, TJP_LIST_WIDE, types_of_can(request->args));
}

bool
tjp_estimate_has_whole(PlannerInfo *root, List *args)
{
	Node	*workspace = list_nth(args, CAN_WORKSPACE);
	Node	*asked = tjp_asked_workspace(root, workspace);
	char	*key = asked != NULL ? constant_text(asked) : NULL;
	Summary *summary = summary_for(args, ARM_USER, list_nth(args, ARM_LEVEL), NULL);

	for (int i = 0; summary != NULL && i < summary->nworkspaces; i++)
		if (summary->workspaces[i].everything &&
			(key == NULL || same_word(summary->workspaces[i].key, key, strlen(key))))
			return true;
	return false;
}

Selectivity
tjp_estimate_can(SupportRequestSelectivity *request)
{
	SupportRequestSelectivity part = *request;
	List					 *args = request->args;
	uint64					  planned = DatumGetInt64(linitial_node(Const, args)->constvalue);
	Selectivity				  share;
	ArrayType				 *types;
	Datum					 *words;
	int						  n;

	/* the key alone says how many rows are found: one, which is seldom refused */
	if ((planned & TJP_PLANNED_ONE_ROW) != 0)
		return 1.0;
	share = share_of_wide(request);
	if ((planned & TJP_PLANNED_HAS_ARMS) != 0)
		return share;
	types = types_of_can(args);
	deconstruct_array(types, TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		Node	   *workspace = list_nth(args, CAN_WORKSPACE);
		Node	   *id = list_nth(args, CAN_WORKSPACE + 2 + 2 * i);
		Node	   *type = (Node *) makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, words[i],
											  false, false);
		Selectivity held;

		part.args = list_concat(list_copy_head(args, ARM_TYPE),
								list_make4(type, id, workspace, llast(args)));
		held = tjp_estimate_held(&part);
		part.args = list_concat(list_copy_head(args, ARM_TYPE), list_make3(type, workspace, id));
		held *= tjp_estimate_within(&part);
		share += held - share * held;
	}
	return share;
}

Selectivity
tjp_estimate_held(SupportRequestSelectivity *request)
{
	Node			   *workspace = list_nth(request->args, HELD_WORKSPACE);
	Node			   *id = list_nth(request->args, HELD_ID);
	Const			   *type_const = list_nth(request->args, ARM_TYPE);
	text			   *type = DatumGetTextPP(type_const->constvalue);
	Summary			   *summary = summary_for(request->args, ARM_USER,
											  list_nth(request->args, ARM_LEVEL), workspace);
	struct SummaryType *held = NULL;
	TjpValues			sample = {tjp_value_type(exprType(id))};
	double				n = TYPICAL;

	if (summary != NULL)
		n = summary_ids(summary, VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), &held);
	if (!contain_vars_of_level(id, 0) || !OidIsValid(sample.type))
		return Min(n * 0.001, 1.0);
	for (int i = 0; held != NULL && i < held->nsample; i++)
		tjp_values_add(&sample, held->sample[i].bytes, held->sample[i].len);
	/* ids that are no value of the column match no row */
	if (held != NULL && n <= MAX_SAMPLE)
		n = sample.n;
	return share_of(request, id, n, &sample);
}

/*
 * An id that few rows share lies in one workspace: then this says nothing new.
 */
Selectivity
tjp_estimate_within(SupportRequestSelectivity *request)
{
	Node			*workspace = list_nth(request->args, WITHIN_WORKSPACE);
	Node			*id = list_nth(request->args, WITHIN_ID);
	Summary			*summary = summary_for(request->args, ARM_USER,
										   list_nth(request->args, ARM_LEVEL), NULL);
	Datum			 type = ((Const *) list_nth(request->args, ARM_TYPE))->constvalue;
	TjpValues		 nothing = {tjp_value_type(exprType(workspace))};
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
	return workspace_share(request, summary, workspace, TJP_LIST_HELD,
						   construct_array(&type, 1, TEXTOID, -1, false, TYPALIGN_INT));
}

Selectivity
tjp_estimate_is_member(SupportRequestSelectivity *request)
{
	Summary	 *summary = summary_for(request->args, MEMBER_USER, (Node *) tjp_viewer_const(), NULL);
	Node	 *workspace = list_nth(request->args, MEMBER_WORKSPACE);
	TjpValues nothing = {tjp_value_type(exprType(workspace))};

	if (summary == NULL)
		return OidIsValid(nothing.type) ? share_of(request, workspace, TYPICAL, &nothing) : 0.01;
	return workspace_share(request, summary, workspace, TJP_LIST_MEMBER, NULL);
}

/* ---- the lists, as estimators see them ---- */

static Node *
lowest_const(Oid type, Oid collation, bool isnull)
{
	int16 len;
	bool  byval;

	if (isnull)
		return (Node *) makeNullConst(type, -1, collation);
	get_typlenbyval(type, &len, &byval);
	return (Node *) makeConst(type, -1, collation, len, tjp_lowest_value(type), false, byval);
}

/* The summary that a list of ids is of, and what it knows of their type; NULL if nothing. */
static Summary *
summary_of_ids(List *args, double *n, struct SummaryType **held)
{
	text	*type = DatumGetTextPP(((Const *) list_nth(args, IDS_TYPE))->constvalue);
	Summary *summary = summary_for(args, LIST_USER, list_nth(args, LIST_LEVEL),
								   list_nth(args, IDS_WORKSPACE));

	if (summary != NULL)
		*n = summary_ids(summary, VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), held);
	return summary;
}

/*
 * What a list of ids costs each index scan that compares with it.  The planner takes
 * every array that it does not know for ten elements; those of one that it knows
 * it counts as a descent each, and so do we.  An index sorts and goes through all of
 * them each time: inside a nested loop that is most of the work.
 */
static bool
cost_of_list(SupportRequestCost *request)
{
	FuncExpr		   *list = (FuncExpr *) request->node;
	struct SummaryType *held;
	double				n;

	if (list == NULL || !IsA(list, FuncExpr) || !tjp_lists_find_functions() ||
		list->funcid != tjp_plan.ids || !tjp_lists_is_planned(list->args) ||
		summary_of_ids(list->args, &n, &held) == NULL)
		return false;
	request->startup = 0;
	request->per_tuple = (OPERATORS_OF_LIST + n * OPERATORS_OF_ID) * cpu_operator_cost;
	return true;
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
	TjpValues				values = {0};

	if (IsA(request, SupportRequestCost))
		PG_RETURN_POINTER(cost_of_list((SupportRequestCost *) request) ? request : NULL);
	if (!IsA(request, SupportRequestSimplify) || !tjp_lists_find_functions())
		PG_RETURN_POINTER(NULL);
	list = request->fcall;
	args = list->args;
	if (!tjp_lists_is_planned(args))
		PG_RETURN_POINTER(NULL);
	element = llast(args);
	values.type = tjp_value_type(element->consttype);
	if (list->funcid == tjp_plan.ids)
	{
		struct SummaryType *held;
		double				n;

		summary = summary_of_ids(args, &n, &held);
		if (summary == NULL || summary->uncounted)
			PG_RETURN_POINTER(NULL);
		for (int i = 0; held != NULL && i < held->nsample; i++)
			tjp_values_add(&values, held->sample[i].bytes, held->sample[i].len);
	}
	else
	{
		char	  *what = TextDatumGetCString(((Const *) list_nth(args, LIST_WHAT))->constvalue);
		ArrayType *types = DatumGetArrayTypeP(((Const *) list_nth(args, LIST_TYPES))->constvalue);
		bool	   lowest = list->funcid == tjp_plan.lowest;
		bool	   listed = false;

		summary = summary_for(args, LIST_USER, list_nth(args, LIST_LEVEL),
							  lowest ? list_nth(args, LOWEST_WORKSPACE) : NULL);
		if (summary == NULL && !lowest && strcmp(what, TJP_LIST_WIDE) != 0)
			PG_RETURN_POINTER(NULL);
		for (int i = 0; summary != NULL && i < summary->nworkspaces; i++)
		{
			if (!summary_lists(summary, &summary->workspaces[i], what, types))
				continue;
			listed = true;
			if (values.n < MAX_SAMPLE)
				tjp_values_add(&values, summary->workspaces[i].key.bytes,
							   summary->workspaces[i].key.len);
		}
		if (lowest)
			PG_RETURN_POINTER(lowest_const(values.type, list->funccollid, !listed));
		/* the index on the id shall be chosen, which also serves the next user */
		if (!listed && strcmp(what, TJP_LIST_HELD) == 0)
			PG_RETURN_POINTER(NULL);
	}
	PG_RETURN_POINTER(makeConst(list->funcresulttype, -1, list->funccollid, -1,
								tjp_values_array(&values, element->consttype), false, false));
}

void
tjp_estimate_planning(void)
{
	static Oid hashed = InvalidOid;

	if (hashed == tjp_plan.can)
		return;
	hashed = tjp_plan.can;
	planned_hashes[0] = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(tjp_plan.can));
	planned_hashes[1] = GetSysCacheHashValue1(PROCOID,
											  ObjectIdGetDatum(tjp_plan.is_member));
}

void
tjp_estimate_init(void)
{
	tjp_user_id_changed = user_changed;
}
