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
#include "storage/itemptr.h"
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

/*
 * Called for each grant read, [valid_from, valid_until), DT_NOBEGIN and
 * DT_NOEND if unbounded; false stops.  resource is valid during the call.
 */
typedef bool (*TjpGrantReader)(const TjpResource *resource, TjpLevel level,
							   TimestampTz valid_from, TimestampTz valid_until,
							   void *arg);

/* Likewise, with the grantee: a group, or a user (group_id is 0), valid during the call. */
typedef bool (*TjpGranteeReader)(int64 group_id, const text *user, TjpLevel level,
								 TimestampTz valid_from, TimestampTz valid_until, void *arg);

/* Keys of rows in the table of stamps that are no principals. */
#define TJP_GUARD_LAST_ADMIN INT64CONST(-1)
#define TJP_GUARD_NESTING	 INT64CONST(-2)

extern void tjp_catalog_init(void);
extern Oid	tjp_catalog_function(const char *name);

/* Rises whenever something about our tables may have been redefined. */
extern uint64 tjp_catalog_generation(void);

/*
 * workspace and user are Datums of type text, the user normalised.  What
 * returns a number returns that many group ids in a palloc'd array.
 */
extern bool	 tjp_catalog_workspace(Snapshot snapshot, Datum workspace, bool *active);
extern bool	 tjp_catalog_member(Snapshot snapshot, Datum workspace, Datum user,
								bool *active);
extern List *tjp_catalog_workspaces_of(Snapshot snapshot, Datum user);
extern int	 tjp_catalog_all_users(Snapshot snapshot, Datum workspace, int64 **group_ids);
extern int	 tjp_catalog_groups_of_member(Snapshot snapshot, Datum workspace, Datum user,
										  int64 **group_ids);

/* All groups of a workspace, by id. */
#define TJP_FEW_GROUPS 64

typedef struct TjpFewGroups
{
	bool known;
	int	 n;
	struct
	{
		int64		 group_id;
		TjpGroupKind kind;
	} groups[TJP_FEW_GROUPS];
} TjpFewGroups;

/*
 * Read all groups of a workspace, if they are no more than limit and TJP_FEW_GROUPS,
 * groups have not been looked up by id yet, and nobody is to be told of a conflict.
 * Costs little if they are more.
 */
extern void tjp_catalog_few_groups(Snapshot snapshot, Datum workspace, int limit,
								   TjpFewGroups *few);

/*
 * What rows of the workspace say of groups: whether there is one with this id, of
 * which kind, and which groups hold it directly (palloc'd).  "few" may know it.
 */
typedef struct TjpGroupRows
{
	int64		 group_id; /* set by the caller */
	bool		 exists;
	TjpGroupKind kind;
	int			 nouter;
	int64		*outer;
} TjpGroupRows;

extern void tjp_catalog_groups(Snapshot snapshot, Datum workspace, const TjpFewGroups *few,
							   TjpGroupRows *rows, int n);

/*
 * The grants of a group, or of the user if group_id is 0; on one target, or
 * all if target is 0.  False if the reader stopped before the end.
 */
extern bool tjp_catalog_grants(Snapshot snapshot, Datum workspace, int64 group_id,
							   Datum user, Datum target,
							   TjpGrantReader reader, void *arg);

/*
 * The grants on one target, to whomever.  False if the reader stopped before the
 * end, or there is no index to find them by.
 */
extern bool tjp_catalog_grants_on(Snapshot snapshot, Datum workspace, Datum target,
								  TjpGranteeReader reader, void *arg);

/* Where the row of a stamp was found once. */
typedef struct TjpStampPlace
{
	Oid				file; /* relfilenode; InvalidOid: not known */
	ItemPointerData tid;
} TjpStampPlace;

/*
 * A stamp that is looked for: that of a member (group_id 0), a group (no user),
 * the workspace (neither), or the epoch (no workspace either).
 */
typedef struct TjpStamp
{
	const char	 *workspace;
	int			  workspace_len;
	const char	 *user;
	int			  user_len;
	int64		  group_id;
	uint32		  hash; /* tjp_catalog_hash_stamp, or 0: not computed */
	TjpStampPlace told; /* a place to look at if the catalog knows none; one in a vector */
	bool		  found;
	int64		  stamp;

	struct StampPlace *place; /* the catalog's own */
} TjpStamp;

extern uint32 tjp_catalog_hash_stamp(const TjpStamp *stamp);

/*
 * Look for a stamp; for those of groups of one workspace that are not found yet;
 * and for several, but only where they were found last: what is not found then
 * may be there all the same.
 */
extern bool tjp_catalog_stamp(Snapshot snapshot, TjpStamp *stamp);
extern void tjp_catalog_group_stamps(Snapshot snapshot, TjpStamp *stamps, int n);
extern void tjp_catalog_stamps_at_places(Snapshot snapshot, TjpStamp *stamps, int n);

/*
 * What a row says of a member of a workspace: one of members, of group_members, of
 * grants to users, or of stamps.
 */
typedef enum TjpMemberRows
{
	TJP_ROWS_OF_MEMBERS,
	TJP_ROWS_OF_MEMBERSHIPS,
	TJP_ROWS_OF_GRANTS,
	TJP_ROWS_OF_STAMPS,
	TJP_N_MEMBER_ROWS
} TjpMemberRows;

typedef struct TjpMemberRow
{
	const char	 *user; /* valid during the call */
	int			  user_len;
	bool		  active;	/* of members */
	int64		  group_id; /* of group_members */
	int64		  stamp;	/* of stamps */
	TjpStampPlace place;	/* likewise */
} TjpMemberRow;

/* Called for each row; false stops. */
typedef bool (*TjpMemberReader)(const TjpMemberRow *row, void *arg);

/*
 * All rows of one kind in the workspace.  False if the reader stopped before the end,
 * or there is no index to find just them by.
 */
extern bool tjp_catalog_each_member_row(Snapshot snapshot, Datum workspace, TjpMemberRows kind,
										TjpMemberReader reader, void *arg);

/* Has this backend asked this before about the principal, as far as it remembers? */
extern bool tjp_catalog_met_before(const TjpStamp *stamp);

/* What is remembered for these takes so many bytes; less than 1/16 of tj_perm.cache_size. */
extern Size tjp_catalog_stamp_places_size(void);

extern bool tjp_catalog_triggers_intact(Snapshot snapshot);
extern bool tjp_catalog_triggers_fire(void);
extern void tjp_catalog_renew_stamp(Datum workspace, int64 group_id, Datum user,
									bool again);
extern bool tjp_catalog_is_renewing_stamp(void);

extern void tjp_catalog_replace_group_id(int64 old_id, int64 new_id, Datum created_at);
extern bool tjp_catalog_is_replacing_group_id(void);

#endif /* TJP_CATALOG_H */
