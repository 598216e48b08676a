/*
 * src/lists.c
 *	  What index conditions of policies compare with.
 *
 * Owns the functions _ids, _workspaces, _lowest and _edge, which run when a query
 * does, and how a word becomes a value of a column.  It must not decide what
 * belongs on a list: check.c says what a user may reach.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "cache.h"
#include "catalog.h"
#include "check.h"
#include "compat.h"
#include "construct.h"
#include "guc.h"
#include "lists.h"
#include "names.h"
#include "resource.h"
#include "rights.h"

#define MAX_EDGES_KEPT 1000 /* of one call site; each is a value of a workspace key */

/* equality of types whose operators have no names */
#define INT2_EQUAL_OPERATOR 94
#define INT8_EQUAL_OPERATOR 410
#define UUID_EQUAL_OPERATOR 2972

TjpPlanFunctions tjp_plan;

bool
tjp_lists_find_functions(void)
{
	uint64 generation = tjp_catalog_generation();
	Oid	  *arguments;
	int	   n;

	if (OidIsValid(tjp_plan.planned) && tjp_plan.generation == generation)
		return true;
	tjp_plan.planned = InvalidOid;
	tjp_plan.can = tjp_catalog_function("_can");
	tjp_plan.is_member = tjp_catalog_function("_is_member");
	tjp_plan.held = tjp_catalog_function("_held");
	tjp_plan.within = tjp_catalog_function("_within");
	tjp_plan.ids = tjp_catalog_function("_ids");
	tjp_plan.workspaces = tjp_catalog_function("_workspaces");
	tjp_plan.lowest = tjp_catalog_function("_lowest");
	tjp_plan.edge = tjp_catalog_function("_edge");
	if (!OidIsValid(tjp_plan.can) || !OidIsValid(tjp_plan.is_member) ||
		!OidIsValid(tjp_plan.held) || !OidIsValid(tjp_plan.within) ||
		!OidIsValid(tjp_plan.ids) || !OidIsValid(tjp_plan.workspaces) ||
		!OidIsValid(tjp_plan.lowest) || !OidIsValid(tjp_plan.edge))
		return false;
	(void) get_func_signature(tjp_plan.can, &arguments, &n);
	tjp_plan.level = arguments[1];
	tjp_plan.planned = arguments[0];
	tjp_plan.generation = generation;
	return true;
}

Const *
tjp_viewer_const(void)
{
	return makeConst(tjp_plan.level, -1, InvalidOid, 1,
					 TjpLevelGetDatum(TJP_LEVEL_VIEWER), false, true);
}

bool
tjp_lists_is_planned(List *args)
{
	Const *planned = linitial(args);

	return IsA(planned, Const) && planned->consttype == tjp_plan.planned &&
		   !planned->constisnull &&
		   tjp_rights_may_execute(TJP_PLANNED_FUNCTION(DatumGetInt64(planned->constvalue)));
}

/* ---- values of columns ---- */

static const TjpValueType value_types[] = {
	{INT2OID, INT2ARRAYOID, INT2_EQUAL_OPERATOR, F_INT2EQ, 2, true, TYPALIGN_SHORT},
	{INT4OID, INT4ARRAYOID, Int4EqualOperator, F_INT4EQ, 4, true, TYPALIGN_INT},
	{INT8OID, INT8ARRAYOID, INT8_EQUAL_OPERATOR, F_INT8EQ, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE},
	{TEXTOID, TEXTARRAYOID, TextEqualOperator, F_TEXTEQ, -1, false, TYPALIGN_INT},
	{UUIDOID, UUIDARRAYOID, UUID_EQUAL_OPERATOR, F_UUID_EQ, UUID_LEN, false, TYPALIGN_CHAR},
};

const TjpValueType *
tjp_value_type_facts(Oid type)
{
	for (int i = 0; i < lengthof(value_types); i++)
		if (value_types[i].type == type)
			return &value_types[i];
	return NULL;
}

Oid
tjp_value_type(Oid type)
{
	TjpArgKind kind;

	if (tjp_value_type_facts(type) != NULL)
		return type;
	type = getBaseType(type);
	if (!tjp_construct_kind(type, &kind) || kind == TJP_ARG_NAME || kind == TJP_ARG_CSTRING)
		return InvalidOid;
	return type == VARCHAROID ? TEXTOID : type;
}

/* A word as a value of such a type; false if it is no value of that. */
static bool
word_to_value(Oid type, const char *bytes, int len, Datum *value)
{
	int64	   number;
	pg_uuid_t *uuid;

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

void
tjp_values_add(TjpValues *values, const char *bytes, int len)
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

Datum
tjp_values_array(const TjpValues *values, Oid element_type)
{
	const TjpValueType *type = tjp_value_type_facts(element_type);
	int16				len;
	bool				byval;
	char				align;

	if (type != NULL)
		return PointerGetDatum(construct_array(values->values, values->n, element_type, type->len,
											   type->byval, type->align));
	get_typlenbyvalalign(element_type, &len, &byval, &align);
	return PointerGetDatum(construct_array(values->values, values->n, element_type, len, byval,
										   align));
}

Datum
tjp_lowest_value(Oid type)
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

/* What a domain is over. */
static Oid
base_type(Oid type)
{
	return tjp_value_type_facts(type) != NULL ? type : getBaseType(type);
}

/* One call site of a list, which keeps the list for rescans. */
typedef struct ListSite
{
	bool		known;
	int			times_kept;
	uint64		entered; /* what it was read under */
	uint64		settings;
	TimestampTz now;
	char		user[TJP_MAX_USER_ID_LEN];
	int			user_len;
	char		key[TJP_MAX_KEY_LEN];
	int			key_len; /* -1: all workspaces */
	TjpLevel	level;
	Datum		result;
	bool		isnull;
} ListSite;

/* What a list is made of while it is read. */
typedef struct Listing
{
	TjpValues	values;
	const char *what;
	int			ntypes;
	TjpElement *types;
	bool		found; /* anything at all */
	TjpLevel	level;

	/* for a workspace that was found by an element in it */
	const char *key;
	int			key_len;
} Listing;

/*
 * The types of a list, one text or an array in an argument, as check.c takes
 * them: the byte before each word is its length.
 */
static TjpElement *
list_types(FunctionCallInfo fcinfo, int argno, bool one, int *ntypes)
{
	Datum	   *words = &PG_GETARG_DATUM(argno);
	TjpElement *types;

	*ntypes = 1;
	if (!one)
		deconstruct_array(DatumGetArrayTypeP(PG_GETARG_DATUM(argno)), TEXTOID, -1, false,
						  TYPALIGN_INT, &words, NULL, ntypes);
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
list_id(const TjpElement *target, int weight, void *arg)
{
	Listing *listing = arg;

	if (target != NULL && !target->wildcard && is_listed_type(listing, target))
		tjp_values_add(&listing->values, target->id, target->id_len);
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
		tjp_values_add(&listing->values, key, key_len);
}

static bool
list_held_workspace(const TjpElement *target, int weight, void *arg)
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

	if (strcmp(listing->what, TJP_LIST_HELD) == 0)
	{
		listing->key = key;
		listing->key_len = key_len;
		return !view->admin;
	}
	if (strcmp(listing->what, TJP_LIST_WIDE) != 0 ||
		tjp_check_is_wide(view, listing->level, listing->ntypes, listing->types))
		list_this_workspace(listing, key, key_len);
	return false;
}

static bool
is_edge(const char *what)
{
	return strcmp(what, TJP_LIST_FIRST) == 0 || strcmp(what, TJP_LIST_LAST) == 0;
}

/* The first or last of the values, copied. */
static Datum
edge_value(FunctionCallInfo fcinfo, const Listing *listing)
{
	TypeCacheEntry *type = lookup_type_cache(listing->values.type,
											 TYPECACHE_CMP_PROC_FINFO);
	bool			last = strcmp(listing->what, TJP_LIST_LAST) == 0;
	Datum			edge = listing->values.values[0];

	for (int i = 1; i < listing->values.n; i++)
	{
		int order = DatumGetInt32(FunctionCall2Coll(&type->cmp_proc_finfo,
													fcinfo->fncollation,
													listing->values.values[i], edge));

		if (last ? order > 0 : order < 0)
			edge = listing->values.values[i];
	}
	return datumCopy(edge, type->typbyval, type->typlen);
}

/*
 * What the lists have in common; what is NULL for ids.  The result is the caller's
 * memory, or that of the call site where it serves for rescans: btree keeps pointers
 * into it, so that what was kept once is never freed.
 */
static Datum
list_for_scan(FunctionCallInfo fcinfo, Oid element_type, const char *what, int types_arg,
			  int workspace_arg, bool lowest)
{
	uint64		planned = PG_GETARG_TJP_PLANNED(LIST_PLANNED);
	ListSite   *site = fcinfo->flinfo->fn_extra;
	TimestampTz now = GetCurrentStatementStartTimestamp();
	Listing		listing = {{base_type(element_type)}};
	const char *user = NULL;
	int			user_len = 0;
	char	   *key = NULL;
	int			key_len = -1;
	bool		nothing = PG_ARGISNULL(LIST_LEVEL) ||
				   !tjp_check_planned_user(fcinfo, LIST_USER, &user, &user_len) ||
				   user_len > TJP_MAX_USER_ID_LEN;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch;
	bool		  edge = what != NULL && is_edge(what);
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
		if (!PG_ARGISNULL(workspace_arg))
			key = tjp_construct_text(get_fn_expr_argtype(fcinfo->flinfo, workspace_arg),
									 PG_GETARG_DATUM(workspace_arg));
		if (key != NULL)
			key_len = strlen(key);
		nothing = nothing || key == NULL || key_len > TJP_MAX_KEY_LEN;
	}

	if (!nothing)
		listing.level = PG_GETARG_TJP_LEVEL(LIST_LEVEL);
	if (!nothing && site->known && site->now == now && site->level == listing.level &&
		site->settings == tjp_user_id_settings &&
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
	if (types_arg >= 0)
		listing.types = list_types(fcinfo, types_arg, what == NULL, &listing.ntypes);
	if (!nothing)
		tjp_check_reach(user, user_len, key, key_len, listing.level, 0,
						what == NULL ? list_ids_of_workspace : list_workspace,
						what == NULL ? list_id : list_held_workspace, &listing);

	/*
	 * One that serves for every rescan is made once, and others are the
	 * caller's.  An edge is asked for each row, and anew by each FETCH of a
	 * cursor: some of these can be afforded.
	 */
	keep = !nothing && (planned & TJP_PLANNED_ONE_USER) != 0 &&
		   (!site->known || (edge && site->times_kept < MAX_EDGES_KEPT));
	MemoryContextSwitchTo(keep ? fcinfo->flinfo->fn_mcxt : caller);
	if (lowest && listing.found)
		result = tjp_lowest_value(element_type);
	else if (edge && listing.values.n > 0)
		result = edge_value(fcinfo, &listing);
	else if (lowest || edge)
		fcinfo->isnull = true;
	else
		result = tjp_values_array(&listing.values, element_type);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);

	if (keep)
	{
		site->entered = tjp_cache_entered();
		site->settings = tjp_user_id_settings;
		site->level = listing.level;
		site->now = now;
		memcpy(site->user, user, user_len);
		site->user_len = user_len;
		if (key_len > 0)
			memcpy(site->key, key, key_len);
		site->key_len = key_len;
		site->result = result;
		site->isnull = fcinfo->isnull;
		site->known = true;
		site->times_kept++;
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
	if (PG_ARGISNULL(LIST_PLANNED))
		PG_RETURN_NULL();
	return list_for_scan(fcinfo, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)), NULL,
						 IDS_TYPE, IDS_WORKSPACE, false);
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
	if (PG_ARGISNULL(LIST_PLANNED))
		PG_RETURN_NULL();
	return list_for_scan(fcinfo, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)),
						 TextDatumGetCString(PG_GETARG_DATUM(LIST_WHAT)), LIST_TYPES, -1, false);
}

/*
 * _lowest(planned, level, user, what, types, workspace, element): the lowest
 * value of the element's type if there is such a workspace, else NULL.
 */
PG_FUNCTION_INFO_V1(tj_perm_lowest);
Datum
tj_perm_lowest(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(LIST_PLANNED))
		PG_RETURN_NULL();
	return list_for_scan(fcinfo, get_fn_expr_rettype(fcinfo->flinfo),
						 TextDatumGetCString(PG_GETARG_DATUM(LIST_WHAT)), LIST_TYPES,
						 LOWEST_WORKSPACE, true);
}

/*
 * _edge(planned, level, user, what, element): the first or last of the
 * workspaces that the user is a member of, in the order of the element's type;
 * NULL if there is none.  Partitions are pruned by it.
 */
PG_FUNCTION_INFO_V1(tj_perm_edge);
Datum
tj_perm_edge(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(LIST_PLANNED))
		PG_RETURN_NULL();
	return list_for_scan(fcinfo, get_fn_expr_rettype(fcinfo->flinfo),
						 TextDatumGetCString(PG_GETARG_DATUM(LIST_WHAT)), -1, -1, false);
}
