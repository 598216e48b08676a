/*
 * src/construct.c
 *	  SQL constructors of tj_resource: tj_workspace() and tj_resource().
 *
 * Owns which SQL types may name a workspace, a type or an id, and how each of
 * them is spelt.  Must not know users, levels or our tables; looks up types
 * once per call site, never per row.
 *
 * A constructor is called for every row of a policy.  It never raises an error
 * about a value: what no resource can hold (too long, too many, an empty type)
 * gives NULL.  Errors are about the call itself: wrong types, wrong number of
 * arguments.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "construct.h"
#include "resource.h"

/* room for the text of a bigint or uuid; longer values are pointed to */
#define SCRATCH_LEN 36

/* What an argument stands for. */
typedef enum ArgRole
{
	ROLE_WORKSPACE,
	ROLE_TYPE,
	ROLE_CONTAINER, /* an id that is not the last one */
	ROLE_ID			/* the last id */
} ArgRole;

/* The role as messages call it. */
static const char *
role_name(ArgRole role)
{
	switch (role)
	{
		case ROLE_WORKSPACE:
			return "a workspace key";
		case ROLE_TYPE:
			return "an element type";
		case ROLE_CONTAINER:
		case ROLE_ID:
			return "an id";
	}
	return "an argument";
}

/* The role of an argument of tj_resource(workspace, type, id [, type, id]...). */
static ArgRole
arg_role(int argno, int nargs)
{
	if (argno == 0)
		return ROLE_WORKSPACE;
	if (argno == nargs - 1)
		return ROLE_ID;
	return argno % 2 == 1 ? ROLE_TYPE : ROLE_CONTAINER;
}

/* How a type that is neither array nor domain is spelt; no look into the catalog. */
static bool
kind_of_base(Oid type, TjpArgKind *kind)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			*kind = TJP_ARG_TEXT;
			return true;
		case UNKNOWNOID:
			*kind = TJP_ARG_CSTRING;
			return true;
		case NAMEOID:
			*kind = TJP_ARG_NAME;
			return true;
		case INT2OID:
			*kind = TJP_ARG_INT2;
			return true;
		case INT4OID:
			*kind = TJP_ARG_INT4;
			return true;
		case INT8OID:
			*kind = TJP_ARG_INT8;
			return true;
		case UUIDOID:
			*kind = TJP_ARG_UUID;
			return true;
		default:
			return false;
	}
}

bool
tjp_construct_kind(Oid type, TjpArgKind *kind)
{
	return kind_of_base(type, kind) || kind_of_base(getBaseType(type), kind);
}

/* The expression of an argument, or NULL if it cannot be told. */
static Node *
arg_expression(FmgrInfo *flinfo, int argno)
{
	if (flinfo->fn_expr == NULL || !IsA(flinfo->fn_expr, FuncExpr))
		return NULL;
	return list_nth(((FuncExpr *) flinfo->fn_expr)->args, argno);
}

/*
 * The type that an argument had before PostgreSQL cast it by itself to the
 * declared type; InvalidOid if there was no such cast or it cannot be told.
 */
static Oid
type_before_implicit_cast(Node *arg)
{
	Node *inner;

	for (inner = arg; inner != NULL;)
	{
		if (IsA(inner, RelabelType) &&
			((RelabelType *) inner)->relabelformat == COERCE_IMPLICIT_CAST)
			inner = (Node *) ((RelabelType *) inner)->arg;
		else if (IsA(inner, CoerceViaIO) &&
				 ((CoerceViaIO *) inner)->coerceformat == COERCE_IMPLICIT_CAST)
			inner = (Node *) ((CoerceViaIO *) inner)->arg;
		else if (IsA(inner, FuncExpr) &&
				 ((FuncExpr *) inner)->funcformat == COERCE_IMPLICIT_CAST)
			inner = linitial(((FuncExpr *) inner)->args);
		else
			break;
	}
	return inner == arg ? InvalidOid : getBaseType(exprType(inner));
}

/* Report an argument whose type can play no such role. */
pg_noreturn static void
refuse_type(Oid type, ArgRole role, int argno)
{
	const char *accepted = "text, varchar and name";

	if (role != ROLE_TYPE)
		accepted = "text, varchar, name, smallint, integer, bigint and uuid";
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("type %s cannot be %s of a tj_resource", format_type_be(type), role_name(role)),
			 errdetail("Accepted are %s: equal values of these types have one spelling.", accepted),
			 errhint("Check the order of the arguments, or cast argument %d, for example to text.",
					 argno + 1)));
}

/*
 * Refuse a value that PostgreSQL itself has turned into the declared type, if
 * we would refuse its own type: citext and char(n) compare otherwise than the
 * text they are cast to, so that an index condition would miss rows.
 */
static void
check_implicit_cast(FmgrInfo *flinfo, int argno, ArgRole role)
{
	Oid		   type = type_before_implicit_cast(arg_expression(flinfo, argno));
	TjpArgKind kind;

	if (OidIsValid(type) && !tjp_construct_kind(type, &kind))
		refuse_type(type, role, argno);
}

/* Plan an argument of any type, which is argument argno of the constructor. */
static void
plan_arg(FmgrInfo *flinfo, int first, int argno, ArgRole role, TjpArgPlan *arg)
{
	Oid type = get_fn_expr_argtype(flinfo, first + argno);
	Oid base;
	Oid elem;

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type of argument %d of a tj_resource",
						argno + 1)));
	if (kind_of_base(type, &arg->kind) && (role != ROLE_TYPE || arg->kind <= TJP_ARG_NAME))
	{
		check_implicit_cast(flinfo, first + argno, role);
		return;
	}
	base = getBaseType(type);

	if (role == ROLE_CONTAINER && OidIsValid(elem = get_element_type(base)))
	{
		if (!tjp_construct_kind(elem, &arg->kind))
			refuse_type(type, role, argno);
		arg->is_array = true;
		get_typlenbyvalalign(elem, &arg->elem_len, &arg->elem_byval, &arg->elem_align);
		return;
	}

	if (role == ROLE_ID && OidIsValid(get_element_type(base)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the last id of a tj_resource cannot be an array"),
				 errdetail("An array names several containers; "
						   "the last id names the thing itself.")));
	if (!tjp_construct_kind(base, &arg->kind) ||
		(role == ROLE_TYPE && arg->kind > TJP_ARG_NAME))
		refuse_type(type, role, argno);
	check_implicit_cast(flinfo, first + argno, role);
}

/* Plan an argument that is declared as text. */
static void
plan_text_arg(FmgrInfo *flinfo, int argno, ArgRole role, TjpArgPlan *arg)
{
	arg->kind = TJP_ARG_TEXT;
	check_implicit_cast(flinfo, argno, role);
}

/* An empty plan for a call site, in its own context. */
static TjpConstructPlan *
new_plan(FmgrInfo *flinfo, int nargs)
{
	TjpConstructPlan *plan;

	plan = MemoryContextAllocZero(flinfo->fn_mcxt, offsetof(TjpConstructPlan, args) +
													   nargs * sizeof(TjpArgPlan));
	plan->nargs = nargs;
	return plan;
}

TjpConstructPlan *
tjp_construct_plan(FmgrInfo *flinfo, int first, int nargs)
{
	TjpConstructPlan *plan = new_plan(flinfo, nargs);

	for (int i = 0; i < nargs; i++)
		plan_arg(flinfo, first, i, arg_role(i, nargs), &plan->args[i]);
	return plan;
}

/* Is this a word that can be the type of an element, known now? */
static bool
accepts_type(Node *arg, List **types)
{
	TjpArgKind	kind;
	const char *word;
	int			len;
	text	   *txt;

	if (!IsA(arg, Const) || ((Const *) arg)->constisnull ||
		!tjp_construct_kind(((Const *) arg)->consttype, &kind))
		return false;
	switch (kind)
	{
		case TJP_ARG_TEXT:
			txt = DatumGetTextPP(((Const *) arg)->constvalue);
			word = VARDATA_ANY(txt);
			len = VARSIZE_ANY_EXHDR(txt);
			break;
		case TJP_ARG_CSTRING:
			word = DatumGetCString(((Const *) arg)->constvalue);
			len = strlen(word);
			break;
		default:
			return false;
	}
	if (types != NULL)
		*types = lappend(*types, cstring_to_text_with_len(word, len));
	return len > 0 && len <= TJP_MAX_TYPE_LEN;
}

bool
tjp_construct_accepts(List *args, List **types)
{
	int nargs = list_length(args);

	if (nargs % 2 == 0 || nargs / 2 > TJP_MAX_ELEMENTS)
		return false;
	for (int i = 0; i < nargs; i++)
	{
		Node	  *arg = list_nth(args, i);
		ArgRole	   role = arg_role(i, nargs);
		Oid		   type = exprType(arg);
		Oid		   elem;
		Oid		   before = type_before_implicit_cast(arg);
		TjpArgKind kind;

		if (role == ROLE_TYPE)
		{
			if (!accepts_type(arg, types))
				return false;
			continue;
		}
		if (role == ROLE_CONTAINER && OidIsValid(elem = get_element_type(getBaseType(type))))
			type = elem;
		if (!tjp_construct_kind(type, &kind) ||
			(OidIsValid(before) && !tjp_construct_kind(before, &kind)))
			return false;
	}
	return true;
}

/* Look at a call site; palloc'd in its own context. */
static TjpConstructPlan *
make_plan(FmgrInfo *flinfo, int nargs, bool all_text)
{
	TjpConstructPlan *plan;

	if (get_fn_expr_variadic(flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("tj_resource cannot be called with VARIADIC and an array"),
				 errhint("Write types and ids as separate arguments; an array as one "
						 "container's id names several containers of that type.")));
	if (nargs % 2 == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a type without an id in the arguments of a tj_resource"),
				 errdetail("%d arguments were given.", nargs),
				 errhint("Write tj_resource(workspace, type, id [, type, id]...).")));

	if (!all_text)
		return tjp_construct_plan(flinfo, 0, nargs);
	plan = new_plan(flinfo, nargs);
	for (int i = 0; i < nargs; i++)
		plan_text_arg(flinfo, i, arg_role(i, nargs), &plan->args[i]);
	return plan;
}

/* The plan of this call site. */
static TjpConstructPlan *
get_plan(FunctionCallInfo fcinfo, bool all_text)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = make_plan(flinfo, PG_NARGS(), all_text);
	return flinfo->fn_extra;
}

/* Write a uuid as uuid_out does. */
static int
spell_uuid(const pg_uuid_t *uuid, char *scratch)
{
	static const char hex_digits[] = "0123456789abcdef";
	char			 *out = scratch;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex_digits[uuid->data[i] >> 4];
		*out++ = hex_digits[uuid->data[i] & 0x0f];
	}
	return out - scratch;
}

/*
 * The bytes of a value: returns their number and points *word to them, into
 * the value itself or into scratch.
 */
static int
spell(Datum value, TjpArgKind kind, char *scratch, const char **word)
{
	text *txt;

	*word = scratch;
	switch (kind)
	{
		case TJP_ARG_TEXT:
			txt = DatumGetTextPP(value);
			*word = VARDATA_ANY(txt);
			return VARSIZE_ANY_EXHDR(txt);
		case TJP_ARG_CSTRING:
			*word = DatumGetCString(value);
			return strlen(*word);
		case TJP_ARG_NAME:
			*word = NameStr(*DatumGetName(value));
			return strlen(*word);
		case TJP_ARG_INT2:
			return pg_itoa(DatumGetInt16(value), scratch);
		case TJP_ARG_INT4:
			return pg_ltoa(DatumGetInt32(value), scratch);
		case TJP_ARG_INT8:
			return pg_lltoa(DatumGetInt64(value), scratch);
		case TJP_ARG_UUID:
			return spell_uuid(DatumGetUUIDP(value), scratch);
	}
	pg_unreachable();
}

char *
tjp_construct_text(Oid type, Datum value)
{
	TjpArgKind	kind;
	char		scratch[SCRATCH_LEN];
	const char *word;
	int			len;

	if (!tjp_construct_kind(type, &kind))
		return NULL;
	len = spell(value, kind, scratch, &word);
	return pnstrdup(word, len);
}

/* Append one element; false if it is over a limit. */
static bool
add_element(TjpElement *elements, int *nelements, const char *type, int type_len,
			Datum id, TjpArgKind kind, char (*scratch)[SCRATCH_LEN])
{
	TjpElement *element;
	int			id_len;

	if (*nelements == TJP_MAX_ELEMENTS)
		return false;
	element = &elements[*nelements];
	id_len = spell(id, kind, scratch[*nelements], &element->id);
	if (id_len > TJP_MAX_ID_LEN)
		return false;
	element->id_len = id_len;
	element->type = type;
	element->type_len = type_len;
	element->wildcard = false;
	(*nelements)++;
	return true;
}

/* Append one element per element of an array that is not NULL. */
static bool
add_array(TjpElement *elements, int *nelements, const char *type, int type_len,
		  Datum ids, const TjpArgPlan *arg, char (*scratch)[SCRATCH_LEN])
{
	ArrayType *array = DatumGetArrayTypeP(ids);
	int		   nitems = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	char	  *item = ARR_DATA_PTR(array);
	bits8	  *nullmap = ARR_NULLBITMAP(array);

	for (int i = 0; i < nitems; i++)
	{
		if (nullmap != NULL && !(nullmap[i / 8] & (1 << (i % 8))))
			continue;
		if (!add_element(elements, nelements, type, type_len,
						 fetch_att(item, arg->elem_byval, arg->elem_len), arg->kind, scratch))
			return false;
		item = att_addlength_pointer(item, arg->elem_len, item);
		item = (char *) att_align_nominal(item, arg->elem_align);
	}
	return true;
}

TjpResource *
tjp_construct(const TjpConstructPlan *plan, const NullableDatum *args)
{
	int			last = plan->nargs - 1;
	char		key_scratch[SCRATCH_LEN];
	char		scratch[TJP_MAX_ELEMENTS][SCRATCH_LEN];
	TjpElement	elements[TJP_MAX_ELEMENTS];
	int			nelements = 0;
	const char *key;
	int			key_len;

	if (args[0].isnull || args[last].isnull)
		return NULL;
	key_len = spell(args[0].value, plan->args[0].kind, key_scratch, &key);

	for (int i = 1; i < last; i += 2)
	{
		const TjpArgPlan *arg = &plan->args[i + 1];
		char			  unused[SCRATCH_LEN];
		const char		 *type;
		int				  type_len;
		bool			  fits;

		if (args[i].isnull)
			return NULL;
		type_len = spell(args[i].value, plan->args[i].kind, unused, &type);
		if (type_len == 0 || type_len > TJP_MAX_TYPE_LEN)
			return NULL;
		if (args[i + 1].isnull)
			continue; /* not in such a container */

		if (arg->is_array)
			fits = add_array(elements, &nelements, type, type_len,
							 args[i + 1].value, arg, scratch);
		else
			fits = add_element(elements, &nelements, type, type_len,
							   args[i + 1].value, arg->kind, scratch);
		if (!fits)
			return NULL;
	}
	return tjp_resource_make(key, key_len, elements, nelements);
}

/* Build the resource that a call of tj_resource() asks for, or NULL. */
static Datum
construct_resource(FunctionCallInfo fcinfo, const TjpConstructPlan *plan)
{
	TjpResource *result = tjp_construct(plan, fcinfo->args);

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TJP_RESOURCE_P(result);
}

/* tj_resource("any", text, VARIADIC "any") */
PG_FUNCTION_INFO_V1(tj_resource_construct);
Datum
tj_resource_construct(PG_FUNCTION_ARGS)
{
	return construct_resource(fcinfo, get_plan(fcinfo, false));
}

/* tj_resource(text, text, text [, text, text]...) */
PG_FUNCTION_INFO_V1(tj_resource_construct_text);
Datum
tj_resource_construct_text(PG_FUNCTION_ARGS)
{
	return construct_resource(fcinfo, get_plan(fcinfo, true));
}

/* Build a resource without elements, or NULL. */
static Datum
construct_workspace(FunctionCallInfo fcinfo, TjpArgKind kind)
{
	FmgrInfo	*flinfo = fcinfo->flinfo;
	char		 scratch[SCRATCH_LEN];
	const char	*key;
	int			 key_len;
	TjpResource *result;

	/* the type before an implicit cast is looked at once per call site */
	if (flinfo->fn_extra == NULL)
	{
		static char checked;

		check_implicit_cast(flinfo, 0, ROLE_WORKSPACE);
		flinfo->fn_extra = &checked;
	}

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	key_len = spell(PG_GETARG_DATUM(0), kind, scratch, &key);
	result = tjp_resource_make(key, key_len, NULL, 0);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TJP_RESOURCE_P(result);
}

PG_FUNCTION_INFO_V1(tj_workspace_text);
Datum
tj_workspace_text(PG_FUNCTION_ARGS)
{
	return construct_workspace(fcinfo, TJP_ARG_TEXT);
}

PG_FUNCTION_INFO_V1(tj_workspace_int8);
Datum
tj_workspace_int8(PG_FUNCTION_ARGS)
{
	return construct_workspace(fcinfo, TJP_ARG_INT8);
}

PG_FUNCTION_INFO_V1(tj_workspace_uuid);
Datum
tj_workspace_uuid(PG_FUNCTION_ARGS)
{
	return construct_workspace(fcinfo, TJP_ARG_UUID);
}

/*
 * tj_place("any", text, VARIADIC "any"): where the thing of these arguments
 * lies, as a path that no grant on the thing itself covers: type:* in place of
 * its id, and without containers that are the thing itself (a folder that
 * names itself as its parent would be its own place).
 */
PG_FUNCTION_INFO_V1(tj_place_construct);
Datum
tj_place_construct(PG_FUNCTION_ARGS)
{
	Datum			path = construct_resource(fcinfo, get_plan(fcinfo, false));
	TjpResourceView view;
	TjpElement	   *own;
	const char	   *own_bytes;
	int				own_len;
	int				kept = 0;

	if (fcinfo->isnull)
		PG_RETURN_NULL();
	tjp_resource_view(DatumGetTjpResourceP(path), &view);
	own = &view.elements[view.nelements - 1];
	own_bytes = tjp_element_bytes(own, &own_len);
	for (int i = 0; i < view.nelements - 1; i++)
	{
		int			len;
		const char *bytes = tjp_element_bytes(&view.elements[i], &len);

		if (len != own_len || memcmp(bytes, own_bytes, len) != 0)
			view.elements[kept++] = view.elements[i];
	}
	own->wildcard = true;
	view.elements[kept++] = *own;
	PG_RETURN_TJP_RESOURCE_P(tjp_resource_make(view.key, view.key_len, view.elements, kept));
}
