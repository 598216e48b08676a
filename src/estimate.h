/*
 * src/estimate.h
 *	  How many rows a policy lets through.
 */
#ifndef TJP_ESTIMATE_H
#define TJP_ESTIMATE_H

#include "postgres.h"

#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"

#include "lists.h"

/* Arguments of _can, its arms and _is_member, by position. */
enum
{
	ARM_PLANNED,
	ARM_LEVEL,
	ARM_USER,
	CAN_WORKSPACE = 3, /* _can(planned, level, user, workspace [, type, id]...) */
	ARM_TYPE = 3,
	HELD_ID, /* _held(planned, level, user, type, id, workspace, last id) */
	HELD_WORKSPACE,
	HELD_LAST,
	WITHIN_WORKSPACE = 4, /* _within(planned, level, user, type, workspace, id) */
	WITHIN_ID,
	MEMBER_USER = 1, /* _is_member(planned, user, workspace) */
	MEMBER_WORKSPACE
};

/* The types of a call of _can, as a constant of type text[]. */
extern Const *tjp_types_of_can(List *args);

/* Such a constant of these texts. */
extern Const *tjp_types_const(Datum *types, int ntypes);

extern void tjp_estimate_init(void);

/* Plans with these functions in them are being made. */
extern void tjp_estimate_planning(void);

/*
 * The share of rows that a call lets through; of an arm, or of _can beside arms,
 * the share that its index condition finds.
 */
extern Selectivity tjp_estimate_can(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_held(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_within(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_is_member(SupportRequestSelectivity *request);

/*
 * What all rows of the column's table must have as their workspace, since another
 * condition of the query says so, as in WHERE org_id = 5 beside the policy: a
 * value known before the scan, of the column's type as tjp_value_type has it, but
 * for casts that change nothing.  NULL if there is no such condition.
 */
extern Node *tjp_asked_workspace(PlannerInfo *root, Node *workspace);

/*
 * Is there a workspace of which the user whom this call of _can is planned for
 * holds all at its level; the asked one, if the query names it?
 */
extern bool tjp_estimate_has_whole(PlannerInfo *root, List *args);

/* Has the first column at least as many different values as the second? */
extern bool tjp_estimate_is_finer(PlannerInfo *root, Node *a, Node *b);

/* An expression without the casts that change no bit of it. */
extern Node *tjp_without_relabels(Node *node);

/* A column as a type that its own is binary compatible with. */
extern Node *tjp_column_as(Node *column, Oid type);

/* column = ANY (array), of a type that tjp_value_type gave. */
extern Node *tjp_equals_any(Node *column, const TjpValueType *type, Oid collation, Node *array);

#endif /* TJP_ESTIMATE_H */
