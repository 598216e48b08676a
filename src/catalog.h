/*
 * src/catalog.h
 *	  Access to the tables of schema tj_perm.
 *
 * The only room that knows the names of our tables and columns.  It answers
 * what rows say under a given snapshot and decides nothing.  Every function
 * answers "no such row" while the extension's tables cannot be found.  Locks:
 * AccessShareLock on each table touched, kept to the end of the transaction.
 */
#ifndef TJP_CATALOG_H
#define TJP_CATALOG_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

#include "level.h"
#include "resource.h"

typedef enum TjpGroupKind
{
	TJP_GROUP_CUSTOM,
	TJP_GROUP_ALL_USERS,
	TJP_GROUP_ADMINS
} TjpGroupKind;

typedef struct TjpGroup
{
	int64		group_id;
	TjpGroupKind kind;
} TjpGroup;

/* One grant: [valid_from, valid_until), DT_NOBEGIN and DT_NOEND if unbounded. */
typedef struct TjpGrant
{
	TjpLevel	level;
	TimestampTz valid_from;
	TimestampTz valid_until;
} TjpGrant;

/* Keys of rows in the table of stamps that are no principals. */
#define TJP_GUARD_LAST_ADMIN	INT64CONST(-1)
#define TJP_GUARD_NESTING		INT64CONST(-2)

extern void tjp_catalog_init(void);

/*
 * workspace and user are Datums of type text, the user normalised.  The lists
 * are palloc'd lists of palloc'd structs in the current memory context.
 */
extern bool tjp_catalog_workspace(Snapshot snapshot, Datum workspace, bool *active);
extern bool tjp_catalog_member(Snapshot snapshot, Datum workspace, Datum user,
							   bool *active);
extern List *tjp_catalog_groups_of_member(Snapshot snapshot, Datum workspace,
										  Datum user);
extern List *tjp_catalog_default_groups(Snapshot snapshot, Datum workspace);
extern List *tjp_catalog_outer_groups(Snapshot snapshot, Datum workspace,
									  int64 inner_group_id);
extern List *tjp_catalog_grants_to_group(Snapshot snapshot, Datum workspace,
										 int64 group_id, Datum target);
extern List *tjp_catalog_grants_to_member(Snapshot snapshot, Datum workspace,
										  Datum user, Datum target);

extern void tjp_catalog_renew_stamp(Datum workspace, int64 group_id, Datum user);
extern bool tjp_catalog_is_renewing_stamp(void);

#endif							/* TJP_CATALOG_H */
