/*
 * src/cache.h
 *	  What this backend remembers of the tables, and when that still holds.
 *
 * The protocol is told in src/README.md.  The cache holds facts (who is listed
 * where, what was granted) and draws no conclusion from them.
 */
#ifndef TJP_CACHE_H
#define TJP_CACHE_H

#include "postgres.h"

#include "access/xact.h"
#include "utils/snapshot.h"

#include "catalog.h"
#include "resource.h"

/* A workspace, a member or a group, as rows say under one snapshot. */
typedef struct TjpState TjpState;

typedef struct TjpWorkspaceFacts
{
	bool		 exists;
	bool		 active;
	int			 ngroups; /* groups All Users of the workspace: 0 or 1 */
	const int64 *groups;
} TjpWorkspaceFacts;

typedef struct TjpMemberFacts
{
	bool		 exists;
	bool		 active;
	int			 ngroups; /* groups whose rows list the member */
	const int64 *groups;
} TjpMemberFacts;

typedef struct TjpGroupFacts
{
	bool		 exists; /* in this workspace? */
	TjpGroupKind kind;
	int			 ngroups; /* groups whose rows hold this one */
	const int64 *groups;
} TjpGroupFacts;

/* One (workspace, user) under one snapshot; what check.c makes of the facts. */
typedef struct TjpView
{
	bool	   workspace_active;
	bool	   member; /* an active one */
	bool	   admin;  /* listed in Admins */
	int		   nprincipals;
	TjpState **principals; /* whose grants count */

	/* the cache's own */
	bool			   read;			 /* have the following been determined? */
	bool			   all_read;		 /* all grants of all principals in memory */
	bool			   workspace_grants; /* may one of them hold the workspace? */
	bool			   wildcard_grants;	 /* or a type:*? */
	int				   lookups;
	struct GrantTable *merged;
} TjpView;

/* Called for each grant on a target; false stops. */
typedef bool (*TjpGrantCallback)(TjpLevel level, TimestampTz valid_from,
								 TimestampTz valid_until, void *arg);

/*
 * Called for each grant, by its target's bytes (none: the workspace); false
 * stops.  In a sample it stands for weight grants.
 */
typedef bool (*TjpTargetCallback)(const char *target, int target_len, TjpLevel level,
								  TimestampTz valid_from, TimestampTz valid_until, int weight,
								  void *arg);

/* The workspaces that a user is an active member of. */
typedef struct TjpMembershipKey
{
	const char *key;
	int			len;
} TjpMembershipKey;

typedef struct TjpMemberships
{
	Size			 size; /* of the whole chunk, in which the keys lie too */
	int				 n;
	TjpMembershipKey keys[FLEXIBLE_ARRAY_MEMBER];
} TjpMemberships;

extern void tjp_cache_init(void);
extern void tjp_cache_change_begins(void);
extern void tjp_cache_change_done(void);
extern void tjp_cache_ddl(void);
extern bool tjp_cache_saw_ddl(void);
extern bool tjp_cache_is_dirty(void);

/* How many states were read from the tables: rises when something new is learnt. */
extern int64 tjp_cache_loads(void);

/*
 * Enter the cache with the snapshot that answers; every other call refers to
 * it, until the next one.  user is normalised.  Returns the view kept for this
 * snapshot, or NULL if none is: then the caller asks for the facts that it needs,
 * and adds the view that follows from them and from nothing else.
 */
extern TjpView	*tjp_cache_enter(Snapshot snapshot, const char *key, int key_len,
								 const char *user, int user_len);
extern TjpView	*tjp_cache_add_view(const TjpView *facts);
extern TjpState *tjp_cache_workspace(TjpWorkspaceFacts *facts);
extern TjpState *tjp_cache_member(TjpMemberFacts *facts);
extern TjpState *tjp_cache_group(int64 group_id, TjpGroupFacts *facts);

/*
 * These groups will be asked for next, in this order: read their stamps at once,
 * and what rows say of those that nothing is known of.  Returns how many of them;
 * the others must be told of later, before they are asked for.
 */
extern int tjp_cache_expect_groups(const int64 *group_ids, int n);

extern void *tjp_cache_alloc(Size size);

/* Likewise, zeroed; NULL if that would take too much of the memory. */
extern void *tjp_cache_alloc_spare(Size size);

/*
 * A number for all that is known under the entered snapshot (0: nothing), and
 * whether it is still there and the snapshot that answers is that one.  While
 * it is, pointers to memory of tjp_cache_alloc are good.
 */
extern uint64 tjp_cache_entered(void);
extern bool	  tjp_cache_is_current(uint64 entered, Snapshot snapshot);

/*
 * The same for each row of a scan: what the entered snapshot is known by, at an
 * address that stays, and whether that number is still its own and its content
 * that of the snapshot.
 */
typedef struct TjpReading
{
	uint64 id;		/* the number; 0: nothing is known */
	uint64 changes; /* tjp_cache_changes as of its start; 0: one was under way */
	uint64 used;	/* tjp_cache_clock as of when it was believed last */

	/* the start of the client's statement that it is good for; 0: any of the transaction's */
	TimestampTz good_for;

	/* the content of the snapshot */
	TransactionId  xmin;
	TransactionId  xmax;
	CommandId	   curcid;
	uint32		   xcnt;
	int32		   subxcnt;
	bool		   suboverflowed;
	bool		   taken_during_recovery;
	TransactionId *xip;
	TransactionId *subxip;
} TjpReading;

/* Rises whenever this transaction begins or has done a change of our tables. */
extern uint64 tjp_cache_changes;
extern int64  tjp_cache_hits; /* statistics */

/* Rises whenever a snapshot is looked for; who has not been used for long goes. */
extern uint64 tjp_cache_clock;

extern TjpReading *tjp_cache_reading(void);
extern bool		   tjp_cache_covers_writes(const TjpReading *reading, TransactionId xid);

static inline bool
tjp_reading_matches(const TjpReading *reading, const SnapshotData *snapshot)
{
	/* an overflowed snapshot has no copy of subxip, and does without */
	return reading->xmin == snapshot->xmin &&
		   reading->xmax == snapshot->xmax &&
		   reading->curcid == snapshot->curcid &&
		   reading->xcnt == snapshot->xcnt &&
		   reading->subxcnt == snapshot->subxcnt &&
		   reading->suboverflowed == snapshot->suboverflowed &&
		   reading->taken_during_recovery == snapshot->takenDuringRecovery &&
		   (snapshot->xcnt == 0 ||
			memcmp(reading->xip, snapshot->xip, snapshot->xcnt * sizeof(TransactionId)) == 0) &&
		   (snapshot->subxcnt <= 0 || snapshot->subxip == NULL ||
			memcmp(reading->subxip, snapshot->subxip,
				   snapshot->subxcnt * sizeof(TransactionId)) == 0);
}

/* May it be believed once more, given that its snapshot is the one that answers? */
static inline bool
tjp_reading_is_good(const TjpReading *reading)
{
	TransactionId xid;

	if (reading->changes != tjp_cache_changes ||
		(reading->good_for != 0 && reading->good_for != GetCurrentStatementStartTimestamp()))
		return false;
	xid = GetTopTransactionIdIfAny();
	return !TransactionIdIsValid(xid) || tjp_cache_covers_writes(reading, xid);
}

static inline bool
tjp_reading_is_current(TjpReading *reading, uint64 id, const SnapshotData *snapshot)
{
	if (reading->id != id || id == 0 || !tjp_reading_matches(reading, snapshot) ||
		!tjp_reading_is_good(reading))
		return false;
	/* inner queries that look for their snapshots must not make it the oldest */
	reading->used = tjp_cache_clock;
	tjp_cache_hits++;
	return true;
}

/*
 * The workspaces of the entered user, whichever workspace was entered; and whether
 * they have been read.
 */
extern const TjpMemberships *tjp_cache_memberships(void);
extern bool					 tjp_cache_knows_memberships(void);

/*
 * Read all grants of the view's principals into memory; false if they do not
 * fit.  And go through them all, whether they fit or not, whatever their
 * validity; or through a sample, of about so many of each principal whose
 * grants are in memory and name single elements only.
 */
extern bool tjp_cache_read_all(TjpView *view);
extern void tjp_cache_each_grant(TjpView *view, int sample, TjpTargetCallback callback, void *arg);

extern void tjp_cache_grants(TjpView *view, const TjpElement *element, bool of_type,
							 TjpGrantCallback callback, void *arg);

#endif /* TJP_CACHE_H */
