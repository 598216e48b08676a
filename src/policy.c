/*
 * src/policy.c
 *	  What policies of other tables say, for doctor, why_hidden and protected_tables.
 *
 * Owns the reading of stored policy expressions and the one way in which
 * somebody else's expression is evaluated for an administrator.  It must not
 * know the names of our functions (the caller passes them) nor decide anything.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "session.h"

/* Columns of tj_perm._policy_calls. */
enum
{
	CALL_POLICY,
	CALL_PART,
	CALL_CHECKER,
	CALL_WHOLE,
	CALL_REQUIRED,
	CALL_NESTED,
	CALL_USER,
	CALL_USER_CONSTANT,
	CALL_USER_READS_ROW,
	CALL_USER_READS_ROLE,
	CALL_USER_FUNCTIONS,
	CALL_USER_EARLY_FUNCTIONS,
	CALL_RESOURCE,
	CALL_RESOURCE_FUNCTION,
	CALL_RESOURCE_PARSED,
	CALL_ARGUMENTS,
	CALL_COLUMNS,
	CALL_LEVEL,
	CALL_PROBE,
	N_CALL_COLUMNS
};

/* Columns of tj_perm._policy_parts. */
enum
{
	PART_POLICY,
	PART_PART,
	PART_EXPRESSION,
	PART_FUNCTIONS,
	PART_SUBQUERY,
	PART_OPAQUE,
	PART_CONSTANT,
	N_PART_COLUMNS
};

/* What is told of one expression: its facts, or the calls in it. */
typedef struct Reading
{
	ReturnSetInfo *result;
	Relation	   rel;
	List		  *context; /* for deparsing */
	Oid			   policy;
	const char	  *part;
	Node		  *root;
	ArrayType	  *checkers;
	bool		   required;
	int			   depth;  /* of subqueries */
	SubLink		  *exists; /* the EXISTS that a call stands in, if it decides it */
} Reading;

/* What stands anywhere in an expression. */
typedef struct Facts
{
	List *functions;
	List *early_functions; /* which the planner may evaluate beforehand */
	bool  subquery;
	bool  opaque;	 /* checks of domains: code that no node names */
	bool  role;		 /* current_user and its like */
	Oid	  parsed_as; /* in: a type */
	bool  parsed;	 /* out: something that varies is parsed as that type */
} Facts;

static bool
note_function(Oid function, void *context)
{
	Facts *facts = context;

	facts->functions = list_append_unique_oid(facts->functions, function);
	return false;
}

static bool
facts_walker(Node *node, void *context)
{
	Facts *facts = context;

	if (node == NULL)
		return false;
	check_stack_depth();
	(void) check_functions_in_node(node, note_function, context);
	if (IsA(node, FuncExpr))
	{
		FuncExpr *call = (FuncExpr *) node;

		if (!contain_var_clause((Node *) call->args) &&
			!contain_mutable_functions((Node *) call->args))
			facts->early_functions = list_append_unique_oid(facts->early_functions, call->funcid);
	}
	else if (IsA(node, CoerceViaIO))
	{
		CoerceViaIO *coercion = (CoerceViaIO *) node;

		if (coercion->resulttype == facts->parsed_as && !IsA(coercion->arg, Const))
			facts->parsed = true;
	}
	else if (IsA(node, CoerceToDomain))
		facts->opaque = true;
	else if (IsA(node, SQLValueFunction))
	{
		switch (((SQLValueFunction *) node)->op)
		{
			case SVFOP_CURRENT_ROLE:
			case SVFOP_CURRENT_USER:
			case SVFOP_USER:
			case SVFOP_SESSION_USER:
				facts->role = true;
				break;
			default:
				break;
		}
	}
	else if (IsA(node, SubLink))
		facts->subquery = true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, facts_walker, context, 0);
	return expression_tree_walker(node, facts_walker, context);
}

static Datum
oid_array(List *oids)
{
	Datum	 *elements = palloc(sizeof(Datum) * (list_length(oids) + 1));
	ListCell *cell;
	int		  n = 0;

	foreach(cell, oids)
		elements[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	return PointerGetDatum(construct_array(elements, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

static Datum
deparsed(Reading *reading, Node *node)
{
	return CStringGetTextDatum(deparse_expression(node, reading->context, false, false));
}

/*
 * The column that an argument is, seen through casts that the parser added; 0
 * if it is something else.
 */
static AttrNumber
column_of(Node *node)
{
	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) == 1 &&
				 ((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST)
			node = linitial(((FuncExpr *) node)->args);
		else
			break;
	}
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0 && ((Var *) node)->varattno > 0)
		return ((Var *) node)->varattno;
	return 0;
}

/* The arguments of the resource: their text, and the columns that they are. */
static void
put_arguments(Reading *reading, List *arguments, Datum *values)
{
	Datum	 *texts = palloc(sizeof(Datum) * (list_length(arguments) + 1));
	Datum	 *columns = palloc(sizeof(Datum) * (list_length(arguments) + 1));
	ListCell *cell;
	int		  n = 0;

	foreach(cell, arguments)
	{
		texts[n] = deparsed(reading, lfirst(cell));
		columns[n] = Int16GetDatum(column_of(lfirst(cell)));
		n++;
	}
	values[CALL_ARGUMENTS] =
		PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
	values[CALL_COLUMNS] =
		PointerGetDatum(construct_array(columns, n, INT2OID, 2, true, TYPALIGN_SHORT));
}

static Node *
true_for_call_mutator(Node *node, void *call)
{
	if (node == NULL)
		return NULL;
	if (node == call)
		return makeBoolConst(true, false);
	return expression_tree_mutator(node, true_for_call_mutator, call);
}

static Node *
as_text(Node *node)
{
	CoerceViaIO *coercion = makeNode(CoerceViaIO);

	coercion->arg = (Expr *) node;
	coercion->resulttype = TEXTOID;
	coercion->resultcollid = DEFAULT_COLLATION_OID;
	coercion->coerceformat = COERCE_EXPLICIT_CAST;
	coercion->location = -1;
	return (Node *) coercion;
}

/*
 * An expression of the row for the arguments of a call, as an array of text:
 * of a call that decides an EXISTS the subquery without the call, so that it
 * finds what would be asked about.  If that is more than one thing, it fails.
 */
static Datum
probe(Reading *reading, FuncExpr *call)
{
	ArrayExpr	*array = makeNode(ArrayExpr);
	TargetEntry *target;
	SubLink		*sublink;
	Query		*query;
	ListCell	*cell;

	array->array_typeid = TEXTARRAYOID;
	array->element_typeid = TEXTOID;
	array->location = -1;
	foreach(cell, call->args)
		array->elements = lappend(array->elements, as_text(copyObject(lfirst(cell))));
	if (reading->exists == NULL)
		return deparsed(reading, (Node *) array);

	query = copyObject((Query *) reading->exists->subselect);
	target = makeTargetEntry((Expr *) array, 1, pstrdup("arguments"), false);
	query->targetList = list_make1(target);
	query->jointree->quals =
		true_for_call_mutator(((Query *) reading->exists->subselect)->jointree->quals, call);
	sublink = makeNode(SubLink);
	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) query;
	sublink->location = -1;
	return deparsed(reading, (Node *) sublink);
}

/*
 * Tell one call of a checker.  Within a subquery nothing is told that has the
 * names of its columns in it, except by the probe.
 */
static void
put_call(Reading *reading, FuncExpr *call)
{
	Datum values[N_CALL_COLUMNS] = {0};
	bool  nulls[N_CALL_COLUMNS];
	Node *user = linitial(call->args);
	Node *resource = lsecond(call->args);
	Facts user_facts = {0};
	Facts resource_facts = {0};
	bool  whole;
	int	  i;

	(void) facts_walker(user, &user_facts);
	resource_facts.parsed_as = exprType(resource);
	(void) facts_walker(resource, &resource_facts);

	for (i = 0; i < N_CALL_COLUMNS; i++)
		nulls[i] = i > CALL_NESTED;
	values[CALL_POLICY] = ObjectIdGetDatum(reading->policy);
	values[CALL_PART] = CStringGetTextDatum(reading->part);
	values[CALL_CHECKER] = ObjectIdGetDatum(call->funcid);
	whole = (Node *) call == reading->root ||
			(reading->exists != NULL && (Node *) reading->exists == reading->root);
	values[CALL_WHOLE] = BoolGetDatum(whole);
	values[CALL_REQUIRED] = BoolGetDatum(reading->required);
	values[CALL_NESTED] = BoolGetDatum(reading->depth > 0);

	values[CALL_USER_CONSTANT] = BoolGetDatum(IsA(user, Const));
	values[CALL_USER_READS_ROW] = BoolGetDatum(contain_vars_of_level(user, 0));
	values[CALL_USER_READS_ROLE] = BoolGetDatum(user_facts.role);
	values[CALL_USER_FUNCTIONS] = oid_array(user_facts.functions);
	values[CALL_USER_EARLY_FUNCTIONS] = oid_array(user_facts.early_functions);
	values[CALL_RESOURCE_PARSED] = BoolGetDatum(resource_facts.parsed);
	nulls[CALL_USER_CONSTANT] = nulls[CALL_USER_READS_ROW] = nulls[CALL_USER_READS_ROLE] = false;
	nulls[CALL_USER_FUNCTIONS] = nulls[CALL_USER_EARLY_FUNCTIONS] = false;
	nulls[CALL_RESOURCE_PARSED] = false;

	if (reading->depth == 0)
	{
		values[CALL_USER] = deparsed(reading, user);
		values[CALL_RESOURCE] = deparsed(reading, resource);
		nulls[CALL_USER] = nulls[CALL_RESOURCE] = false;
		if (column_of(resource) == 0 && IsA(resource, FuncExpr))
		{
			values[CALL_RESOURCE_FUNCTION] = ObjectIdGetDatum(((FuncExpr *) resource)->funcid);
			nulls[CALL_RESOURCE_FUNCTION] = false;
			put_arguments(reading, ((FuncExpr *) resource)->args, values);
		}
		else
			put_arguments(reading, list_make1(resource), values);
		nulls[CALL_ARGUMENTS] = nulls[CALL_COLUMNS] = false;
	}
	if (list_length(call->args) > 2 && (reading->depth == 0 || IsA(lthird(call->args), Const)))
	{
		values[CALL_LEVEL] = deparsed(reading, lthird(call->args));
		nulls[CALL_LEVEL] = false;
	}
	if (reading->depth == 0 || reading->exists != NULL)
	{
		values[CALL_PROBE] = probe(reading, call);
		nulls[CALL_PROBE] = false;
	}
	tuplestore_putvalues(reading->result->setResult, reading->result->setDesc, values, nulls);
}

static bool
is_checker(ArrayType *checkers, Oid function)
{
	Oid *oids = (Oid *) ARR_DATA_PTR(checkers);
	int	 n = ArrayGetNItems(ARR_NDIM(checkers), ARR_DIMS(checkers));

	while (n-- > 0)
		if (oids[n] == function)
			return true;
	return false;
}

/*
 * Is a call below this node still one that no row gets around?  Conjunction
 * keeps it so, and the comparison of a level (where NULL gives NULL).
 */
static bool
keeps_required(Node *node, ArrayType *checkers)
{
	ListCell *cell;

	if (IsA(node, List))
		return true;
	if (IsA(node, BoolExpr))
		return ((BoolExpr *) node)->boolop == AND_EXPR;
	if (IsA(node, OpExpr))
	{
		foreach(cell, ((OpExpr *) node)->args)
		{
			Node *argument = lfirst(cell);

			if (IsA(argument, FuncExpr) && ((FuncExpr *) argument)->funcresulttype != BOOLOID &&
				is_checker(checkers, ((FuncExpr *) argument)->funcid))
				return true;
		}
	}
	return false;
}

static bool calls_walker(Node *node, void *context);

/*
 * Is this EXISTS one whose WHERE decides it?
 */
static bool
is_plain_exists(Node *node)
{
	Query *query;

	if (!IsA(node, SubLink) || ((SubLink *) node)->subLinkType != EXISTS_SUBLINK)
		return false;
	query = (Query *) ((SubLink *) node)->subselect;
	return IsA(query, Query) && query->commandType == CMD_SELECT && query->setOperations == NULL &&
		   query->cteList == NIL && query->groupClause == NIL && query->groupingSets == NIL &&
		   query->havingQual == NULL && !query->hasAggs && !query->hasWindowFuncs &&
		   !query->hasTargetSRFs &&
		   query->distinctClause == NIL && query->limitCount == NULL &&
		   query->limitOffset == NULL &&
		   query->rowMarks == NIL;
}

/*
 * Walk into an EXISTS: what its WHERE requires, the EXISTS requires.
 */
static bool
walk_exists(SubLink *sublink, Reading *reading)
{
	bool	 required = reading->required;
	Query	 query = *(Query *) sublink->subselect;
	FromExpr jointree = *query.jointree;
	bool	 result;

	reading->depth++;
	reading->exists = sublink;
	result = calls_walker(jointree.quals, reading);
	reading->exists = NULL;
	reading->required = false;
	jointree.quals = NULL;
	query.jointree = &jointree;
	result = result || query_tree_walker(&query, calls_walker, reading, 0);
	reading->required = required;
	reading->depth--;
	return result;
}

static bool
calls_walker(Node *node, void *context)
{
	Reading *reading = context;
	bool	 required = reading->required;
	SubLink *outer_exists = reading->exists;
	bool	 result;

	if (node == NULL)
		return false;
	check_stack_depth();
	if (reading->depth == 0 && is_plain_exists(node))
		return walk_exists((SubLink *) node, reading);
	if (IsA(node, Query))
	{
		SubLink *exists = reading->exists;

		reading->depth++;
		reading->exists = NULL;
		result = query_tree_walker((Query *) node, calls_walker, context, 0);
		reading->exists = exists;
		reading->depth--;
		return result;
	}
	if (IsA(node, FuncExpr) && is_checker(reading->checkers, ((FuncExpr *) node)->funcid) &&
		list_length(((FuncExpr *) node)->args) >= 2)
		put_call(reading, (FuncExpr *) node);

	if (!keeps_required(node, reading->checkers))
	{
		reading->required = false;
		reading->exists = NULL;
	}
	result = expression_tree_walker(node, calls_walker, context);
	reading->required = required;
	reading->exists = outer_exists;
	return result;
}

static void
put_part(Reading *reading)
{
	Datum values[N_PART_COLUMNS] = {0};
	bool  nulls[N_PART_COLUMNS] = {false};
	Facts facts = {0};

	(void) facts_walker(reading->root, &facts);
	values[PART_POLICY] = ObjectIdGetDatum(reading->policy);
	values[PART_PART] = CStringGetTextDatum(reading->part);
	values[PART_EXPRESSION] = deparsed(reading, reading->root);
	values[PART_FUNCTIONS] = oid_array(facts.functions);
	values[PART_SUBQUERY] = BoolGetDatum(facts.subquery);
	values[PART_OPAQUE] = BoolGetDatum(facts.opaque);
	nulls[PART_CONSTANT] = !IsA(reading->root, Const) || ((Const *) reading->root)->constisnull;
	if (!nulls[PART_CONSTANT])
		values[PART_CONSTANT] = ((Const *) reading->root)->constvalue;
	tuplestore_putvalues(reading->result->setResult, reading->result->setDesc, values, nulls);
}

/*
 * Read the policies of a relation; with checkers the calls of these functions
 * in them, else the facts of each part.  A relation that is gone has none.
 */
static void
read_policies(FunctionCallInfo fcinfo, ArrayType *checkers)
{
	Reading		reading = {0};
	Relation	pg_policy;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	InitMaterializedSRF(fcinfo, 0);
	reading.result = (ReturnSetInfo *) fcinfo->resultinfo;
	reading.checkers = checkers;
	reading.rel = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	if (reading.rel == NULL)
		return;
	reading.context =
		deparse_context_for(RelationGetRelationName(reading.rel), RelationGetRelid(reading.rel));

	pg_policy = table_open(PolicyRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationGetRelid(reading.rel)));
	scan = systable_beginscan(pg_policy, PolicyPolrelidPolnameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		static const struct
		{
			const char *name;
			AttrNumber	attribute;
		} parts[] = {{"using", Anum_pg_policy_polqual}, {"check", Anum_pg_policy_polwithcheck}};
		int i;

		reading.policy = ((Form_pg_policy) GETSTRUCT(tuple))->oid;
		for (i = 0; i < lengthof(parts); i++)
		{
			bool  isnull;
			Datum tree = heap_getattr(tuple, parts[i].attribute,
									  RelationGetDescr(pg_policy), &isnull);

			if (isnull)
				continue;
			reading.part = parts[i].name;
			reading.root = stringToNode(TextDatumGetCString(tree));
			reading.required = true;
			if (checkers == NULL)
				put_part(&reading);
			else
				(void) calls_walker(reading.root, &reading);
		}
	}
	systable_endscan(scan);
	table_close(pg_policy, AccessShareLock);
	relation_close(reading.rel, AccessShareLock);
}

PG_FUNCTION_INFO_V1(tj_perm_policy_calls);
Datum
tj_perm_policy_calls(PG_FUNCTION_ARGS)
{
	ArrayType *checkers = PG_GETARG_ARRAYTYPE_P(1);

	if (ARR_ELEMTYPE(checkers) != OIDOID || ARR_HASNULL(checkers))
		elog(ERROR, "an array of function OIDs is needed");
	read_policies(fcinfo, checkers);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(tj_perm_policy_parts);
Datum
tj_perm_policy_parts(PG_FUNCTION_ARGS)
{
	read_policies(fcinfo, NULL);
	return (Datum) 0;
}

/*
 * The text as an expression of a policy of the relation, or of the WHEN of a
 * trigger on it, as CREATE POLICY and CREATE TRIGGER read it.  Parsed only, so
 * the text may be anybody's: nothing of it runs.
 */
static Node *
parse_condition(Relation rel, const char *text, bool trigger)
{
	ParseState		   *pstate = make_parsestate(NULL);
	ParseNamespaceItem *nsitem;
	const char		   *names[] = {"old", "new"};
	List			   *statements;
	SelectStmt		   *query;
	Node			   *condition;

	pstate->p_sourcetext = psprintf("SELECT (%s)", text);
	statements = raw_parser(pstate->p_sourcetext, RAW_PARSE_DEFAULT);
	query = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	if (list_length(statements) != 1 || list_length(query->targetList) != 1 ||
		query->fromClause != NIL || query->whereClause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" is not one expression", text)));
	if (trigger)
	{
		for (int i = 0; i < 2; i++)
		{
			nsitem = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
												   makeAlias(names[i], NIL), false, false);
			addNSItemToQuery(pstate, nsitem, false, true, true);
		}
	}
	else
	{
		nsitem = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, false);
		addNSItemToQuery(pstate, nsitem, false, true, true);
	}
	condition = transformWhereClause(pstate, linitial_node(ResTarget, query->targetList)->val,
									 trigger ? EXPR_KIND_TRIGGER_WHEN : EXPR_KIND_POLICY,
									 trigger ? "WHEN" : "POLICY");
	assign_expr_collations(pstate, condition);
	free_parsestate(pstate);
	return condition;
}

/*
 * Is a stored condition the one that the text makes?  NULL is no condition.
 * A trigger's holds no subquery, and trees of the same meaning are equal.  In
 * a policy's, subqueries know what columns were called when they were stored;
 * so both are compared as they would be printed today.
 */
PG_FUNCTION_INFO_V1(tj_perm_policy_reads);
Datum
tj_perm_policy_reads(PG_FUNCTION_ARGS)
{
	Relation rel;
	bool	 trigger = PG_GETARG_BOOL(3);
	Node	*stored;
	Node	*wanted;
	bool	 same;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_BOOL(PG_ARGISNULL(1) && PG_ARGISNULL(2));
	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	stored = stringToNode(TextDatumGetCString(PG_GETARG_DATUM(1)));
	wanted = parse_condition(rel, text_to_cstring(PG_GETARG_TEXT_PP(2)), trigger);
	if (trigger)
		same = equal(stored, wanted);
	else
	{
		List *context = deparse_context_for(RelationGetRelationName(rel), RelationGetRelid(rel));

		same = strcmp(deparse_expression(stored, context, false, false),
					  deparse_expression(wanted, context, false, false)) == 0;
	}
	relation_close(rel, NoLock);
	PG_RETURN_BOOL(same);
}

/*
 * The comment on a policy as it is now, whatever the snapshot of the transaction;
 * NULL if there is none.
 */
PG_FUNCTION_INFO_V1(tj_perm_policy_comment);
Datum
tj_perm_policy_comment(PG_FUNCTION_ARGS)
{
	char *comment = GetComment(PG_GETARG_OID(0), PolicyRelationId, 0);

	if (comment == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(comment));
}

/*
 * Run a query that yields one row of text columns on behalf of the owner of a
 * table, and return that row; NULL if there is none.
 *
 * A table's owner may have put code of their own behind the table: functions
 * in policies, in indexes, in the checks of domains.  It must not run with the
 * rights of an administrator who only wants to know why a row is hidden.  So
 * this does what REINDEX and ANALYZE do: it becomes the owner, in a
 * security-restricted operation, and takes back whatever settings were changed
 * meanwhile.  As for the checks of foreign keys, FORCE ROW LEVEL SECURITY does
 * not hide the owner's rows.  tj_perm.user_id is the given user meanwhile, who
 * may be an admin: so that nobody acts in that name, nothing can be written.
 */
PG_FUNCTION_INFO_V1(tj_perm_query_as_table_owner);
Datum
tj_perm_query_as_table_owner(PG_FUNCTION_ARGS)
{
	char		 *user_id = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char		 *query = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MemoryContext context = CurrentMemoryContext;
	Relation	  rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	ArrayType *volatile row = NULL;
	Oid	 save_userid;
	int	 save_sec_context;
	int	 save_nestlevel;
	bool save_read_only = XactReadOnly;
	Oid	 save_caller;

	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	save_nestlevel = NewGUCNestLevel();
	(void) set_config_option("tj_perm.user_id", user_id, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(rel->rd_rel->relowner,
						   save_sec_context | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	XactReadOnly = true;
	save_caller = tjp_session_swap_caller(InvalidOid);
	PG_TRY();
	{
		SPI_connect();
		if (SPI_execute(query, true, 1) != SPI_OK_SELECT)
			elog(ERROR, "not a query: %s", query);
		if (SPI_processed > 0)
		{
			int			  n = SPI_tuptable->tupdesc->natts;
			Datum		 *values = palloc(sizeof(Datum) * n);
			bool		 *nulls = palloc(sizeof(bool) * n);
			int			  dims[1] = {n};
			int			  lower_bounds[1] = {1};
			MemoryContext spi_context;
			int			  i;

			for (i = 0; i < n; i++)
			{
				char *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

				nulls[i] = value == NULL;
				values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(value);
			}
			spi_context = MemoryContextSwitchTo(context);
			row = construct_md_array(values, nulls, 1, dims, lower_bounds, TEXTOID, -1, false,
									 TYPALIGN_INT);
			MemoryContextSwitchTo(spi_context);
		}
		SPI_finish();
	}
	PG_FINALLY();
	{
		(void) tjp_session_swap_caller(save_caller);
	}
	PG_END_TRY();

	/* after an error the end of the (sub)transaction does these */
	XactReadOnly = save_read_only;
	SetUserIdAndSecContext(save_userid, save_sec_context);
	AtEOXact_GUC(false, save_nestlevel);
	relation_close(rel, NoLock);

	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(row);
}
