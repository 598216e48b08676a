/*
 * src/construct.h
 *	  How the arguments of a tj_resource constructor are spelt.
 *
 * For those who take a constructor's arguments without making a tj_resource of
 * them (check.c), or ask whether a call could be made (support.c).
 */
#ifndef TJP_CONSTRUCT_H
#define TJP_CONSTRUCT_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

#include "resource.h"

/* How the Datum of an argument becomes bytes. */
typedef enum TjpArgKind
{
	TJP_ARG_TEXT,	 /* text, varchar */
	TJP_ARG_CSTRING, /* a literal of no type yet */
	TJP_ARG_NAME,
	TJP_ARG_INT2,
	TJP_ARG_INT4,
	TJP_ARG_INT8,
	TJP_ARG_UUID
} TjpArgKind;

/* One argument of a call site, of which elements matter only to arrays. */
typedef struct TjpArgPlan
{
	TjpArgKind kind; /* of the elements if it is an array */
	bool	   is_array;
	int16	   elem_len;
	bool	   elem_byval;
	char	   elem_align;
} TjpArgPlan;

/*
 * What is found out once per call site about the arguments workspace [, type,
 * id]...; a single argument means the workspace as a whole.
 */
typedef struct TjpConstructPlan
{
	int		   nargs;
	TjpArgPlan args[FLEXIBLE_ARRAY_MEMBER];
} TjpConstructPlan;

/*
 * Look at the nargs arguments of a call site from argument first on, whose
 * types must have been accepted by tjp_construct_accepts.  Allocated in the
 * call site's own context; raises what the constructor itself would.
 */
extern TjpConstructPlan *tjp_construct_plan(FmgrInfo *flinfo, int first, int nargs);

/*
 * The resource of these argument values, palloc'd, or NULL if they make none
 * (NULL workspace or last id, something over a limit).  No error about values.
 */
extern TjpResource *tjp_construct(const TjpConstructPlan *plan, const NullableDatum *args);

/*
 * A value of such a type as a resource spells it, palloc'd and terminated; NULL
 * if the type can be no part of a resource.
 */
extern char *tjp_construct_text(Oid type, Datum value);

/* How a type that is no array is spelt; false if it can be no part of a resource. */
extern bool tjp_construct_kind(Oid type, TjpArgKind *kind);

/*
 * Would the constructor accept these argument expressions, and are all its
 * types known now, and within their limits?  types, if not NULL, gets the text
 * Datums of the element types.
 */
extern bool tjp_construct_accepts(List *args, List **types);

#endif /* TJP_CONSTRUCT_H */
