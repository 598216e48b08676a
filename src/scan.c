/*
 * src/scan.c
 *	  A scan that need not call _can for rows of a workspace that is wholly the
 *	  user's.
 *
 * Owns the node "Custom Scan (tj_perm)", which the planner puts above the scan
 * of a protected table where it plans for somebody who holds whole workspaces.
 * It must not decide anything: check.c tells of which workspace a user holds
 * all, and whether a row belongs to it; of every other row the policy itself
 * says what it would have said without the node.
 *
 * The scan below hands out its rows as they are, having checked whatever comes
 * before the policy.  The policy and all that comes after it is checked here,
 * in the same order, so that nothing sees a row before the policy has let it
 * through.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "executor/executor.h"
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
	int				nread; /* as many columns are read of each row */

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

/*
 * The share of a table's rows that a policy among its conditions lets through, if
 * it is one that the node is of use for; 0 otherwise.
 */
static Selectivity
share_of_policy(PlannerInfo *root, RelOptInfo *rel)
{
	ListCell *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		FuncExpr *call = deciding_call(lfirst_node(RestrictInfo, lc)->clause, tjp_plan.can);
		TjpWhole  whole;

		if (call != NULL && tjp_lists_find_functions() && tjp_lists_is_planned(call->args) &&
			describe_call(call, rel->relid, &whole) &&
			(whole.planned & TJP_PLANNED_ONE_ROW) == 0 &&
			tjp_estimate_has_whole(root, call->args))
			return clause_selectivity(root, lfirst(lc), 0, JOIN_INNER, NULL);
	}
	return 0;
}

/*
 * The share of a table's rows that a path reads, as far as that may be more than
 * the policy lets through; -1 if the node cannot serve it.
 */
static Selectivity
share_of_path(Path *path)
{
	switch (path->pathtype)
	{
		case T_SeqScan:
			return 1;
		case T_IndexScan:
			return castNode(IndexPath, path)->indexselectivity;
		case T_BitmapHeapScan:
			/* most often of conditions that follow from the policy */
			return 0;
		default:
			return -1;
	}
}

/*
 * The path with the node above it, or the path itself: where few rows are let
 * through, or few of those that are read.
 */
static Path *
above(Path *path, Selectivity share)
{
	CustomPath *custom;
	Selectivity read = share_of_path(path);

	if (read < 0 || share < LEAST_SHARE * read || path->rows * cpu_operator_cost < START_COST)
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
	custom->custom_private = list_make2_oid(tjp_plan.can, tjp_plan.planned);
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
	Selectivity share;
	List	   *kept = NIL;
	ListCell   *lc;

	if (previous_set_rel_pathlist_hook != NULL)
		previous_set_rel_pathlist_hook(root, rel, rti, rte);
	if (rel->baserestrictinfo == NIL || !tjp_planner_support || !OidIsValid(tjp_plan.can) ||
		rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_RELATION || rte->inh ||
		root->hasPseudoConstantQuals)
		return;
	share = share_of_policy(root, rel);
	if (share <= 0)
		return;
	/*
	 * The scan itself stays behind the node where the planner looks at what kind of path
	 * it is: reparameterize_path() for children, has_indexed_join_quals() for what takes
	 * parameters.  Of two that cost the same the first is taken.
	 */
	foreach(lc, rel->pathlist)
	{
		Path *path = lfirst(lc);

		lfirst(lc) = above(path, share);
		if (lfirst(lc) != path && (path->param_info != NULL || IS_OTHER_REL(rel)))
			kept = lappend(kept, path);
	}
	rel->pathlist = list_concat(rel->pathlist, kept);
	foreach(lc, rel->partial_pathlist)
		lfirst(lc) = above(lfirst(lc), share);
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
		child->qual = list_truncate(list_copy(child->qual), i);
		child->targetlist = whole_row(root, rel, call);
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
	MemoryContext caller;
	bool		  found;

	if (state->waited++ < state->wait)
		return false;
	state->wait = state->passed < WORTHWHILE ? Min(2 * state->wait + 1, MAX_WAIT) : 0;
	state->waited = 0;
	state->passed = 0;
	caller = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
	found = tjp_whole_find(&state->whole, state->css.ss.ps.state->es_snapshot,
						   context->ecxt_scantuple);
	MemoryContextSwitchTo(caller);
	return found;
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

/* The answer for a row that tjp_whole_has has none for, and what is left to do. */
static pg_noinline TupleTableSlot *
judge_row(TjpScanState *state, TupleTableSlot *slot, bool allowed)
{
	PlanState	*node = &state->css.ss.ps;
	ExprContext *context = node->ps_ExprContext;

	ResetExprContext(context);
	context->ecxt_scantuple = slot;
	allowed = allowed || (finds_whole(state, context) && tjp_whole_has(&state->whole, slot));
	if (!(allowed || ExecQual(state->policy, context)) ||
		!(state->rest == NULL || ExecQual(state->rest, context)))
	{
		InstrCountFiltered1(node, 1);
		return NULL;
	}
	if (node->ps_ProjInfo == NULL)
		return slot;
	return ExecProject(node->ps_ProjInfo);
}

static TupleTableSlot *
next_tuple(PlanState *node)
{
	TjpScanState *state = (TjpScanState *) node;
	PlanState	 *child = state->child;

	for (;;)
	{
		TupleTableSlot *slot = ExecProcNode(child);
		bool			allowed;

		if (unlikely(TupIsNull(slot)))
			return node->ps_ProjInfo != NULL ? ExecClearTuple(node->ps_ResultTupleSlot) : slot;
		if (unlikely(state->child_projects))
			slot = child->ps_ExprContext->ecxt_scantuple;
		slot_getsomeattrs(slot, state->nread);
		allowed = tjp_whole_has(&state->whole, slot);
		if (likely(allowed))
		{
			state->passed++;
			if (likely(state->result != NULL))
				return project_columns(state, slot);
			if (state->rest == NULL && node->ps_ProjInfo == NULL)
				return slot;
		}
		slot = judge_row(state, slot, allowed);
		if (slot != NULL)
			return slot;
	}
}

static TupleTableSlot *
next_row(CustomScanState *node)
{
	return next_tuple(&node->ss.ps);
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
		state->nread = Max(state->nread, state->columns[i] + 1);
	state->result = state->css.ss.ps.ps_ResultTupleSlot;
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
	node->ss.ps.ExecProcNode = next_tuple;

	if (!describe_call(call, scan->scan.scanrelid, &state->whole))
		elog(ERROR, "unexpected policy of a scan");
	state->policy = ExecInitQual(list_make1(linitial(quals)), &node->ss.ps);
	state->rest = ExecInitQual(list_copy_tail(quals, 1), &node->ss.ps);
	state->nread = Max(state->whole.key, state->whole.last) + 1;
	for (int i = 0; i < state->whole.nwords; i++)
		state->nread = Max(state->nread, state->whole.words[i] + 1);
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
