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

/* Arguments of the arms, by position. */
enum
{
	ARM_PLANNED,
	ARM_LEVEL,
	ARM_USER,
	ARM_TYPES,			/* _wide: text[]; _held, _within: text */
	WIDE_WORKSPACE = 4, /* _wide(planned, level, user, types, workspace, last id) */
	WIDE_LAST,
	HELD_ID = 4, /* _held(planned, level, user, type, id, workspace, last id) */
	HELD_WORKSPACE,
	HELD_LAST,
	WITHIN_WORKSPACE = 4, /* _within(planned, level, user, type, workspace, id) */
	WITHIN_ID,
	BELONGS_USER = 1, /* _belongs(planned, user, workspace) */
	BELONGS_WORKSPACE
};

extern void tjp_estimate_init(void);

/* Plans with these functions in them are being made. */
extern void tjp_estimate_planning(void);

/* The share of rows that an arm lets through. */
extern Selectivity tjp_estimate_wide(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_held(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_within(SupportRequestSelectivity *request);
extern Selectivity tjp_estimate_belongs(SupportRequestSelectivity *request);

/* Has the first column at least as many different values as the second? */
extern bool tjp_estimate_is_finer(PlannerInfo *root, Node *a, Node *b);

/* btree family of uuid, whose OID has no name */
#define UUID_BTREE_FAM_OID 2968

/* A column as a type that its own is binary compatible with. */
extern Node *tjp_column_as(Node *column, Oid type);

/* column = ANY (array), of a type that tjp_value_type gave. */
extern Node *tjp_equals_any(Node *column, Oid type, Oid operator, Oid collation, Node *array);

#endif /* TJP_ESTIMATE_H */
