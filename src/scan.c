/*
 * src/scan.c
 *	  A scan that need not call _can for each row.
 *
 * Owns the node "Custom Scan (tj_perm)", which the planner puts above the scan
 * of a protected table where it plans for somebody who holds whole workspaces,
 * and where a table is read as a whole.  It must not decide anything: check.c
 * tells of which workspace a user holds all, whether a row belongs to it, and
 * what it has sorted to answer for others; of every other row the policy itself
 * says what it would have said without the node.
 *
 * The scan below hands out its rows as they are, having checked whatever comes
 * before the policy.  The policy and all that comes after it is checked here,
 * in the same order, so that nothing sees a row before the policy has let it
 * through.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/tupmacs.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/restrictinfo.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "check.h"
#include "compat.h"
#include "construct.h"
#include "estimate.h"
#include "guc.h"
#include "lists.h"
#include "scan.h"

#include TJP_EXPLAIN_STATE_HEADER
#include TJP_EXPLAIN_FORMAT_HEADER

/*
 * What starting the node costs, as the planner counts; a row that needs no call
 * saves an operator.  Below that the scan is left as it is.
 */
#define START_COST 0.125

/*
 * The same where all rows are answered for: the policy is asked of the first ones, and
 * then what the user holds is sorted.  1,000 rows, as the planner counts by default.
 */
#define START_OF_ROWS_COST 2.5

/*
 * A row that the policy is asked about after all costs a fifth of what one saves
 * that needs no call.
 */
#define LEAST_SHARE 0.25

#define WORTHWHILE 64	/* rows that must be let through for what was found to be of use */
#define MAX_WAIT   1024 /* rows until it is asked again */

typedef struct TjpScanState
{
	CustomScanState css;
	PlanState	   *child;
	bool			child_projects;
	ExprState	   *policy;
	ExprState	   *rest; /* what comes after it, or NULL */
	TjpWhole		whole;
	TjpRows		   *rows;	 /* NULL: whoever the call denies may be let through by others */
	int				nstored; /* as many columns decide, if rows are as the heap has them; else 0 */
	int				nfixed;	 /* so many of them are where they are in all rows */
	int			   *offsets;
	int				nread;	 /* as many columns are read of rows that are not so */
	int				nresult; /* and of those that are let through */

	/* the columns to hand out, from 0, if it is only columns, but not all of them */
	TupleTableSlot *result; /* else NULL */
	int				ncolumns;
	int			   *columns;

	int64 passed; /* rows since something was looked for */
	int	  wait;	  /* rows that the policy is asked of before that is done again */
	int	  waited;
} TjpScanState;

static set_rel_pathlist_hook_type previous_set_rel_pathlist_hook = NULL;

static Plan			  *plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
								 List *clauses, List *custom_plans);
static Node			  *create_scan_state(CustomScan *scan);
static void			   begin_scan(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *next_row(CustomScanState *node);
static void			   end_scan(CustomScanState *node);
static void			   rescan(CustomScanState *node);
static void			   mark_position(CustomScanState *node);
static void			   restore_position(CustomScanState *node);
static void			   explain_scan(CustomScanState *node, List *ancestors, ExplainState *es);

#define NODE_NAME "tj_perm"

static const CustomPathMethods path_methods = {
	.CustomName = NODE_NAME,
	.PlanCustomPath = plan_scan,
};

static const CustomScanMethods scan_methods = {
	.CustomName = NODE_NAME,
	.CreateCustomScanState = create_scan_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = NODE_NAME,
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = next_row,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan,
	.MarkPosCustomScan = mark_position,
	.RestrPosCustomScan = restore_position,
	.ExplainCustomScan = explain_scan,
};

/* ---- the policy ---- */

/*
 * The call of _can by which a condition is true, made by the planner's support;
 * NULL if there is none.
 */
static FuncExpr *
deciding_call(Expr *clause, Oid can)
{
	FuncExpr *call = (FuncExpr *) clause;

	if (is_orclause(clause))
	{
		ListCell *lc;

		foreach(lc, ((BoolExpr *) clause)->args)
			if (!IsA(lfirst(lc), BoolExpr) && (call = deciding_call(lfirst(lc), can)) != NULL)
				return call;
		return NULL;
	}
	return IsA(call, FuncExpr) && call->funcid == can ? call : NULL;
}

/*
 * Is a condition false wherever this call in it is?  So if nothing else stands in it
 * than arms, which are false themselves.
 */
static bool
decides_alone(Expr *clause, FuncExpr *call, Oid held)
{
	ListCell *lc;

	if (!is_orclause(clause))
		return true;
	foreach(lc, ((BoolExpr *) clause)->args)
	{
		Expr	 *arm = lfirst(lc);
		ListCell *part;
		bool	  is_false = false;

		foreach(part, make_ands_implicit(arm))
			if (IsA(lfirst(part), FuncExpr) && lfirst_node(FuncExpr, part)->funcid == held)
				is_false = true;
		if (!is_false && arm != (Expr *) call)
			return false;
	}
	return true;
}

/* The number of the column that an argument is, of the table varno; 0: it is none. */
static AttrNumber
column_of(Node *arg, Index varno)
{
	Var *column = (Var *) tjp_without_relabels(arg);

	if (!IsA(column, Var) || column->varno != varno || column->varlevelsup != 0)
		return 0;
	return Max(column->varattno, 0);
}

/*
 * Look at a call of _can on columns of the table varno; false if it is not such
 * that tjp_whole_has could tell its answer.
 */
static bool
describe_call(FuncExpr *call, Index varno, TjpWhole *whole)
{
	List  *args = call->args;
	Const *level = list_nth(args, ARM_LEVEL);
	Const *user = list_nth(args, ARM_USER);
	int	   nargs = list_length(args);

	memset(whole, 0, sizeof(TjpWhole));
	if (!IsA(level, Const) || level->constisnull || !IsA(user, Const) || user->constisnull)
		return false;
	whole->planned = DatumGetInt64(linitial_node(Const, args)->constvalue);
	whole->level = DatumGetTjpLevel(level->constvalue);
	if ((whole->planned & TJP_PLANNED_SESSION_USER) == 0)
	{
		whole->user = tjp_construct_text(user->consttype, user->constvalue);
		if (whole->user == NULL)
			return false;
		whole->user_len = strlen(whole->user);
	}

	/* the workspace, and after each type its id */
	for (int i = CAN_WORKSPACE; i < nargs; i += 2)
	{
		Node	  *arg = list_nth(args, i);
		AttrNumber column = column_of(arg, varno);
		Const	  *constant = (Const *) arg;
		TjpArgKind kind;

		if (!tjp_construct_kind(exprType(arg), &kind) ||
			(column == 0 ? !IsA(arg, Const) : kind == TJP_ARG_CSTRING || kind == TJP_ARG_NAME))
			return false;
		if (i == CAN_WORKSPACE)
		{
			if (column == 0 && constant->constisnull)
				return false;
			whole->key_type = exprType(arg);
			whole->key_kind = kind;
			whole->key = column - 1;
			if (column == 0)
				whole->constant = constant->constvalue;
		}
		else if (column == 0)
		{
			/* one that is too long makes no resource */
			if (!constant->constisnull &&
				strlen(tjp_construct_text(constant->consttype, constant->constvalue)) >
					TJP_MAX_ID_LEN)
				return false;
		}
		else if (kind == TJP_ARG_TEXT)
			whole->words[whole->nwords++] = column - 1;
		whole->last = column - 1;
	}
	return whole->last >= 0;
}

/* ---- planning ---- */

/* What is expected of a node above the scans of one table. */
typedef struct Prospect
{
	Selectivity share;	/* that is let through, if it may be of whole workspaces; else 0 */
	double		judged; /* rows that a sequential scan asks the policy of, if it decides alone */
} Prospect;

/*
 * Of how many rows a sequential scan asks the policy, one of the conditions.
 */
static double
rows_judged(PlannerInfo *root, RelOptInfo *rel, RestrictInfo *policy)
{
	List	 *before = NIL;
	ListCell *lc;
	double	  judged = rel->tuples;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *clause = lfirst(lc);

		if (clause != policy &&
			(clause->leakproof || clause->security_level <= policy->security_level))
			before = lappend(before, clause);
	}
	if (before != NIL)
		judged *= clauselist_selectivity(root, before, 0, JOIN_INNER, NULL);
	/* the query may end before */
	if (root->limit_tuples > 0 && root->parse->sortClause == NIL)
		judged = Min(judged, root->limit_tuples * judged / rel->rows);
	return judged;
}

static Prospect
prospect_of(PlannerInfo *root, RelOptInfo *rel)
{
	Prospect  prospect = {0, 0};
	ListCell *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *policy = lfirst(lc);
		FuncExpr	 *call = deciding_call(policy->clause, tjp_plan.can);
		TjpWhole	  whole;

		if (call == NULL || !tjp_lists_find_functions() || !tjp_lists_is_planned(call->args) ||
			!describe_call(call, rel->relid, &whole) ||
			(whole.planned & TJP_PLANNED_ONE_ROW) != 0)
			continue;
		if (prospect.share == 0 && tjp_estimate_has_whole(root, call->args))
			prospect.share = clause_selectivity(root, lfirst(lc), 0, JOIN_INNER, NULL);
		if (prospect.judged == 0 && rel->tuples * cpu_operator_cost >= START_OF_ROWS_COST &&
			decides_alone(policy->clause, call, tjp_plan.held))
			prospect.judged = rows_judged(root, rel, policy);
	}
	return prospect;
}

/*
 * The share of a table's rows that a path reads, as far as that may be more than
 * the policy lets through; -1 if the node cannot serve it.
 */
static Selectivity
share_of_path(const Path *path)
{
	switch (path->pathtype)
	{
		case T_SeqScan:
			return 1;
		case T_IndexScan:
			return ((const IndexPath *) path)->indexselectivity;
		case T_BitmapHeapScan:
			/* most often of conditions that follow from the policy */
			return 0;
		default:
			return -1;
	}
}

/*
 * Is the node of use above this path?
 */
static bool
is_of_use(const Path *path, const Prospect *prospect)
{
	Selectivity read = share_of_path(path);

	if (read < 0)
		return false;
	if (prospect->share > 0 && prospect->share >= LEAST_SHARE * read &&
		path->rows * cpu_operator_cost >= START_COST)
		return true;
	return path->pathtype == T_SeqScan &&
		   prospect->judged * cpu_operator_cost >= START_OF_ROWS_COST;
}

/*
 * The path with the node above it, or the path itself.
 */
static Path *
above(Path *path, const Prospect *prospect)
{
	CustomPath *custom;

	if (!is_of_use(path, prospect))
		return path;
	custom = makeNode(CustomPath);
	custom->path = *path;
	custom->path.type = T_CustomPath;
	custom->path.pathtype = T_CustomScan;
	custom->path.parallel_aware = false;
	custom->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	if (ExecSupportsMarkRestore(path))
		custom->flags |= CUSTOMPATH_SUPPORT_MARK_RESTORE;
	custom->custom_paths = list_make1(path);
	/* a right, or the extension, may go before the plan is made */
	custom->custom_private = list_make3_oid(tjp_plan.can, tjp_plan.planned, tjp_plan.held);
	custom->methods = &path_methods;
	return &custom->path;
}

/*
 * Paths keep their costs and their order: the node is not to change which of them
 * is chosen.
 */
static void
set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	Prospect  prospect;
	List	 *kept = NIL;
	ListCell *lc;

	if (previous_set_rel_pathlist_hook != NULL)
		previous_set_rel_pathlist_hook(root, rel, rti, rte);
	if (rel->baserestrictinfo == NIL || !tjp_planner_support || !OidIsValid(tjp_plan.can) ||
		rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_RELATION || rte->inh ||
		root->hasPseudoConstantQuals)
		return;
	prospect = prospect_of(root, rel);
	if (prospect.share <= 0 && prospect.judged <= 0)
		return;
	/*
	 * The scan itself stays behind the node where the planner looks at what kind of path
	 * it is: reparameterize_path() for children, has_indexed_join_quals() for what takes
	 * parameters.  Of two that cost the same the first is taken.
	 */
	foreach(lc, rel->pathlist)
	{
		Path *path = lfirst(lc);

		lfirst(lc) = above(path, &prospect);
		if (lfirst(lc) != path && (path->param_info != NULL || IS_OTHER_REL(rel)))
			kept = lappend(kept, path);
	}
	rel->pathlist = list_concat(rel->pathlist, kept);
	foreach(lc, rel->partial_pathlist)
		lfirst(lc) = above(lfirst(lc), &prospect);
}

/*
 * What the scan below hands out: all columns as they are, so that it need not
 * project.  Where a column was dropped it must project, and one column is as good
 * as all, since rows are taken from it before that.  None would not do: a bitmap
 * scan that is asked for no column need not read its rows.
 */
static List *
whole_row(PlannerInfo *root, RelOptInfo *rel, FuncExpr *call)
{
	List *tlist = build_physical_tlist(root, rel);

	if (tlist == NIL)
		tlist = list_make1(makeTargetEntry(copyObject((Expr *) tjp_without_relabels(
											   llast(call->args))),
										   1, NULL, false));
	return tlist;
}

static Plan *
plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
		  List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	Plan	   *child = linitial(custom_plans);

	Assert(IsA(child, SeqScan) || IsA(child, IndexScan) || IsA(child, BitmapHeapScan));
	for (int i = 0; i < list_length(child->qual); i++)
	{
		Oid		  can = linitial_oid(path->custom_private);
		FuncExpr *call = deciding_call(list_nth(child->qual, i), can);
		Const	 *planned = call != NULL ? linitial(call->args) : NULL;
		TjpWhole  whole;

		if (call == NULL || !IsA(planned, Const) || planned->constisnull ||
			planned->consttype != lsecond_oid(path->custom_private) ||
			!describe_call(call, rel->relid, &whole))
			continue;
		scan->custom_exprs = lcons(copyObject(call), list_copy_tail(child->qual, i));
		scan->custom_private =
			list_make1_int(decides_alone(list_nth(child->qual, i), call,
										 lthird_oid(path->custom_private)));
		child->qual = list_truncate(list_copy(child->qual), i);
		child->targetlist = whole_row(root, rel, call);
		/* for EXPLAIN: not what the policy lets through */
		if (IsA(child, SeqScan) && rel->rows > 0)
			child->plan_rows =
				clamp_row_est(rel->tuples * path->path.rows / rel->rows *
							  clauselist_selectivity(root, child->qual, 0, JOIN_INNER, NULL));
		break;
	}
	if (scan->custom_exprs == NIL)
		elog(ERROR, "no policy among the conditions of a scan");

	scan->scan.plan.targetlist = tlist;
	scan->scan.scanrelid = rel->relid;
	scan->flags = path->flags;
	if (ExecSupportsBackwardScan(child))
		scan->flags |= CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	scan->custom_plans = custom_plans;
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

/* ---- execution ---- */

static Node *
create_scan_state(CustomScan *scan)
{
	TjpScanState *state = palloc0(sizeof(TjpScanState));

	state->css.ss.ps.type = T_CustomScanState;
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/*
 * Find out whether the workspace of a row is wholly the user's.  Not at once if
 * few rows were let through since that was asked the last time: the more often
 * that happens, the longer it is left to the policy.
 */
static bool
finds_whole(TjpScanState *state, ExprContext *context)
{
	if (state->waited++ < state->wait)
		return false;
	state->wait = state->passed < WORTHWHILE ? Min(2 * state->wait + 1, MAX_WAIT) : 0;
	state->waited = 0;
	state->passed = 0;
	return tjp_whole_find(&state->whole, state->css.ss.ps.state->es_snapshot,
						  context->ecxt_scantuple);
}

/*
 * The answer for a row from what can be found out, if that is worthwhile.
 */
static TjpAnswer
learn(TjpScanState *state, ExprContext *context)
{
	MemoryContext	caller = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
	TupleTableSlot *slot = context->ecxt_scantuple;
	TjpAnswer		answer = TJP_ANSWER_ASK;

	slot_getsomeattrs(slot, state->nread);
	if (finds_whole(state, context) && tjp_whole_has(&state->whole, slot))
	{
		/* from now on most rows are let through */
		state->nread = Max(state->nread, state->nresult);
		answer = TJP_ANSWER_YES;
	}
	else if (state->rows != NULL)
		answer = tjp_rows_learn(state->rows, slot);
	MemoryContextSwitchTo(caller);
	return answer;
}

/* ExecProject where all that is asked for are columns */
static inline TupleTableSlot *
project_columns(const TjpScanState *state, const TupleTableSlot *slot)
{
	TupleTableSlot *result = state->result;
	const int	   *columns = state->columns;
	int				n = state->ncolumns;

	if (unlikely(TTS_SHOULDFREE(result)))
		ExecClearTuple(result);
	for (int i = 0; i < n; i++)
	{
		int column = columns[i];

		result->tts_values[i] = slot->tts_values[column];
		result->tts_isnull[i] = slot->tts_isnull[column];
	}
	result->tts_flags &= ~TTS_FLAG_EMPTY;
	result->tts_nvalid = n;
	return result;
}

/* The answer for a row that has none yet, and what is left to do. */
static pg_noinline TupleTableSlot *
judge_row(TjpScanState *state, TupleTableSlot *slot, TjpAnswer answer)
{
	PlanState	*node = &state->css.ss.ps;
	ExprContext *context = node->ps_ExprContext;

	ResetExprContext(context);
	context->ecxt_scantuple = slot;
	if (answer == TJP_ANSWER_LATER || answer == TJP_ANSWER_ASK)
		answer = learn(state, context);
	if (answer == TJP_ANSWER_NO ||
		(answer != TJP_ANSWER_YES && !ExecQual(state->policy, context)) ||
		!(state->rest == NULL || ExecQual(state->rest, context)))
	{
		InstrCountFiltered1(node, 1);
		return NULL;
	}
	if (node->ps_ProjInfo == NULL)
		return slot;
	return ExecProject(node->ps_ProjInfo);
}

/*
 * What ExecSeqScan does for the scan below if there is nothing to check and nothing to
 * project; how to begin is its own business.
 */
static inline TupleTableSlot *
next_of_heap(SeqScanState *child)
{
	TupleTableSlot *slot = child->ss.ss_ScanTupleSlot;

	if (unlikely(child->ss.ss_currentScanDesc == NULL || child->ss.ps.chgParam != NULL))
	{
		(void) ExecProcNode(&child->ss.ps);
		return slot;
	}
	CHECK_FOR_INTERRUPTS();
	if (!table_scan_getnextslot(child->ss.ss_currentScanDesc, child->ss.ps.state->es_direction,
								slot))
		return NULL;
	return slot;
}

/*
 * The first columns of rows that have no NULL there lie at the same offset in all rows,
 * up to the one behind the first of any length.  Returns how many do.
 */
static int
find_offsets(TupleDesc columns, int n, int *offsets)
{
	int end = 0;

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		int				  offset = att_align_nominal(end, column->attalign);

		/* a short value would not be aligned */
		if (column->attlen < 0 && offset != end)
			return i;
		offsets[i] = offset;
		if (column->attlen < 0)
			return i + 1;
		end = offset + column->attlen;
	}
	return n;
}

/* The offsets of the other columns, in one row. */
static inline void
measure_row(TjpScanState *state, TupleDesc columns, const char *data)
{
	int *offsets = state->offsets;
	int	 last = state->nfixed - 1;
	int	 offset = att_addlength_pointer(offsets[last], TupleDescAttr(columns, last)->attlen,
										data + offsets[last]);

	for (int i = state->nfixed; i < state->nstored; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		offsets[i] = att_align_pointer(offset, column->attalign, column->attlen, data + offset);
		offset = att_addlength_pointer(offsets[i], column->attlen, data + offsets[i]);
	}
}

/*
 * The data of a stored row, in which offsets tells where the columns are that decide;
 * NULL if one of them is NULL, or was added later.
 */
static inline const char *
measured_data(TjpScanState *state, const TupleTableSlot *slot)
{
	HeapTupleHeader row = ((const HeapTupleTableSlot *) slot)->tuple->t_data;
	int				n = state->nstored;
	const char	   *data = (const char *) row + row->t_hoff;

	if (n == 0 || HeapTupleHeaderGetNatts(row) < n)
		return NULL;
	if ((row->t_infomask & HEAP_HASNULL) != 0)
	{
		const bits8 *bits = row->t_bits;

		for (; n >= BITS_PER_BYTE; n -= BITS_PER_BYTE)
			if (*bits++ != 0xFF)
				return NULL;
		if ((~*bits & ((1 << n) - 1)) != 0)
			return NULL;
	}
	if (state->nfixed < state->nstored)
		measure_row(state, slot->tts_tupleDescriptor, data);
	return data;
}

/*
 * The next row that is let through.  direct: rows are read from the heap without the
 * scan, which runs no code of others for them.
 */
static pg_attribute_always_inline TupleTableSlot *
next_tuple(PlanState *node, bool direct)
{
	TjpScanState *state = (TjpScanState *) node;
	PlanState	 *child = state->child;
	TjpRows		 *rows = state->rows;
	bool		  hold = false; /* has nothing else been done since tjp_rows_hold was asked? */

	for (;;)
	{
		TupleTableSlot *slot;
		const char	   *data;
		TjpAnswer		answer;

		slot = direct ? next_of_heap((SeqScanState *) child) : ExecProcNode(child);
		if (unlikely(TupIsNull(slot)))
			return node->ps_ProjInfo != NULL ? ExecClearTuple(node->ps_ResultTupleSlot) : slot;
		if (!direct && unlikely(state->child_projects))
			slot = child->ps_ExprContext->ecxt_scantuple;

		if (direct && hold && likely((data = measured_data(state, slot)) != NULL))
		{
			answer = tjp_rows_answer_data(rows, data, state->offsets);
			Assert((slot_getsomeattrs(slot, state->nread),
					answer == tjp_rows_answer(rows, slot)));
		}
		else
		{
			slot_getsomeattrs(slot, state->nread);
			if (tjp_whole_has(&state->whole, slot))
			{
				/* all that is to be handed out was read */
				state->passed++;
				if (likely(state->result != NULL))
					return project_columns(state, slot);
				answer = TJP_ANSWER_YES;
			}
			else
			{
				hold = (direct && hold) || (rows != NULL && tjp_rows_hold(rows));
				answer = likely(hold) ? tjp_rows_answer(rows, slot) : TJP_ANSWER_LATER;
			}
		}
		if (likely(answer == TJP_ANSWER_YES))
		{
			if (likely(state->result != NULL))
			{
				slot_getsomeattrs(slot, state->nresult);
				return project_columns(state, slot);
			}
			if (state->rest == NULL && node->ps_ProjInfo == NULL)
				return slot;
		}
		else if (likely(answer == TJP_ANSWER_NO))
		{
			InstrCountFiltered1(node, 1);
			continue;
		}
		slot = judge_row(state, slot, answer);
		if (slot != NULL)
			return slot;
		hold = false;
	}
}

static TupleTableSlot *
next_of_scan(PlanState *node)
{
	return next_tuple(node, false);
}

static TupleTableSlot *
next_of_table(PlanState *node)
{
	return next_tuple(node, true);
}

static TupleTableSlot *
next_row(CustomScanState *node)
{
	return next_of_scan(&node->ss.ps);
}

/*
 * Note which columns are to be handed out, if that is all that the list asks for.
 */
static void
prepare_projection(TjpScanState *state, List *tlist, Index varno)
{
	ListCell *lc;

	if (state->css.ss.ps.ps_ProjInfo == NULL || state->rest != NULL)
		return;
	state->columns = palloc(Max(list_length(tlist), 1) * sizeof(int));
	foreach(lc, tlist)
	{
		Var *column = (Var *) lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(column, Var) || column->varno != varno || column->varattno <= 0)
			return;
		state->columns[state->ncolumns++] = column->varattno - 1;
	}
	for (int i = 0; i < state->ncolumns; i++)
		state->nresult = Max(state->nresult, state->columns[i] + 1);
	state->result = state->css.ss.ps.ps_ResultTupleSlot;
}

/*
 * Say which columns of a row are the arguments of the constructor.
 */
static void
begin_rows(TjpScanState *state, FuncExpr *call, Index varno)
{
	TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
	int				nargs = list_length(call->args) - CAN_WORKSPACE;
	int			   *columns = palloc(nargs * sizeof(int));

	for (int i = 0; i < nargs; i++)
	{
		columns[i] = column_of(list_nth(call->args, CAN_WORKSPACE + i), varno) - 1;
		state->nread = Max(state->nread, columns[i] + 1);
	}
	state->rows = tjp_rows_begin(call, columns, state->whole.user);
	if (TTS_IS_BUFFERTUPLE(slot))
	{
		state->nstored = state->nread;
		state->offsets = palloc0(state->nstored * sizeof(int));
		state->nfixed = find_offsets(slot->tts_tupleDescriptor, state->nstored, state->offsets);
	}
}

static void
begin_scan(CustomScanState *node, EState *estate, int eflags)
{
	TjpScanState *state = (TjpScanState *) node;
	CustomScan	 *scan = (CustomScan *) node->ss.ps.plan;
	ScanState	 *child = (ScanState *) ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	FuncExpr	 *call = linitial(scan->custom_exprs);
	List		 *quals = list_copy_tail(scan->custom_exprs, 1);

	node->custom_ps = list_make1(child);
	state->child = &child->ps;
	state->child_projects = child->ps.ps_ProjInfo != NULL;

	/* rows are those of the scan below, also for WHERE CURRENT OF */
	node->ss.ss_ScanTupleSlot = child->ss_ScanTupleSlot;
	node->ss.ps.scanops = child->ps.scanops;
	node->ss.ps.scanopsfixed = child->ps.scanopsfixed;
	node->ss.ps.scanopsset = child->ps.scanopsset;
	ExecAssignScanProjectionInfo(&node->ss);
	node->ss.ps.ExecProcNode = next_of_scan;

	if (!describe_call(call, scan->scan.scanrelid, &state->whole))
		elog(ERROR, "unexpected policy of a scan");
	state->policy = ExecInitQual(list_make1(linitial(quals)), &node->ss.ps);
	state->rest = ExecInitQual(list_copy_tail(quals, 1), &node->ss.ps);
	state->nread = Max(state->whole.key, state->whole.last) + 1;
	for (int i = 0; i < state->whole.nwords; i++)
		state->nread = Max(state->nread, state->whole.words[i] + 1);
	if (linitial_int(scan->custom_private))
		begin_rows(state, call, scan->scan.scanrelid);
	/* conditions may run code of others; rows of the scan are counted, or are not the heap's */
	if (IsA(child, SeqScanState) && child->ps.plan->qual == NIL &&
		child->ps.instrument == NULL && estate->es_epq_active == NULL)
		node->ss.ps.ExecProcNode = next_of_table;
	prepare_projection(state, scan->scan.plan.targetlist, scan->scan.scanrelid);
}

static void
end_scan(CustomScanState *node)
{
	ExecEndNode(((TjpScanState *) node)->child);
}

static void
rescan(CustomScanState *node)
{
	PlanState *child = ((TjpScanState *) node)->child;

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	/* else it starts anew by itself */
	if (child->chgParam == NULL)
		ExecReScan(child);
}

static void
mark_position(CustomScanState *node)
{
	ExecMarkPos(((TjpScanState *) node)->child);
}

static void
restore_position(CustomScanState *node)
{
	ExecRestrPos(((TjpScanState *) node)->child);
}

/* What other scans show as their filter. */
static void
explain_scan(CustomScanState *node, List *ancestors, ExplainState *es)
{
	CustomScan		*scan = (CustomScan *) node->ss.ps.plan;
	Instrumentation *instrument = node->ss.ps.instrument;
	Expr			*filter = make_ands_explicit(list_copy_tail(scan->custom_exprs, 1));
	List			*context;
	double			 removed;

	context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);
	ExplainPropertyText("Filter", deparse_expression((Node *) filter, context, es->verbose, false),
						es);
	if (!es->analyze || instrument == NULL)
		return;
	removed = instrument->nloops > 0 ? instrument->nfiltered1 / instrument->nloops : 0;
	if (removed > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyFloat("Rows Removed by Filter", NULL, removed, 0, es);
}

void
tjp_scan_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
	previous_set_rel_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_rel_pathlist;
}
