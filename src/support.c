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
 *		_can(u, l, columns...) OR _held(...) OR _held(...)
 *
 * _can gives the answer for a row, exactly that of tj_can.  The others are its
 * *arms*, one for each element of the path.  An arm as a filter is simply
 * false.  It is there for the planner, which asks for its index condition:
 * column = ANY(what the user holds), computed when the query runs.  _can has
 * one too, for rights that need no id (Admins, the workspace, type:*).  Whatever
 * _can is true for is found by the condition of at least one of them, and the
 * planner uses the conditions of an OR all together or not at all; what is found
 * too much, _can throws out.  So no plan can show a row that tj_can would not.
 *
 * The lists are never folded into a plan, since plans are shared by users; they
 * are VOLATILE in name, so that estimates come from here too (estimate.c) and
 * not from evaluating them.  src/README.md has the whole story.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "check.h"
#include "construct.h"
#include "estimate.h"
#include "guc.h"
#include "lists.h"
#include "rights.h"

/* families whose OIDs have no names: btree of uuid, GIN of arrays */
#define UUID_BTREE_FAM_OID	 2968
#define ARRAY_GIN_FAM_OID	 2745
#define GIN_OVERLAP_STRATEGY 1

/* the constructors and tj_user, known by their C functions */
extern Datum tj_resource_construct(PG_FUNCTION_ARGS);
extern Datum tj_resource_construct_text(PG_FUNCTION_ARGS);
extern Datum tj_workspace_text(PG_FUNCTION_ARGS);
extern Datum tj_workspace_int8(PG_FUNCTION_ARGS);
extern Datum tj_workspace_uuid(PG_FUNCTION_ARGS);
extern Datum tj_user(PG_FUNCTION_ARGS);

/* ---- the rewriting ---- */

static PGFunction
c_function(Oid function)
{
	FmgrInfo flinfo;

	fmgr_info(function, &flinfo);
	return flinfo.fn_addr;
}

static Const *
planned_const(uint64 planned)
{
	return makeConst(tjp_plan.planned, -1, InvalidOid, sizeof(int64),
					 Int64GetDatum(planned), false, FLOAT8PASSBYVAL);
}

static Const *
text_const(Datum value)
{
	return makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, value, false, false);
}

static Node *
word_const(const char *word)
{
	return (Node *) text_const(CStringGetTextDatum(word));
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
 * where it would be too dear to have it twice.  Never a NULL: a strict function
 * would be dropped.
 */
static Node *
arm_argument(Node *arg, Node *planned)
{
	return is_null_const(arg) || contain_subplans(arg) ? planned : arg;
}

/*
 * What stands for the workspace and the last id of an arm, where neither will be
 * asked for an index: a value that is known is of use to the list, a column is not.
 */
static Node *
unasked(Node *arg, Node *planned)
{
	return contain_vars_of_level(arg, 0) ? planned : copyObject(arg);
}

/*
 * The user of a call, and the flags that go with it; false if the call is
 * better left alone.  For the session's user the planned value stands in the
 * argument: a NULL would do, but for the strict arms, which PostgreSQL drops
 * when it simplifies the conditions of a partition once more.
 */
static bool
plan_user(Node **user, uint64 *planned)
{
	if (IsA(*user, FuncExpr) && c_function(((FuncExpr *) *user)->funcid) == tj_user)
	{
		if (!tjp_rights_may_execute(((FuncExpr *) *user)->funcid))
			return false;
		*planned |= TJP_PLANNED_SESSION_USER | TJP_PLANNED_ONE_USER;
		*user = (Node *) planned_const(*planned);
		return true;
	}
	if (!contain_vars_of_level(*user, 0))
		*planned |= TJP_PLANNED_ONE_USER;
	else if (contain_subplans(*user))
		return false;
	return true;
}

/* A smallint or integer is spelt as the bigint that PostgreSQL made of it. */
static Node *
before_widening(Node *arg)
{
	FuncExpr *cast = (FuncExpr *) arg;

	if (IsA(arg, FuncExpr) && cast->funcformat == COERCE_IMPLICIT_CAST &&
		(cast->funcid == F_INT8_INT4 || cast->funcid == F_INT8_INT2))
		return linitial(cast->args);
	return arg;
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
	if (!tjp_rights_may_execute(constructor->funcid))
		return NIL;
	args = list_copy(constructor->args);

	if (function == tj_workspace_int8)
		linitial(args) = before_widening(linitial(args));
	return tjp_construct_accepts(args, types) ? args : NIL;
}

/* Is one of our calls, rewritten or not, somewhere in an expression? */
static bool
contains_check(Node *node, void *context)
{
	Oid *function = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && (((FuncExpr *) node)->funcid == *function ||
								((FuncExpr *) node)->funcid == tjp_plan.can ||
								((FuncExpr *) node)->funcid == tjp_plan.is_member))
		return true;
	return expression_tree_walker(node, contains_check, context);
}

/*
 * Do arms belong beside a call over these arguments?  Not where there is no
 * query or no column.  And not where calls may be expressions of GROUPING SETS:
 * there an expression must stay what it is, so that the executor finds it among
 * the columns that it sets to NULL.
 */
static bool
wants_arms(SupportRequestSimplify *request, List *args)
{
	Query *parse = request->root != NULL ? request->root->parse : NULL;
	Oid	   function = request->fcall->funcid;

	if (parse == NULL || !contain_vars_of_level((Node *) args, 0))
		return false;
	return parse->groupingSets == NIL ||
		   !(contains_check((Node *) parse->targetList, &function) ||
			 contains_check(parse->havingQual, &function));
}

/*
 * The answer or one of its arms, and the edges.
 */
static Expr *
make_condition(Expr *answer, List *arms, List *edges)
{
	if (arms != NIL)
		answer = make_orclause(lcons(answer, arms));
	if (edges != NIL)
		answer = make_andclause(lcons(answer, edges));
	return answer;
}

/* Is this the column by which its table is partitioned into lists? */
static bool
is_list_key(PlannerInfo *root, Node *workspace)
{
	Var			  *column = (Var *) workspace;
	RangeTblEntry *rte;
	Relation	   rel;
	PartitionKey   key;
	bool		   is_key;

	/*
	 * EXISTS is simplified before it becomes a query of its own: then the column
	 * may be of a table that this query does not have.  Edges are true anyway.
	 */
	if (!IsA(workspace, Var) || column->varlevelsup != 0 || IS_SPECIAL_VARNO(column->varno) ||
		column->varno > list_length(root->parse->rtable))
		return false;
	rte = rt_fetch(column->varno, root->parse->rtable);
	if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_PARTITIONED_TABLE)
		return false;
	rel = relation_open(rte->relid, NoLock);
	key = RelationGetPartitionKey(rel);
	is_key = key != NULL && key->strategy == PARTITION_STRATEGY_LIST &&
			 key->partattrs[0] == column->varattno &&
			 key->partcollation[0] == column->varcollid;
	relation_close(rel, NoLock);
	return is_key;
}

/*
 * workspace >= the first one of the user AND workspace <= the last one: says
 * nothing new, but the executor prunes partitions by it.
 */
static List *
make_edges(SupportRequestSimplify *request, Node *user, Node *workspace, uint64 planned)
{
	List *edges = NIL;
	Oid	  type = tjp_value_type(exprType(workspace));
	Oid	  collation = exprCollation(workspace);

	if (!OidIsValid(type) || contain_vars_of_level(user, 0) || contain_subplans(user) ||
		!is_list_key(request->root, workspace))
		return NIL;
	for (int last = 0; last <= 1; last++)
	{
		TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
		Oid				operator= get_opfamily_member(entry->btree_opf, type, type,
										  last ? BTLessEqualStrategyNumber :
															 BTGreaterEqualStrategyNumber);
		Node		   *column = tjp_column_as(copyObject(workspace), type);
		List		   *edge_args;
		FuncExpr	   *edge;

		edge_args = list_make4(planned_const(planned), tjp_viewer_const(), copyObject(user),
							   word_const(last ? TJP_LIST_LAST : TJP_LIST_FIRST));
		edge_args = lappend(edge_args, makeNullConst(type, -1, collation));
		edge = makeFuncExpr(tjp_plan.edge, type, edge_args, collation, collation,
							COERCE_EXPLICIT_CALL);
		edges = lappend(edges, make_opclause(operator, BOOLOID, false, (Expr *) column,
											 (Expr *) edge, InvalidOid, collation));
		set_opfuncid((OpExpr *) llast(edges));
	}
	return edges;
}

/*
 * The indexes of the one ordinary table that all columns of a path belong to:
 * arms that none of them could serve are left out.  Plans are made anew when an
 * index comes or goes.
 */
typedef struct TableIndexes
{
	Oid	   relid;
	Index  varno;
	double rows;
	int	   lock; /* of the table by this query */
	int	   n;
	struct TableIndex
	{
		Oid		   indexid;
		int		   nkeys;
		AttrNumber keys[INDEX_MAX_KEYS]; /* 0: an expression */
		bool	   partial;
		bool	   usable; /* now, and has all rows */
		bool	   unique;
	} indexes[FLEXIBLE_ARRAY_MEMBER];
} TableIndexes;

/* NULL if the columns are of no such table; then every arm may be of use. */
static TableIndexes *
find_indexes(PlannerInfo *root, List *args)
{
	Relids		   varnos = pull_varnos(root, (Node *) args);
	int			   varno;
	RangeTblEntry *rte;
	Relation	   rel;
	List		  *oids;
	ListCell	  *lc;
	TableIndexes  *result;

	/* what is_list_key says of EXISTS holds here too: at the worst a plan is slow */
	if (!bms_get_singleton_member(varnos, &varno) || varno > list_length(root->parse->rtable))
		return NULL;
	rte = rt_fetch(varno, root->parse->rtable);
	if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_RELATION || rte->inh)
		return NULL;

	rel = relation_open(rte->relid, NoLock);
	oids = RelationGetIndexList(rel);
	result = palloc0(offsetof(TableIndexes, indexes) +
					 list_length(oids) * sizeof(struct TableIndex));
	result->relid = rte->relid;
	result->varno = varno;
	result->lock = rte->rellockmode;
	result->rows = Max(rel->rd_rel->reltuples, 0);
	relation_close(rel, NoLock);
	foreach(lc, oids)
	{
		struct TableIndex *found = &result->indexes[result->n];
		HeapTuple		   tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));

		if (HeapTupleIsValid(tuple))
		{
			Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

			found->indexid = lfirst_oid(lc);
			found->nkeys = index->indnkeyatts;
			for (int i = 0; i < found->nkeys; i++)
				found->keys[i] = index->indkey.values[i];
			found->partial = !heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
			found->usable = index->indisvalid && !index->indcheckxmin && !found->partial;
			found->unique = index->indisunique;
			result->n++;
			ReleaseSysCache(tuple);
		}
	}
	list_free(oids);
	return result;
}

/* Is this a btree that can be used now, with all rows? */
static bool
is_complete(const struct TableIndex *index)
{
	HeapTuple tuple;
	bool	  is_btree;

	if (!index->usable)
		return false;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index->indexid));
	if (!HeapTupleIsValid(tuple))
		return false;
	is_btree = ((Form_pg_class) GETSTRUCT(tuple))->relam == BTREE_AM_OID;
	ReleaseSysCache(tuple);
	return is_btree;
}

/* The number of a column of the table; 0 for whatever else. */
static AttrNumber
column_number(const TableIndexes *table, Node *column)
{
	column = tjp_without_relabels(column);
	if (!IsA(column, Var) || ((Var *) column)->varno != table->varno ||
		((Var *) column)->varlevelsup != 0)
		return 0;
	return Max(((Var *) column)->varattno, 0);
}

/* May there be an index whose first column this is; a partial one, if that is asked? */
static bool
may_lead(const TableIndexes *table, Node *column, bool partial)
{
	if (!contain_vars_of_level(column, 0))
		return false;
	if (table == NULL)
		return true;
	for (int i = 0; i < table->n; i++)
		if (table->indexes[i].keys[0] == column_number(table, column) &&
			(table->indexes[i].partial || !partial))
			return true;
	return false;
}

/* Equality of a btree family is that of the values, and so is its order. */
static bool
is_family_of_values(Oid family, Oid collation, Oid type)
{
	switch (family)
	{
		case INTEGER_BTREE_FAM_OID:
			return type == INT2OID || type == INT4OID || type == INT8OID;
		case TEXT_BTREE_FAM_OID:
		case TEXT_PATTERN_BTREE_FAM_OID:
			return type == TEXTOID && OidIsValid(collation) &&
				   get_collation_isdeterministic(collation);
		case UUID_BTREE_FAM_OID:
			return type == UUIDOID;
		default:
			return false;
	}
}

/*
 * Is there an ordinary index that begins with this column and can be asked for
 * values? As has_index, which is the same question in the planner.
 */
static bool
surely_leads(const TableIndexes *table, Node *column)
{
	Oid		   type = tjp_value_type(exprType(column));
	AttrNumber number = table != NULL ? column_number(table, column) : 0;
	bool	   leads = false;

	if (number == 0 || !OidIsValid(type))
		return false;
	for (int i = 0; i < table->n && !leads; i++)
	{
		Relation index;

		if (table->indexes[i].keys[0] != number || !table->indexes[i].usable)
			continue;
		/* as the planner does it next */
		index = index_open(table->indexes[i].indexid, table->lock);
		leads = index->rd_rel->relam == BTREE_AM_OID && index->rd_opcintype[0] == type &&
				is_family_of_values(index->rd_opfamily[0], index->rd_indcollation[0], type);
		index_close(index, NoLock);
	}
	return leads;
}

/* Is this an index by which no two rows share a value of the column? */
static bool
is_key(const struct TableIndex *index, AttrNumber column)
{
	return index->unique && index->nkeys == 1 && index->keys[0] == column && is_complete(index);
}

static Expr *
is_not_null(Node *node)
{
	NullTest *test = makeNode(NullTest);

	test->arg = (Expr *) node;
	test->nulltesttype = IS_NOT_NULL;
	test->location = -1;
	return (Expr *) test;
}

/* How many different values a column has; 0 if that is not known. */
static double
stored_distinct(const TableIndexes *table, AttrNumber column)
{
	HeapTuple tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(table->relid),
									  Int16GetDatum(column), BoolGetDatum(false));
	double	  n;

	if (!HeapTupleIsValid(tuple))
		return 0;
	n = ((Form_pg_statistic) GETSTRUCT(tuple))->stadistinct;
	ReleaseSysCache(tuple);
	return n < 0 ? -n * table->rows : n;
}

/*
 * Is the id's own index all that its arm needs?  Not where an index has the
 * workspace as well, nor where rows of more than one workspace share an id.
 */
static bool
id_is_enough(const TableIndexes *table, Node *id, Node *workspace)
{
	AttrNumber id_column = table != NULL ? column_number(table, id) : 0;
	AttrNumber workspace_column = table != NULL ? column_number(table, workspace) : 0;
	bool	   leads = false;
	bool	   unique = false;

	if (id_column == 0 || workspace_column == 0)
		return false;
	for (int i = 0; i < table->n; i++)
	{
		const struct TableIndex *index = &table->indexes[i];
		bool					 has_id = false;
		bool					 has_workspace = false;

		for (int k = 0; k < index->nkeys; k++)
		{
			has_id = has_id || index->keys[k] == id_column;
			has_workspace = has_workspace || index->keys[k] == workspace_column;
		}
		if (has_id && has_workspace)
			return false;
		if (index->keys[0] == id_column && is_complete(index))
		{
			leads = true;
			unique = unique || is_key(index, id_column);
		}
	}
	if (!leads || unique)
		return leads;
	return stored_distinct(table, workspace_column) > 0 &&
		   stored_distinct(table, id_column) >= stored_distinct(table, workspace_column);
}

/* Does a condition ask for one value of a column that no two rows share? */
static bool
asks_for_one_row(const TableIndexes *table, Node *condition)
{
	OpExpr *equality = (OpExpr *) condition;

	if (condition == NULL)
		return false;
	if (IsA(condition, List) || is_andclause(condition))
	{
		ListCell *lc;

		foreach(lc, IsA(condition, List) ? (List *) condition : ((BoolExpr *) condition)->args)
			if (asks_for_one_row(table, lfirst(lc)))
				return true;
		return false;
	}
	if (!IsA(condition, OpExpr) || list_length(equality->args) != 2 ||
		get_oprrest(equality->opno) != F_EQSEL)
		return false;
	for (int side = 0; side <= 1; side++)
	{
		AttrNumber column = column_number(table, list_nth(equality->args, side));

		if (column == 0 || contain_var_clause(list_nth(equality->args, 1 - side)))
			continue;
		for (int i = 0; i < table->n; i++)
			if (is_key(&table->indexes[i], column))
				return true;
	}
	return false;
}

/*
 * Does the query ask for one row of the table, by its key?  Then no index can do
 * more, and arms would only have to be initialised.
 */
static bool
finds_one_row(const TableIndexes *table, Node *jointree)
{
	if (table == NULL || jointree == NULL)
		return false;
	if (IsA(jointree, FromExpr))
	{
		ListCell *lc;

		if (asks_for_one_row(table, ((FromExpr *) jointree)->quals))
			return true;
		foreach(lc, ((FromExpr *) jointree)->fromlist)
			if (finds_one_row(table, lfirst(lc)))
				return true;
	}
	else if (IsA(jointree, JoinExpr) && ((JoinExpr *) jointree)->jointype == JOIN_INNER)
		return asks_for_one_row(table, ((JoinExpr *) jointree)->quals) ||
			   finds_one_row(table, ((JoinExpr *) jointree)->larg) ||
			   finds_one_row(table, ((JoinExpr *) jointree)->rarg);
	return false;
}

/* The arm for one element of a path. */
static Expr *
make_arm(const TableIndexes *indexes, uint64 planned, Node *level, Node *user, text *type,
		 Node *id, Node *workspace, Node *last)
{
	Node *constant = (Node *) planned_const(planned);
	List *head = list_make4(constant, copyObject(level), copyObject(user),
							text_const(PointerGetDatum(type)));
	List *tail;
	List *calls = NIL;

	id = arm_argument(id, constant);
	workspace = arm_argument(workspace, constant);
	last = arm_argument(last, constant);

	/* an index WHERE the id IS NOT NULL shall serve */
	if (may_lead(indexes, id, true))
		calls = list_make1(is_not_null(copyObject(id)));
	if (surely_leads(indexes, id) || surely_leads(indexes, workspace))
		tail = list_make3(copyObject(id), unasked(workspace, constant), unasked(last, constant));
	else
		tail = list_make3(copyObject(id), copyObject(workspace), copyObject(last));
	calls = lappend(calls, call(tjp_plan.held, BOOLOID, list_concat_copy(head, tail)));
	if (contain_vars_of_level(workspace, 0) && !id_is_enough(indexes, id, workspace))
	{
		tail = list_make2(copyObject(workspace), copyObject(id));
		calls = lappend(calls, call(tjp_plan.within, BOOLOID,
									list_concat(copyObject(head), tail)));
	}
	return list_length(calls) > 1 ? make_andclause(calls) : (Expr *) linitial(calls);
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
	List  *edges = NIL;
	Node  *workspace;
	Node  *last;
	int	   ntypes = list_length(types);

	if (args == NIL || !tjp_rights_may_execute(request->fcall->funcid) ||
		contain_volatile_functions((Node *) request->fcall->args) || !plan_user(&user, &planned))
		return NULL;
	workspace = linitial(args);
	last = llast(args);
	if (is_null_const(level) || is_null_const(workspace) || is_null_const(last) ||
		is_null_const(user))
		return (Expr *) makeBoolConst(false, false);

	if (wants_arms(request, args))
	{
		TableIndexes *indexes = find_indexes(request->root, args);

		edges = make_edges(request, user, workspace, planned);
		if (finds_one_row(indexes, (Node *) request->root->parse->jointree))
			planned |= TJP_PLANNED_ONE_ROW;
		else if (may_lead(indexes, workspace, false) || may_lead(indexes, last, false))
			planned |= TJP_PLANNED_HAS_ARMS;
		for (int i = 0; (planned & TJP_PLANNED_HAS_ARMS) != 0 && i < ntypes; i++)
			if (!is_null_const(list_nth(args, 2 + 2 * i))) /* else in no such container, ever */
				arms = lappend(arms, make_arm(indexes, planned, level, user, list_nth(types, i),
											  list_nth(args, 2 + 2 * i), workspace, last));
	}
	/* the arguments are ours: the call that they stood in goes */
	return make_condition(call(tjp_plan.can, BOOLOID,
							   list_concat(list_make3(planned_const(planned), level, user), args)),
						  arms, edges);
}

/* tj_is_member(user, workspace) */
static Expr *
simplify_is_member(SupportRequestSimplify *request)
{
	Node  *user = linitial(request->fcall->args);
	List  *args = list_make1(before_widening(lsecond(request->fcall->args)));
	uint64 planned = request->fcall->funcid;
	List  *edges = NIL;

	if (!tjp_construct_accepts(args, NULL) || !tjp_rights_may_execute(request->fcall->funcid) ||
		contain_volatile_functions((Node *) request->fcall->args) || !plan_user(&user, &planned))
		return NULL;
	if (is_null_const(linitial(args)) || is_null_const(user))
		return (Expr *) makeBoolConst(false, false);

	if (wants_arms(request, args))
		edges = make_edges(request, user, linitial(args), planned);
	return make_condition(call(tjp_plan.is_member, BOOLOID,
							   list_make3(planned_const(planned), copyObject(user),
										  copyObject(linitial(args)))),
						  NIL, edges);
}

/*
 * Planner support of tj_can and tj_is_member.
 */
PG_FUNCTION_INFO_V1(tj_perm_check_support);
Datum
tj_perm_check_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify) && tjp_planner_support)
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;
		List				   *args = simplify->fcall->args;
		bool					is_can = list_length(args) == 3;

		/* one that is asked for a resource as it stands, in a new connection: be quick */
		if ((is_can && !IsA(lsecond(args), FuncExpr)) || !tjp_lists_find_functions())
			PG_RETURN_POINTER(NULL);
		tjp_estimate_planning();
		PG_RETURN_POINTER(is_can ? simplify_can(simplify) : simplify_is_member(simplify));
	}
	PG_RETURN_POINTER(NULL);
}

/* ---- index conditions ---- */

/* Can an index column be compared with values of this type? */
static bool
serves_equality(SupportRequestIndexCondition *request, Oid type)
{
	IndexOptInfo *index = request->index;

	return index->relam == BTREE_AM_OID && index->opcintype[request->indexcol] == type &&
		   is_family_of_values(request->opfamily, request->indexcollation, type);
}

/* Is there an ordinary index whose first column is this expression? */
static bool
has_index(RelOptInfo *rel, Node *expression)
{
	ListCell *lc;
	Oid		  type = tjp_value_type(exprType(expression));

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

static Const *
null_of(const TjpValueType *type, Oid collation)
{
	return makeConst(type->type, -1, collation, type->len, (Datum) 0, true, type->byval);
}

/* column = ANY (list), where list is a function of ours and its arguments but the last */
static List *
equality_condition(SupportRequestIndexCondition *request, Node *column, Oid list, List *list_args)
{
	Oid					value_type = tjp_value_type(exprType(column));
	const TjpValueType *type = tjp_value_type_facts(value_type);
	Oid					collation = request->indexcollation;
	Expr			   *array;

	if (type == NULL || !serves_equality(request, value_type))
		return NIL;
	array = (Expr *) makeFuncExpr(list, type->array_type,
								  lappend(list_args, null_of(type, collation)),
								  collation, InvalidOid, COERCE_EXPLICIT_CALL);
	return list_make1(tjp_equals_any(column, type, collation, (Node *) array));
}

/* array column && list */
static List *
overlap_condition(SupportRequestIndexCondition *request, Node *column, Oid list, List *list_args)
{
	Oid	  array_type = getBaseType(exprType(column));
	Oid	  element = get_element_type(array_type);
	Oid	  operator;
	Expr *array;

	if (!OidIsValid(element) || !OidIsValid(tjp_value_type(element)) ||
		request->index->relam != GIN_AM_OID || request->opfamily != ARRAY_GIN_FAM_OID)
		return NIL;
	/* texts of one spelling only are equal, whatever the column's collation */
	if (tjp_value_type(element) == TEXTOID &&
		(!OidIsValid(request->indexcollation) ||
		 !get_collation_isdeterministic(request->indexcollation)))
		return NIL;
	operator= get_opfamily_member(request->opfamily, ANYARRAYOID, ANYARRAYOID,
								  GIN_OVERLAP_STRATEGY);
	if (!OidIsValid(operator))
		return NIL;
	column = tjp_column_as(column, array_type);
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
	Oid	  type = tjp_value_type(exprType(column));
	Oid	  collation = request->indexcollation;
	Oid	  operator;
	Expr *lowest;

	if (!OidIsValid(type) || !serves_equality(request, type))
		return NIL;
	operator= get_opfamily_member(request->opfamily, type, type, BTGreaterEqualStrategyNumber);
	if (!OidIsValid(operator))
		return NIL;
	column = tjp_column_as(column, type);
	lowest = (Expr *) makeFuncExpr(tjp_plan.lowest, type,
								   lappend(lowest_args, makeNullConst(type, -1, collation)),
								   collation, InvalidOid, COERCE_EXPLICIT_CALL);
	return list_make1(make_opclause(operator, BOOLOID, false, (Expr *) column, lowest, InvalidOid,
									collation));
}

/*
 * What follows shares the nodes of the call, as index conditions of PostgreSQL's
 * own functions do: they are copied when the plan is made.
 */

/* The arguments that lists begin with; NIL if they are not known before the scan. */
static List *
list_head_args(SupportRequestIndexCondition *request, List *args)
{
	Node *level = list_nth(args, ARM_LEVEL);
	Node *user = list_nth(args, ARM_USER);

	if (!is_pseudo_constant_for_index(request->root, level, request->index) ||
		!is_pseudo_constant_for_index(request->root, user, request->index))
		return NIL;
	return list_make3(linitial(args), level, user);
}

/* The workspace if it is known before the scan; else what stands for any. */
static Node *
known_workspace(SupportRequestIndexCondition *request, Node *planned, Node *workspace)
{
	return is_pseudo_constant_for_index(request->root, workspace, request->index) ? workspace :
																					planned;
}

static Node *
one_type(Node *type)
{
	return (Node *) tjp_types_const(&((Const *) type)->constvalue, 1);
}

static List *
can_condition(SupportRequestIndexCondition *request, List *args)
{
	uint64 planned = DatumGetInt64(linitial_node(Const, args)->constvalue);
	Node  *workspace;
	List  *head;
	Node  *types;

	/* lists on later columns would be taken to keep the order of the index */
	if (request->indexcol > 0 || (planned & TJP_PLANNED_HAS_ARMS) == 0 ||
		(request->indexarg != CAN_WORKSPACE && request->indexarg != list_length(args) - 1))
		return NIL;
	workspace = arm_argument(list_nth(args, CAN_WORKSPACE), linitial(args));
	if (request->indexarg != CAN_WORKSPACE && has_index(request->index->rel, workspace))
		return NIL;
	head = list_head_args(request, args);
	if (head == NIL)
		return NIL;
	types = (Node *) tjp_types_of_can(args);
	if (request->indexarg == CAN_WORKSPACE)
	{
		Node *asked = tjp_asked_workspace(request->root, workspace);

		/* all of one workspace or nothing of it */
		if (asked != NULL)
			return everything_condition(request, workspace,
										list_concat(head, list_make3(word_const(TJP_LIST_WIDE),
																	 types, asked)));
		return equality_condition(request, workspace, tjp_plan.workspaces,
								  list_concat(head,
											  list_make2(word_const(TJP_LIST_WIDE), types)));
	}
	return everything_condition(request, llast(args),
								list_concat(head,
											list_make3(word_const(TJP_LIST_WIDE), types,
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
	Node *type = list_nth(args, ARM_TYPE);
	Node *id = list_nth(args, HELD_ID);
	Node *workspace = list_nth(args, HELD_WORKSPACE);
	Node *last = list_nth(args, HELD_LAST);
	List *head;

	if (request->indexarg != HELD_ID &&
		(request->indexarg != HELD_LAST || has_index(request->index->rel, id) ||
		 has_index(request->index->rel, workspace)))
		return NIL;
	head = list_head_args(request, args);
	if (head == NIL)
		return NIL;
	if (request->indexarg == HELD_ID)
	{
		List *tail = list_make2(type, known_workspace(request, linitial(args), workspace));

		if (OidIsValid(tjp_value_type(exprType(id))))
			return equality_condition(request, id, tjp_plan.ids, list_concat(head, tail));
		return overlap_condition(request, id, tjp_plan.ids, list_concat(head, tail));
	}
	return everything_condition(request, last,
								list_concat(head,
											list_make3(word_const(TJP_LIST_HELD), one_type(type),
													   known_workspace(request, linitial(args),
																	   workspace))));
}

/*
 * Reading all of a workspace to intersect it with what an index on the id finds
 * is worth it only where ids are shared by more rows than workspaces are.
 */
static List *
within_condition(SupportRequestIndexCondition *request, List *args)
{
	List *head;
	Node *workspace = list_nth(args, WITHIN_WORKSPACE);
	Node *id = list_nth(args, WITHIN_ID);
	bool  has_id = false;

	if (request->indexarg != WITHIN_WORKSPACE)
		return NIL;
	head = list_head_args(request, args);
	if (head == NIL)
		return NIL;
	for (int i = 0; i < request->index->nkeycolumns; i++)
		has_id = has_id || match_index_to_operand(id, i, request->index);
	if (!has_id && has_index(request->index->rel, id) &&
		tjp_estimate_is_finer(request->root, id, workspace))
		return NIL;
	return equality_condition(request, workspace, tjp_plan.workspaces,
							  list_concat(head, list_make2(word_const(TJP_LIST_HELD),
														   one_type(list_nth(args, ARM_TYPE)))));
}

static List *
is_member_condition(SupportRequestIndexCondition *request, List *args)
{
	List *list_args;
	Node *user = list_nth(args, MEMBER_USER);

	if (request->indexarg != MEMBER_WORKSPACE || request->indexcol > 0 ||
		!is_pseudo_constant_for_index(request->root, user, request->index))
		return NIL;
	list_args = list_make4(linitial(args), tjp_viewer_const(), user,
						   word_const(TJP_LIST_MEMBER));
	list_args = lappend(list_args, tjp_types_const(NULL, 0));
	return equality_condition(request, list_nth(args, MEMBER_WORKSPACE), tjp_plan.workspaces,
							  list_args);
}

/*
 * Planner support of calls in plans: what an index can do for them, and how many
 * rows they let through.
 */
typedef List *(*ConditionOfCall)(SupportRequestIndexCondition *request, List *args);
typedef Selectivity (*SelectivityOfCall)(SupportRequestSelectivity *request);

static Datum
support_call(Node *request, ConditionOfCall condition, SelectivityOfCall selectivity)
{
	if (IsA(request, SupportRequestIndexCondition))
	{
		SupportRequestIndexCondition *index = (SupportRequestIndexCondition *) request;

		/* lossy, as the caller assumes: _can is the judge */
		if (is_funcclause(index->node) && tjp_lists_find_functions() &&
			tjp_lists_is_planned(((FuncExpr *) index->node)->args))
			return PointerGetDatum(condition(index, ((FuncExpr *) index->node)->args));
	}
	else if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *share = (SupportRequestSelectivity *) request;

		if (tjp_lists_find_functions() && tjp_lists_is_planned(share->args))
		{
			share->selectivity = selectivity(share);
			CLAMP_PROBABILITY(share->selectivity);
			return PointerGetDatum(share);
		}
	}
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(tj_perm_can_support);
Datum
tj_perm_can_support(PG_FUNCTION_ARGS)
{
	return support_call((Node *) PG_GETARG_POINTER(0), can_condition, tjp_estimate_can);
}

PG_FUNCTION_INFO_V1(tj_perm_held_support);
Datum
tj_perm_held_support(PG_FUNCTION_ARGS)
{
	return support_call((Node *) PG_GETARG_POINTER(0), held_condition, tjp_estimate_held);
}

PG_FUNCTION_INFO_V1(tj_perm_within_support);
Datum
tj_perm_within_support(PG_FUNCTION_ARGS)
{
	return support_call((Node *) PG_GETARG_POINTER(0), within_condition, tjp_estimate_within);
}

PG_FUNCTION_INFO_V1(tj_perm_is_member_support);
Datum
tj_perm_is_member_support(PG_FUNCTION_ARGS)
{
	return support_call((Node *) PG_GETARG_POINTER(0), is_member_condition, tjp_estimate_is_member);
}

/* An arm as a filter. */
PG_FUNCTION_INFO_V1(tj_perm_arm);
Datum
tj_perm_arm(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(false);
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
