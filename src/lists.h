/*
 * src/lists.h
 *	  What index conditions of policies compare with.
 *
 * Also declares what lists, estimates and rewriting share: the functions that
 * stand in plans, and the values that a column may have.
 */
#ifndef TJP_LISTS_H
#define TJP_LISTS_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/array.h"

/* The functions that stand in plans, and the types of their first arguments. */
typedef struct TjpPlanFunctions
{
	uint64 generation;
	Oid	   can;
	Oid	   is_member;
	Oid	   held;
	Oid	   within;
	Oid	   ids;
	Oid	   workspaces;
	Oid	   lowest;
	Oid	   edge;
	Oid	   planned;
	Oid	   level;
} TjpPlanFunctions;

extern TjpPlanFunctions tjp_plan;

/*
 * Look them up, as often as something may have been redefined; false if the
 * extension is not whole.
 */
extern bool tjp_lists_find_functions(void);

/*
 * Did the planner's rewriting make this call, and may the current role execute
 * what it stands for?  Anybody can write a NULL of type _planned.  No argument
 * of a call that is not of ours must be believed; in one of ours the types, the
 * word for what is listed and the element are constants and not NULL, but for
 * the element.
 */
extern bool tjp_lists_is_planned(List *args);

/* The level of those who are members and no more, as a constant. */
extern Const *tjp_viewer_const(void);

/* What workspaces are listed. */
#define TJP_LIST_WIDE	"wide"	 /* where something needs no id */
#define TJP_LIST_HELD	"held"	 /* where an element of the type is held */
#define TJP_LIST_MEMBER "member" /* all */
#define TJP_LIST_FIRST	"first"	 /* the first or last of all */
#define TJP_LIST_LAST	"last"

/* Arguments of the lists, by position. */
enum
{
	LIST_PLANNED,
	LIST_LEVEL,
	LIST_USER,
	IDS_TYPE = 3, /* _ids(planned, level, user, type, workspace, element) */
	IDS_WORKSPACE,
	LIST_WHAT = 3, /* _workspaces(planned, level, user, what, types, element), _edge */
	LIST_TYPES,
	LOWEST_WORKSPACE /* _lowest(planned, level, user, what, types, workspace, element) */
};

/* Values of one type that are being collected. */
typedef struct TjpValues
{
	Oid	   type;
	int	   n;
	int	   allocated;
	Datum *values;
} TjpValues;

/* What is known of a type that values may have. */
typedef struct TjpValueType
{
	Oid	  type;
	Oid	  array_type;
	Oid	  equals; /* the operator of its btree families */
	Oid	  equals_function;
	int16 len;
	bool  byval;
	char  align;
} TjpValueType;

/* NULL if this is no such type (but may be a domain over one). */
extern const TjpValueType *tjp_value_type_facts(Oid type);

/* The type that values for a column or an array's elements have; 0 if none serves. */
extern Oid tjp_value_type(Oid type);

/* Add a word, if it is a value of the type; palloc'd. */
extern void	 tjp_values_add(TjpValues *values, const char *bytes, int len);
extern Datum tjp_values_array(const TjpValues *values, Oid element_type);

/* The lowest value of a type, in any collation. */
extern Datum tjp_lowest_value(Oid type);

#endif /* TJP_LISTS_H */
