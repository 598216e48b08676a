/*
 * src/cache.c
 *	  What this backend remembers of the tables, and when that still holds.
 *
 * Owns states (facts about one workspace, member or group), the slots that tie
 * them to a snapshot, their memory and the dirty mark.  It must not draw any
 * conclusion from the facts: who may what is check.c's.
 *
 * Two tiers.  A *slot* belongs to one snapshot, compared by content; whatever
 * it holds was read, or proven by a stamp read, under exactly that snapshot.
 * Slots end at every abort, of a subtransaction too, and with a transaction that
 * has written.  One that only read leaves its slots to the next, which uses them
 * if its own snapshot has the same content: then nothing was committed between
 * the two.  *Shared states* stay.  Their key contains the stamp and the epoch
 * that they were built under, so a slot that reads the same stamp under its own
 * snapshot may use them: the stamp's row lock orders the writers of one
 * principal, and a snapshot that sees the stamp of one writer sees all before
 * it and none after.  Several versions of a principal live side by side.
 *
 * Shared states are neither used nor made in a dirty transaction (it has begun
 * to change a table of ours, so it may see rows before their stamp), where a
 * stamp is missing, and while the triggers that keep the stamps are not all
 * there.  The slot then reads for itself.  src/README.md has the proof.
 *
 * In a dirty transaction not even the content of a snapshot is enough: inside
 * a VOLATILE function that a statement calls for each row which it changes,
 * one snapshot after the other has the same command id and sees one row more.
 * Every change lies between its BEFORE ROW and its AFTER ROW trigger, so both
 * count, and a slot serves only while nothing is between the two and nothing
 * has begun since the slot was started.
 *
 * Failure at any point leaves complete states only: facts are collected in the
 * caller's memory first, and a state is linked when nothing can fail any more.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "cache.h"
#include "compat.h"
#include "guc.h"
#include "names.h"
#include "roster.h"

#define N_SLOTS			 4	/* snapshots in use at once: cursors, inner queries */
#define SLOT_KEPT_FOR	 60 /* seconds between two transactions that use it */
#define N_EPOCHS		 4	/* epochs whose triggers have been looked at */
#define STAMPS_AHEAD	 64 /* read together */
#define N_MEMOS			 256
#define N_VERSIONS		 8	 /* of one principal, and those that slots refer to */
#define USERS_LATELY	 8	 /* who are among them come again and again */
#define FIRST_GRANTS	 64	 /* read at once; who has more is probed first */
#define MANY_UNREAD		 4	 /* principals of whom reading is put off */
#define TARGETS_TO_READ	 8	 /* look-ups that make reading them worthwhile */
#define TARGETS_OF_FEW	 3	 /* likewise, where they are not many: those of one check */
#define FEW_GRANTEES	 32	 /* of one target */
#define OTHER_GROUPS	 8	 /* of a workspace that are read with those of a member */
#define PROBES_TO_LOAD	 32	 /* probes that make reading the rest worthwhile */
#define LOOKUPS_TO_MERGE 512 /* look-ups that make one table for all principals worthwhile */

typedef enum StateKind
{
	WORKSPACE_STATE,
	MEMBER_STATE,
	GROUP_STATE
} StateKind;

/* What a state is about. */
typedef struct StateKey
{
	int64		group_id;
	const char *bytes; /* workspace, then user */
	uint32		bytes_hash;
	uint8		kind; /* StateKind */
	uint8		workspace_len;
	uint8		user_len;
} StateKey;

StaticAssertDecl(TJP_MAX_KEY_LEN <= PG_UINT8_MAX && TJP_MAX_USER_ID_LEN <= PG_UINT8_MAX,
				 "lengths of names must fit into a byte");

/*
 * One grant, by its target within the workspace.  Few have bounds, so these stand
 * before the bytes of the target: from and until, not aligned.
 */
typedef struct Entry
{
	uint32 hash;
	uint32 target; /* offset of the target's bytes */
	uint16 target_len;
	uint8  level; /* TJP_LEVEL_NONE: unused */
	bool   bounded;
} Entry;

#define BOUNDS_LEN (2 * sizeof(TimestampTz))

/* All grants of one principal: an open-addressing table and the targets. */
typedef struct GrantTable
{
	Size   size; /* of the whole chunk */
	int	   n;
	bool   has_workspace; /* is the workspace among the targets? */
	bool   has_wildcards; /* is a type:*? */
	uint32 mask;
	Entry  entries[FLEXIBLE_ARRAY_MEMBER];
} GrantTable;

/* The table of who has none. */
static union
{
	GrantTable table;
	char	   bytes[offsetof(GrantTable, entries) + sizeof(Entry)];
} no_grants = {{sizeof(no_grants)}};

typedef enum GrantStatus
{
	GRANTS_UNREAD,
	GRANTS_READ,	/* all of them, in the table */
	GRANTS_PROBED,	/* more than FIRST_GRANTS: ask the index */
	GRANTS_TOO_MANY /* more than fit: ask the index for good */
} GrantStatus;

/* Small, since a pool's connection has thousands of them; groups and bytes of the key follow. */
struct TjpState
{
	StateKey key;

	/* what a shared state is good under; 0 in a slot's own states */
	int64  epoch;
	uint64 generation;
	int64  stamp;
	uint64 proof; /* the last Slot.proof that this was found under; 0: none */

	TjpState  *older; /* shared: the next version of the same principal */
	dlist_node lru;	  /* likewise: most recently used first */
	int		   pins;  /* likewise: slots that refer to it */

	bool   shared;
	bool   once; /* not shared since the user, or anybody, was not met before */
	bool   exists;
	bool   active;
	uint8  group_kind;	 /* TjpGroupKind */
	uint8  grant_status; /* GrantStatus */
	uint32 size;
	int	   ngroups;
	int	   probes;

	GrantTable *grants;
};

#define GROUPS_OF(state) ((int64 *) ((state) + 1))

static uint32 hash_key(const StateKey *key);
static bool	  equal_keys(const StateKey *a, const StateKey *b);

typedef struct StateRef
{
	const StateKey *key;
	TjpState	   *state;
	uint32			hash;
	char			status;
} StateRef;

#define SH_PREFIX			 states
#define SH_ELEMENT_TYPE		 StateRef
#define SH_KEY_TYPE			 const StateKey *
#define SH_KEY				 key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b)	 equal_keys(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE		   static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct ViewRef
{
	const StateKey *key; /* kind MEMBER_STATE */
	TjpView		   *view;
	uint32			hash;
	char			status;
} ViewRef;

#define SH_PREFIX			 views
#define SH_ELEMENT_TYPE		 ViewRef
#define SH_KEY_TYPE			 const StateKey *
#define SH_KEY				 key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b)	 equal_keys(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE		   static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * How a view was made, all of it from shared states: which ones were asked for, in
 * this order.  While all of them have the stamps that they are kept under, making the
 * view again would ask for the same ones and come to the same.
 */
typedef struct ViewMemo
{
	Size   size; /* of the whole chunk */
	bool   workspace_active;
	bool   member;
	bool   admin;
	int	   n;
	uint64 principals; /* which of the steps */
	struct MemoStep
	{
		TjpState *state; /* the first one is the member */
		uint32	  stamp_hash;
	} steps[FLEXIBLE_ARRAY_MEMBER];
} ViewMemo;

/* Shared states that a view of a slot refers to, beside those in its table. */
typedef struct PinnedStates
{
	struct PinnedStates *next;
	int					 n;
	TjpState			*states[FLEXIBLE_ARRAY_MEMBER];
} PinnedStates;

/* One snapshot and all that is known under it. */
typedef struct Slot
{
	TjpReading reading; /* first; id: in use if it is not 0, and never used twice in a backend */

	/* left by an earlier transaction: its changes then; 0: of this transaction */
	uint64		kept_changes;
	TimestampTz matched_at;	  /* when it was last searched for, by slot_time */
	Size		taken_bytes;  /* of its memory, as it was when this transaction took it */
	Size		pinned_bytes; /* of shared states, at most */

	TransactionId xid;	   /* top-level, as of its start; usually none */
	bool		  counted; /* did the triggers that count fire then? */
	bool		  shares;  /* may use and make shared states */
	bool		  first;   /* might, but is the backend's first */
	bool		  cramped; /* grants of a state of its own did not fit */
	bool		  spent;   /* to be started anew: then that state is shared */
	int64		  epoch;
	uint64		  generation; /* of the catalog, as of the epoch */
	uint64		  proof;	  /* the same for as long as the content is, and all else that counts */
	MemoryContext context;
	states_hash	 *states;  /* NULL: none */
	uint64		  nplaces; /* of states: one that could not grow takes itself for larger */
	PinnedStates *pinned;
	views_hash	 *views; /* NULL: none yet */
	ViewRef		  last_view;

	/* where the ids of the reading are; kept from one use to the next */
	TransactionId *xids;
	uint32		   nxids;

	/* the workspaces of the user who was asked for last */
	const TjpMemberships *memberships;
	char				  memberships_user[TJP_MAX_USER_ID_LEN];
	int					  memberships_user_len;
} Slot;

/* Statistics of this backend. */
static struct
{
	int64 validations; /* shared states proven by a stamp */
	int64 loads;	   /* states read from the tables */
	int64 evictions;
	int64 probes; /* grants asked of the index */
} stats;

static MemoryContext cache_context = NULL;	/* shared states */
static MemoryContext grants_context = NULL; /* below it: their grants */
static states_hash	*shared_states = NULL;	/* the newest version of each */
static int64		 nshared = 0;			/* of all versions */
static dlist_head	 lru = DLIST_STATIC_INIT(lru);
static Size			 shared_bytes = 0;
static TjpState		*unlinked = NULL; /* being linked; a failure leaves it here */
static ViewMemo		*memos[N_MEMOS];  /* by the hash of what they are for */
static int			 nmemos = 0;

static Slot	  slots[N_SLOTS];
static uint64 slot_ids = 0;
static bool	  slot_was_started = false;

uint64 tjp_cache_clock = 0;

/*
 * Changes of our tables by the current transaction: rows whose BEFORE trigger
 * has fired, and rows whose AFTER trigger has.  Dirty: there are any.
 */
static uint64 changes_begun = 0;
static uint64 changes_done = 0;
static bool	  ddl_in_transaction = false;
uint64		  tjp_cache_changes = 1;

int64 tjp_cache_hits = 0; /* checks answered by what a slot has */

static struct
{
	bool   known;
	int64  epoch;
	uint64 generation;
	bool   intact;
} epochs[N_EPOCHS];
static int next_epoch = 0;

/* What tjp_cache_enter was called with. */
static Slot	   *entered_slot;
static Snapshot entered_snapshot;
static StateKey entered_key;
static uint32	entered_workspace_hash; /* of the bytes of the workspace alone */

/*
 * Stamps of what was entered, read under that snapshot before they are asked
 * for: several are cheaper together.  They are asked for in this order.
 */
static struct
{
	int		  n;
	int		  next;
	ViewMemo *memo;	  /* whose steps' stamps are the last ones */
	bool	  proven; /* they need none */
	TjpStamp  stamps[STAMPS_AHEAD];

	/* likewise, what rows say of groups that nothing is known of */
	int			 ngroups;
	TjpGroupRows groups[STAMPS_AHEAD];

	/* what the row of the member says, and how many groups list them */
	bool member_known;
	bool member_exists;
	bool member_active;
	int	 nlisting;

	/* and all groups of the workspace */
	TjpFewGroups few;
} ahead;

/* The states that were asked for since what is entered was. */
static struct
{
	int		  n; /* more than there is room for: not remembered */
	bool	  shared;
	TjpState *states[STAMPS_AHEAD];
} steps;

static uint32
hash_key(const StateKey *key)
{
	uint32 h = key->bytes_hash;

	h = hash_combine(h, (uint32) key->workspace_len * 4 + key->kind);
	h = hash_combine(h, murmurhash32((uint32) key->group_id));
	return h;
}

static bool
equal_keys(const StateKey *a, const StateKey *b)
{
	return a->kind == b->kind &&
		   a->group_id == b->group_id &&
		   a->workspace_len == b->workspace_len &&
		   a->user_len == b->user_len &&
		   memcmp(a->bytes, b->bytes, a->workspace_len + a->user_len) == 0;
}

/*
 * Memory for what is needed on the way to an answer; emptied by the next call.
 * Returns the caller's context.
 */
static MemoryContext
enter_scratch(void)
{
	static MemoryContext scratch = NULL;

	if (scratch == NULL)
		scratch = AllocSetContextCreate(CacheMemoryContext, "tj_perm scratch",
										ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(scratch);
	return MemoryContextSwitchTo(scratch);
}

/*
 * The parts of tj_perm.cache_size, in bytes: what shared states use at most beside
 * rosters, what they take from the system at most (freed chunks of one size are of no
 * use for another), and what one slot may always take.  Together with the places of
 * stamps the whole.
 */
static Size
shared_limit(void)
{
	Size part = (Size) tjp_cache_size * 1024 / 16;

	return 9 * part - Min(tjp_roster_size(), 4 * part);
}

static Size
allocated_limit(void)
{
	return shared_limit() + (Size) tjp_cache_size * 1024 / 8;
}

static Size
slot_limit(void)
{
	/* no context takes less */
	return Max((Size) tjp_cache_size * 1024 / 4 / N_SLOTS, ALLOCSET_DEFAULT_INITSIZE);
}

static Size
slot_bytes(const Slot *slot)
{
	return MemoryContextMemAllocated(slot->context, false);
}

static Size
bytes_of_others(const Slot *slot)
{
	Size bytes = 0;

	for (int i = 0; i < N_SLOTS; i++)
		if (&slots[i] != slot && slots[i].context != NULL)
			bytes += slot_bytes(&slots[i]);
	return bytes;
}

/*
 * What a slot may take: its own part, and what the others leave of theirs, but for one
 * part: what is started next must not drive out a slot that goes on after it.
 */
static Size
room_of_slot(const Slot *slot)
{
	Size whole = (N_SLOTS - 1) * slot_limit();
	Size others = bytes_of_others(slot);

	return Max(slot_limit(), whole - Min(others, whole));
}

static bool
slot_is_too_large(const Slot *slot)
{
	return slot_bytes(slot) >
		   Max(room_of_slot(slot), 2 * ALLOCSET_DEFAULT_INITSIZE);
}

/* ---- slots ---- */

/*
 * Let go of the states that a slot refers to, and of its memory.  What it is stays, and
 * so does what it has proven of shared states.
 */
static void
empty_slot(Slot *slot)
{
	for (uint64 i = 0; slot->states != NULL && i < slot->nplaces; i++)
	{
		const StateRef *ref = &slot->states->data[i];

		if (ref->status == states_SH_IN_USE && ref->state->shared)
			ref->state->pins--;
	}
	for (const PinnedStates *pinned = slot->pinned; pinned != NULL; pinned = pinned->next)
		for (int i = 0; i < pinned->n; i++)
			pinned->states[i]->pins--;
	slot->states = NULL;
	slot->pinned = NULL;
	slot->views = NULL;
	slot->last_view.view = NULL;
	slot->memberships = NULL;
	slot->reading.id = ++slot_ids;
	slot->taken_bytes = 0;
	slot->pinned_bytes = 0;
	slot->cramped = false;
	slot->spent = false;
	if (slot->context != NULL)
		MemoryContextReset(slot->context);
}

static void
clear_slot(Slot *slot)
{
	empty_slot(slot);
	slot->reading.id = 0;
	slot->reading.good_for = 0;
	slot->kept_changes = 0;
	slot->proof = 0;
}

/* No allocation, no catalog access: called while transactions end. */
static void
clear_slots(void)
{
	int i;

	for (i = 0; i < N_SLOTS; i++)
		if (slots[i].reading.id != 0)
			clear_slot(&slots[i]);
	entered_slot = NULL;
}

/* Of those that earlier transactions left, and this one has not taken.  Likewise. */
static void
empty_left_slots(void)
{
	for (int i = 0; i < N_SLOTS; i++)
		if (slots[i].reading.id != 0 && slots[i].kept_changes != 0)
			empty_slot(&slots[i]);
}

/*
 * By which clock a slot ages: a statement's start, and where a procedure commits
 * again and again, the transaction's.
 */
static TimestampTz
slot_time(void)
{
	return Max(GetCurrentStatementStartTimestamp(), GetCurrentTransactionStartTimestamp());
}

/* Has it left enough of what it may take, for the next transaction to go on from it? */
static bool
slot_has_room(const Slot *slot)
{
	return slot_bytes(slot) <=
			   Max(slot_limit() / 4, ALLOCSET_DEFAULT_INITSIZE) &&
		   slot->pinned_bytes <= shared_limit() / 4;
}

/*
 * A transaction has committed that wrote nothing: what it learnt is true of any
 * snapshot with the same content, whoever takes it.  Until take_slot has looked at
 * a slot that is left it is not good for anybody.  Likewise.
 */
static void
leave_slots(void)
{
	for (int i = 0; i < N_SLOTS; i++)
	{
		Slot *slot = &slots[i];

		if (slot->reading.id == 0 || slot->kept_changes != 0)
			continue;
		/* there is more room for what is shared, as a user is from the second time on */
		if (slot->shares && (slot->cramped || !slot_has_room(slot)))
			empty_slot(slot);
		if ((slot->shares || slot->first) && !slot->cramped && slot_has_room(slot) &&
			slot->reading.changes == tjp_cache_changes)
		{
			slot->kept_changes = slot->reading.changes;
			slot->reading.changes = 0;
			slot->reading.good_for = 0;
		}
		else
			clear_slot(slot);
	}
	entered_slot = NULL;
}

/*
 * Has nothing about our tables been redefined since the slot was started?  No lock
 * keeps others from it where a slot was taken, and TRUNCATE and what rewrites a
 * table take rows away from snapshots that saw them.
 */
static bool
is_defined_as_before(const Slot *slot)
{
	AcceptInvalidationMessages();
	return slot->generation == tjp_catalog_generation();
}

/*
 * May this transaction use a slot that an earlier one left, its snapshot having the
 * same content?  Between the two snapshots no transaction with an id has ended, so
 * they see the same rows of others, and neither of the two transactions has rows of its
 * own.  Not where a snapshot lasts longer than a statement, and reading stamps may be
 * what tells others of a conflict.  The time keeps the ids that are compared from coming
 * round again.
 */
static bool
take_slot(Slot *slot)
{
	TimestampTz now = slot_time();

	if (slot->kept_changes != tjp_cache_changes ||
		TransactionIdIsValid(GetTopTransactionIdIfAny()) ||
		IsolationUsesXactSnapshot() ||
		!is_defined_as_before(slot) ||
		now < slot->matched_at ||
		now > slot->matched_at + SLOT_KEPT_FOR * USECS_PER_SEC ||
		!slot_has_room(slot))
		return false;
	slot->taken_bytes = slot_bytes(slot);
	slot->reading.changes = slot->kept_changes;
	slot->reading.good_for = GetCurrentStatementStartTimestamp();
	slot->kept_changes = 0;
	return true;
}

static bool
slot_matches(const Slot *slot, const SnapshotData *snapshot)
{
	return slot->reading.id != 0 && tjp_reading_matches(&slot->reading, snapshot);
}

/*
 * Is the current transaction free of changes to our tables?  A parallel worker
 * does not know what its leader has done; a leader without a transaction id has
 * changed nothing.
 */
static bool
transaction_is_clean(void)
{
	if (changes_begun > 0 || ddl_in_transaction)
		return false;
	return !IsParallelWorker() || !TransactionIdIsValid(GetTopTransactionIdIfAny());
}

/*
 * Where this transaction has written anything, changes of our tables must be
 * sure to be counted: all triggers that count fired for it when the slot was
 * started, and nothing has been redefined since.
 */
bool
tjp_cache_covers_writes(const TjpReading *reading, TransactionId xid)
{
	const Slot *slot = (const Slot *) reading;

	return IsParallelWorker() ||
		   (slot->xid == xid && slot->counted && slot->generation == tjp_catalog_generation());
}

/*
 * Do the triggers keep the stamps, as of this epoch?  Every DDL on our tables
 * renews the epoch in its own transaction.  The generation is a second line,
 * for DDL while event triggers are off: it rises with invalidations of the
 * relcache, so it may come late but comes.
 */
static bool
triggers_intact(Snapshot snapshot, int64 epoch, uint64 generation)
{
	int	 i;
	bool intact;

	for (i = 0; i < N_EPOCHS; i++)
		if (epochs[i].known && epochs[i].epoch == epoch && epochs[i].generation == generation)
			return epochs[i].intact;
	intact = tjp_catalog_triggers_intact(snapshot);
	epochs[next_epoch].epoch = epoch;
	epochs[next_epoch].generation = generation;
	epochs[next_epoch].intact = intact;
	epochs[next_epoch].known = true;
	next_epoch = (next_epoch + 1) % N_EPOCHS;
	return intact;
}

/* By what a slot knows the entered workspace, the entered member, or a group. */
static StateKey
state_key(StateKind kind, int64 group_id)
{
	StateKey key = entered_key;

	key.kind = kind;
	key.group_id = group_id;
	if (kind != MEMBER_STATE)
	{
		key.user_len = 0;
		key.bytes_hash = entered_workspace_hash;
	}
	return key;
}

/* What is looked for in the table of stamps. */
static TjpStamp
make_stamp(const char *bytes, int workspace_len, int user_len, int64 group_id)
{
	TjpStamp stamp = {0};

	stamp.workspace = bytes;
	stamp.workspace_len = workspace_len;
	stamp.user = bytes + workspace_len;
	stamp.user_len = user_len;
	stamp.group_id = group_id;
	return stamp;
}

/* The roster that would tell of the entered user. */
static TjpRosterKey
roster_key(void)
{
	TjpRosterKey key = {0};

	if (entered_slot != NULL)
	{
		key.epoch = entered_slot->epoch;
		key.generation = entered_slot->generation;
		key.proof = entered_slot->proof;
	}
	key.workspace = entered_key.bytes;
	key.workspace_len = entered_key.workspace_len;
	key.workspace_hash = entered_workspace_hash;
	return key;
}

static bool
find_in_roster(TjpRosterMember *member)
{
	TjpRosterKey key = roster_key();

	return tjp_roster_find(&key, entered_key.bytes + entered_key.workspace_len,
						   entered_key.user_len, member);
}

/* The memo for what is entered; NULL if there is none. */
static ViewMemo *
find_memo(void)
{
	ViewMemo	   *memo = memos[entered_key.bytes_hash % N_MEMOS];
	const StateKey *key;

	if (memo == NULL)
		return NULL;
	key = &memo->steps[0].state->key;
	if (key->workspace_len != entered_key.workspace_len ||
		key->user_len != entered_key.user_len ||
		memcmp(key->bytes, entered_key.bytes, key->workspace_len + key->user_len) != 0)
		return NULL;
	return memo;
}

/*
 * The shared state that the entered slot has proven before; NULL if there is none.
 * Where a slot was emptied since, no stamp need be read again.
 */
static TjpState *
find_proven(const StateKey *key)
{
	StateRef *ref;

	if (entered_slot == NULL || !entered_slot->shares || shared_states == NULL)
		return NULL;
	ref = states_lookup(shared_states, key);
	for (TjpState *state = ref != NULL ? ref->state : NULL; state != NULL; state = state->older)
		if (state->proof == entered_slot->proof)
			return state;
	return NULL;
}

/* Does the entered slot need no stamp for this? */
static bool
is_known(const StateKey *key)
{
	return (entered_slot->states != NULL && states_lookup(entered_slot->states, key) != NULL) ||
		   find_proven(key) != NULL;
}

static bool
memo_is_proven(const ViewMemo *memo)
{
	for (int i = 0; i < memo->n; i++)
		if (memo->steps[i].state->proof != entered_slot->proof)
			return false;
	return true;
}

/*
 * Read ahead the stamps of the entered user and workspace, and of all else that
 * the view was made from last; and the epoch, first.
 */
static void
read_stamps_ahead(bool epoch, bool principals)
{
	const StateKey *key = &entered_key;

	ahead.n = 0;
	ahead.next = 0;
	ahead.memo = principals ? find_memo() : NULL;
	ahead.proven = ahead.memo != NULL && !epoch && memo_is_proven(ahead.memo);
	if (ahead.proven)
		return;
	if (epoch)
		ahead.stamps[ahead.n++] = make_stamp("", 0, 0, 0);
	if (ahead.memo != NULL)
		for (int i = 0; i < ahead.memo->n; i++)
		{
			const StateKey *step = &ahead.memo->steps[i].state->key;

			ahead.stamps[ahead.n] = make_stamp(key->bytes, key->workspace_len, step->user_len,
											   step->group_id);
			ahead.stamps[ahead.n++].hash = ahead.memo->steps[i].stamp_hash;
		}
	else if (principals && key->workspace_len > 0)
	{
		StateKey		workspace = state_key(WORKSPACE_STATE, 0);
		TjpRosterMember member;
		bool			listed = find_in_roster(&member);

		if (epoch || !((listed && member.proof == entered_slot->proof) || is_known(key)))
		{
			ahead.stamps[ahead.n] = make_stamp(key->bytes, key->workspace_len, key->user_len, 0);
			if (listed)
				ahead.stamps[ahead.n].told = member.place;
			ahead.n++;
		}
		if (epoch || !is_known(&workspace))
			ahead.stamps[ahead.n++] = make_stamp(key->bytes, key->workspace_len, 0, 0);
	}
	if (ahead.n > 0)
		tjp_catalog_stamps_at_places(entered_snapshot, ahead.stamps, ahead.n);
}

/*
 * The stamp of a principal of the entered workspace, as read ahead or read now
 * where it was last.
 */
static TjpStamp
find_stamp(const StateKey *key)
{
	TjpStamp stamp = make_stamp(key->bytes, key->workspace_len, key->user_len, key->group_id);

	while (ahead.next < ahead.n)
	{
		const TjpStamp *read = &ahead.stamps[ahead.next++];

		if (read->group_id != stamp.group_id || read->user_len != stamp.user_len ||
			read->workspace_len != stamp.workspace_len)
			continue;
		/* its bytes may have been those of a state that has gone since */
		stamp.hash = read->hash;
		stamp.found = read->found;
		stamp.stamp = read->stamp;
		return stamp;
	}
	tjp_catalog_stamps_at_places(entered_snapshot, &stamp, 1);
	return stamp;
}

/*
 * A slot is to be started: one that has taken more than its part goes, if its part is
 * not left otherwise.
 */
static void
make_room_for_slot(const Slot *slot)
{
	for (int i = 0; i < N_SLOTS; i++)
		if (&slots[i] != slot && slots[i].reading.id != 0 &&
			slot_bytes(&slots[i]) > slot_limit() &&
			bytes_of_others(slot) > (N_SLOTS - 1) * slot_limit())
			clear_slot(&slots[i]);
}

/*
 * Read the epoch of a new slot; may it share?
 */
static bool
reads_epoch(Slot *slot, Snapshot snapshot)
{
	bool found;

	/*
	 * The epoch is the first entry of every vector of stamps.  The generation
	 * comes after the lock that reading it takes, so that it is current.
	 */
	read_stamps_ahead(true, transaction_is_clean());
	found = ahead.stamps[0].found || tjp_catalog_stamp(snapshot, &ahead.stamps[0]);
	slot->epoch = ahead.stamps[0].stamp;
	slot->generation = tjp_catalog_generation();

	/*
	 * What a transaction says of itself holds only if its changes are counted:
	 * under REPEATABLE READ another session may have switched the triggers off,
	 * whatever the snapshot says of them.
	 */
	return found && slot->counted && transaction_is_clean() &&
		   triggers_intact(snapshot, slot->epoch, slot->generation);
}

/* Memory for the ids of a snapshot, beside that of the slot, which is emptied now and then. */
static void
make_room_for_xids(Slot *slot, uint32 n)
{
	if (slot->xids != NULL && n <= slot->nxids && slot->nxids <= Max(8 * n, 256))
		return;
	if (slot->xids != NULL)
		pfree(slot->xids);
	slot->xids = NULL;
	slot->nxids = 0;
	n = Max(2 * n, 16);
	slot->xids = MemoryContextAlloc(CacheMemoryContext, n * sizeof(TransactionId));
	slot->nxids = n;
}

/*
 * Start a slot for the snapshot.
 */
static void
start_slot(Slot *slot, Snapshot snapshot)
{
	TjpReading *reading = &slot->reading;

	clear_slot(slot);
	make_room_for_slot(slot);
	if (slot->context == NULL)
		slot->context = AllocSetContextCreate(CacheMemoryContext, "tj_perm snapshot",
											  ALLOCSET_DEFAULT_SIZES);
	reading->xmin = snapshot->xmin;
	reading->xmax = snapshot->xmax;
	reading->curcid = snapshot->curcid;
	reading->xcnt = snapshot->xcnt;
	reading->subxcnt = snapshot->subxcnt;
	reading->suboverflowed = snapshot->suboverflowed;
	reading->taken_during_recovery = snapshot->takenDuringRecovery;
	make_room_for_xids(slot, snapshot->xcnt + Max(snapshot->subxcnt, 0));
	reading->xip = slot->xids;
	if (snapshot->xcnt > 0)
		memcpy(reading->xip, snapshot->xip, snapshot->xcnt * sizeof(TransactionId));
	reading->subxip = slot->xids + snapshot->xcnt;
	/* an overflowed snapshot has no copy of them, and does without */
	if (snapshot->subxcnt > 0 && snapshot->subxip != NULL)
		memcpy(reading->subxip, snapshot->subxip, snapshot->subxcnt * sizeof(TransactionId));

	slot->xid = GetTopTransactionIdIfAny();
	/* rows may have been changed while the triggers that count were off */
	reading->changes = changes_begun == changes_done && !ddl_in_transaction ? tjp_cache_changes : 0;
	slot->counted = !TransactionIdIsValid(slot->xid) || IsParallelWorker() ||
					tjp_catalog_triggers_fire();

	/*
	 * On a standby our locks keep nobody from replacing an index: REINDEX
	 * CONCURRENTLY waits for the sessions of the primary only.  What the
	 * snapshot sees without the old index was replayed after the message that
	 * tells of it.
	 */
	if (TransactionStartedDuringRecovery())
		AcceptInvalidationMessages();

	/*
	 * A new connection may be asked once and no more: what its first snapshot sees
	 * is read without the stamps by which others could use it.
	 */
	slot->first = !slot_was_started && transaction_is_clean() && slot->counted;
	slot_was_started = true;
	slot->shares = !slot->first && reads_epoch(slot, snapshot);
	if (slot->first)
		slot->generation = tjp_catalog_generation();
	slot->proof = reading->id = ++slot_ids;
}

/*
 * The slot of a snapshot, started if there is none.
 */
static Slot *
find_slot(Snapshot snapshot)
{
	Slot *slot = NULL;
	int	  i;

	for (i = 0; i < N_SLOTS; i++)
		if (slot_matches(&slots[i], snapshot))
		{
			slot = &slots[i];
			break;
		}

	/* a cursor may have been fetched from before something was redefined */
	if (slot != NULL && slot->reading.good_for != 0 && is_defined_as_before(slot))
		slot->reading.good_for = GetCurrentStatementStartTimestamp();
	if (slot != NULL &&
		((slot->kept_changes != 0 && !take_slot(slot)) ||
		 !tjp_reading_is_good(&slot->reading)))
		start_slot(slot, snapshot);
	else if (slot != NULL && (slot_is_too_large(slot) || slot->spent))
	{
		if (slot->shares)
			empty_slot(slot);
		else
			start_slot(slot, snapshot);
	}

	if (slot == NULL)
	{
		slot = &slots[0];
		for (i = 1; i < N_SLOTS && slot->reading.id != 0; i++)
			if (slots[i].reading.id == 0 || slots[i].reading.used < slot->reading.used)
				slot = &slots[i];
		start_slot(slot, snapshot);
	}
	if (slot->views == NULL)
		slot->views = views_create(slot->context, 4, NULL);
	slot->reading.used = ++tjp_cache_clock;
	slot->matched_at = slot_time();
	return slot;
}

static void
transaction_ended(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			if (event == XACT_EVENT_COMMIT && transaction_is_clean() &&
				!TransactionIdIsValid(GetTopTransactionIdIfAny()))
				leave_slots();
			else
				clear_slots();
			changes_begun = changes_done = 0;
			ddl_in_transaction = false;
			break;
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
	}
}

static void
subtransaction_ended(SubXactEvent event, SubTransactionId mySubid,
					 SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		clear_slots();
}

void
tjp_cache_init(void)
{
	RegisterXactCallback(transaction_ended, NULL);
	RegisterSubXactCallback(subtransaction_ended, NULL);
}

/*
 * A row of ours is about to change.  From now on to the end of the top-level
 * transaction nothing is shared; a savepoint that is rolled back does not take
 * this back, since what was computed meanwhile may have seen the change.
 */
void
tjp_cache_change_begins(void)
{
	changes_begun++;
	tjp_cache_changes++;
}

/*
 * The row has been changed.  Where this never comes (ON CONFLICT, an error
 * that was caught) nothing is kept to the end of the transaction.
 */
void
tjp_cache_change_done(void)
{
	changes_done++;
	tjp_cache_changes++;
}

/*
 * DDL on our tables in this transaction: it may switch the triggers off.
 */
void
tjp_cache_ddl(void)
{
	ddl_in_transaction = true;
	tjp_cache_changes++;
}

bool
tjp_cache_saw_ddl(void)
{
	return ddl_in_transaction;
}

bool
tjp_cache_is_dirty(void)
{
	return changes_begun > 0 || ddl_in_transaction;
}

int64
tjp_cache_loads(void)
{
	return stats.loads;
}

/* ---- states ---- */

static void
forget_memo(ViewMemo **memo)
{
	if (*memo == NULL)
		return;
	if (ahead.memo == *memo)
		ahead.memo = NULL;
	shared_bytes -= (*memo)->size;
	pfree(*memo);
	*memo = NULL;
	nmemos--;
}

static void
forget_memos(void)
{
	for (int i = 0; nmemos > 0 && i < N_MEMOS; i++)
		forget_memo(&memos[i]);
}

static void
free_state(TjpState *state)
{
	shared_bytes -= state->size;
	if (state->grants != NULL && state->grants != &no_grants.table)
	{
		shared_bytes -= state->grants->size;
		pfree(state->grants);
	}
	pfree(state);
}

/* Take a shared state out of the table. */
static void
unlink_shared(TjpState *state)
{
	StateRef  *ref = states_lookup(shared_states, &state->key);
	TjpState **place = &ref->state;

	while (*place != state)
		place = &(*place)->older;
	*place = state->older;
	if (ref->state != NULL)
		ref->key = &ref->state->key;
	else
		states_delete(shared_states, &state->key);
	dlist_delete(&state->lru);
	nshared--;
}

static void
forget_memos_of(const TjpState *state)
{
	for (int i = 0; nmemos > 0 && i < N_MEMOS; i++)
		for (int k = 0; memos[i] != NULL && k < memos[i]->n; k++)
			if (memos[i]->steps[k].state == state)
				forget_memo(&memos[i]);
}

/*
 * Let the older versions of a principal go, but for those that a slot refers to: each
 * search goes through all of them.
 */
static void
forget_older_versions(const TjpState *newest)
{
	TjpState *older = newest->older;

	for (int n = 2; older != NULL; n++)
	{
		TjpState *state = older;

		older = state->older;
		if (n <= N_VERSIONS || state->pins > 0)
			continue;
		forget_memos_of(state);
		unlink_shared(state);
		free_state(state);
		stats.evictions++;
	}
}

/*
 * Make room: the least recently used states go, but for those that a slot
 * refers to.
 */
static void
evict_down_to(Size limit)
{
	dlist_node *node;

	if (shared_bytes <= limit || dlist_is_empty(&lru))
		return;
	/* they refer to any state */
	empty_left_slots();
	forget_memos();
	node = dlist_tail_node(&lru);
	while (shared_bytes > limit)
	{
		TjpState   *state = dlist_container(TjpState, lru, node);
		dlist_node *previous = dlist_has_prev(&lru, node) ? dlist_prev_node(&lru, node) : NULL;

		if (state->pins == 0)
		{
			unlink_shared(state);
			free_state(state);
			stats.evictions++;
		}
		if (previous == NULL)
			break;
		node = previous;
	}
}

/* The stamp that a state is shared under. */
static int64
shared_stamp(const TjpStamp *stamp)
{
#ifdef TJP_TEST_NO_VALIDATION
	/* negative control: whatever was built once is believed for ever */
	return 0;
#else
	return stamp->stamp;
#endif
}

/*
 * A state with these facts: in the slot's memory, or shared if a stamp is given.  If
 * groups is NULL they are for the caller to fill in.
 */
static TjpState *
make_state(const StateKey *key, const TjpStamp *stamp, bool exists, bool active,
		   TjpGroupKind kind, int ngroups, const int64 *groups)
{
	Size	  bytes_len = key->workspace_len + key->user_len;
	Size	  size = sizeof(TjpState) + ngroups * sizeof(int64) + bytes_len;
	bool	  shared = stamp != NULL;
	TjpState *state;
	char	 *bytes;

	state = MemoryContextAllocZero(shared ? cache_context : entered_slot->context, size);
	if (groups != NULL && ngroups > 0)
		memcpy(GROUPS_OF(state), groups, ngroups * sizeof(int64));
	bytes = (char *) (GROUPS_OF(state) + ngroups);
	memcpy(bytes, key->bytes, bytes_len);
	state->key = *key;
	state->key.bytes = bytes;
	state->shared = shared;
	if (shared)
	{
		state->epoch = entered_slot->epoch;
		state->generation = entered_slot->generation;
		state->stamp = shared_stamp(stamp);
		state->proof = entered_slot->proof;
	}
	state->exists = exists;
	state->active = active;
	state->group_kind = kind;
	state->ngroups = ngroups;
	state->grant_status = GRANTS_UNREAD;
	state->size = shared ? GetMemoryChunkSpace(state) : size;
	return state;
}

/*
 * Put a shared state into the table.  A table that could not grow takes itself for
 * larger than it is; tjp_cache_enter then starts with a new one.
 */
static void
link_shared(TjpState *state)
{
	StateRef *ref;
	bool	  found;

	unlinked = state;
	ref = states_insert(shared_states, &state->key, &found);
	unlinked = NULL;
	state->older = found ? ref->state : NULL;
	ref->key = &state->key;
	ref->state = state;
	nshared++;
	dlist_push_head(&lru, &state->lru);
	shared_bytes += state->size;
	forget_older_versions(state);
}

/* Forget all shared states at once, and give their memory back. */
static void
drop_shared_states(void)
{
	clear_slots();
	stats.evictions += nshared;
	nshared = 0;
	MemoryContextDelete(cache_context);
	cache_context = NULL;
	grants_context = NULL;
	memset(memos, 0, sizeof(memos));
	nmemos = 0;
	ahead.memo = NULL;
	shared_states = NULL;
	unlinked = NULL;
	shared_bytes = 0;
	dlist_init(&lru);
}

static void
make_shared_table(void)
{
	/* small blocks, since a block is given back only as a whole */
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext, "tj_perm cache",
											  0, 8 * 1024, 64 * 1024);
	/* most tables are blocks by themselves: that is less than the next power of 2 */
	if (grants_context == NULL)
		grants_context = AllocSetContextCreate(cache_context, "tj_perm grants",
											   0, 1024, 1024);
	if (shared_states == NULL)
		shared_states = states_create(cache_context, 64, NULL);
}

static Datum
text_datum(const char *bytes, int len)
{
	return PointerGetDatum(cstring_to_text_with_len(bytes, len));
}

/* Is the entered user a member, and an active one?  The row is read once. */
static bool
read_member(const StateKey *key, bool *active)
{
	if (!ahead.member_known)
	{
		Datum workspace = text_datum(key->bytes, key->workspace_len);
		Datum user = text_datum(key->bytes + key->workspace_len, key->user_len);

		ahead.member_exists = tjp_catalog_member(entered_snapshot, workspace, user,
												 &ahead.member_active);
		ahead.member_known = true;
	}
	*active = ahead.member_active;
	return ahead.member_exists;
}

/*
 * All Users of the entered workspace.  It and the groups of the member are each found by
 * an index of their own.  Until the one of ids has been opened, the other is asked for all
 * groups of the workspace, where they are not many more.
 */
static int
read_all_users(Datum workspace, int64 **group_ids)
{
	int n = 0;

	tjp_catalog_few_groups(entered_snapshot, workspace, ahead.nlisting + OTHER_GROUPS,
						   &ahead.few);
	if (!ahead.few.known)
		return tjp_catalog_all_users(entered_snapshot, workspace, group_ids);
	*group_ids = palloc(Max(ahead.few.n, 1) * sizeof(int64));
	for (int i = 0; i < ahead.few.n; i++)
		if (ahead.few.groups[i].kind == TJP_GROUP_ALL_USERS)
			(*group_ids)[n++] = ahead.few.groups[i].group_id;
	return n;
}

/*
 * Read the facts of a state from the tables, under the entered snapshot.  It is shared
 * if a stamp is given.
 */
static TjpState *
load_state(const StateKey *key, const TjpStamp *stamp)
{
	Snapshot	 snapshot = entered_snapshot;
	Datum		 workspace = text_datum(key->bytes, key->workspace_len);
	bool		 exists = false;
	bool		 active = false;
	TjpGroupKind kind = TJP_GROUP_CUSTOM;
	int			 ngroups = 0;
	int64		*groups = NULL;
	TjpGroupRows one;

	switch (key->kind)
	{
		case WORKSPACE_STATE:
			exists = tjp_catalog_workspace(snapshot, workspace, &active);
			if (exists)
				ngroups = read_all_users(workspace, &groups);
			break;
		case MEMBER_STATE:
		{
			Datum user = text_datum(key->bytes + key->workspace_len, key->user_len);

			exists = read_member(key, &active);
			if (exists)
				ngroups = tjp_catalog_groups_of_member(snapshot, workspace, user, &groups);
			ahead.nlisting = ngroups;
			break;
		}
		case GROUP_STATE:
		{
			TjpGroupRows *rows = NULL;

			for (int i = 0; i < ahead.ngroups && rows == NULL; i++)
				if (ahead.groups[i].group_id == key->group_id)
					rows = &ahead.groups[i];
			if (rows == NULL)
			{
				rows = &one;
				rows->group_id = key->group_id;
				tjp_catalog_groups(snapshot, workspace, &ahead.few, rows, 1);
			}
			exists = rows->exists;
			kind = rows->kind;
			ngroups = rows->nouter;
			groups = rows->outer;
			break;
		}
	}
	stats.loads++;
	return make_state(key, stamp, exists, active, kind, ngroups, groups);
}

/* The version of a principal that has this stamp; NULL if it is not there. */
static TjpState *
find_shared(const StateKey *key, const TjpStamp *stamp)
{
	StateRef *ref = shared_states != NULL ? states_lookup(shared_states, key) : NULL;

	for (TjpState *state = ref != NULL ? ref->state : NULL; state != NULL; state = state->older)
		if (state->stamp == shared_stamp(stamp) &&
			state->epoch == entered_slot->epoch &&
			state->generation == entered_slot->generation)
			return state;
	return NULL;
}

/* Keep a shared state there for as long as the entered slot. */
static void
pin_state(TjpState *state)
{
	state->pins++;
	entered_slot->pinned_bytes += state->size + (state->grants != NULL ? state->grants->size : 0);
}

/*
 * Was the entered user among the last ones who were found in a roster?  In a moment they
 * are.
 */
static bool
found_lately(void)
{
	static uint32 users[USERS_LATELY];
	static int	  next = 0;

	for (int i = 0; i < USERS_LATELY; i++)
		if (users[i] == entered_key.bytes_hash)
			return true;
	users[next] = entered_key.bytes_hash;
	next = (next + 1) % USERS_LATELY;
	return false;
}

/*
 * The state of the entered member as the roster of the workspace has it, if that is
 * under the stamp that was found (NULL: if the entered slot has proven it); else NULL.
 * In the slot's memory, since there may be very many of them; shared for who comes
 * again and again, or has grants of their own and comes again.
 */
static TjpState *
state_from_roster(const StateKey *key, const TjpStamp *found)
{
	TjpStamp		stamp = make_stamp(key->bytes, key->workspace_len, key->user_len, 0);
	TjpRosterMember member;
	TjpState	   *state;
	bool			share;

	if (!find_in_roster(&member) || member.epoch != entered_slot->epoch ||
		member.generation != entered_slot->generation)
		return NULL;
	stamp.stamp = member.stamp;
	if (found != NULL ? shared_stamp(&stamp) != shared_stamp(found) :
						member.proof != entered_slot->proof)
		return NULL;

	state = find_shared(key, &stamp);
	if (state != NULL)
	{
		state->proof = entered_slot->proof;
		stats.validations++;
		return state;
	}
	share = found_lately() || (member.granted && tjp_catalog_met_before(&stamp));
	if (share)
		make_shared_table();
	state = make_state(key, share ? &stamp : NULL, true, member.active, TJP_GROUP_CUSTOM,
					   member.ngroups, NULL);
	tjp_roster_groups(&member, GROUPS_OF(state));
	state->once = !share;
	if (!member.granted)
	{
		state->grants = &no_grants.table;
		state->grant_status = GRANTS_READ;
	}
	if (share)
		link_shared(state);
	stats.validations++;
	return state;
}

/*
 * The state of a principal under the entered snapshot, which the entered slot has not.
 */
static TjpState *
make_known(const StateKey *key, bool *loaded)
{
	Slot	 *slot = entered_slot;
	bool	  of_member = key->kind == MEMBER_STATE;
	TjpStamp  stamp = {0};
	TjpState *state = NULL;
	bool	  active;

	if (slot->shares)
	{
		state = find_proven(key);
		if (state == NULL && of_member)
			state = state_from_roster(key, NULL);
		if (state != NULL)
			return state;
		stamp = find_stamp(key);

		if (stamp.found)
			;
		/* most users of a pooled connection are met once: share from the second time on */
		else if (of_member && !tjp_catalog_met_before(&stamp))
		{
			state = load_state(key, NULL);
			state->once = true;
			*loaded = true;
			return state;
		}
		/* a row that is not there is the quicker way to see that there is no stamp */
		else if (of_member && !read_member(key, &active))
			return make_state(key, NULL, false, false, TJP_GROUP_CUSTOM, 0, NULL);
		/* tjp_cache_expect_groups has looked for those of groups */
		else if (key->kind != GROUP_STATE)
			(void) tjp_catalog_stamp(entered_snapshot, &stamp);
	}

	if (stamp.found)
	{
		make_shared_table();
		state = find_shared(key, &stamp);
		if (state != NULL)
		{
			state->proof = slot->proof;
			stats.validations++;
		}
		else if (of_member)
			state = state_from_roster(key, &stamp);
		if (state == NULL)
		{
			state = load_state(key, &stamp);
			link_shared(state);
			*loaded = true;
		}
	}
	else
	{
		state = load_state(key, NULL);
		state->once = slot->first;
		*loaded = true;
		if (slot->first && of_member)
		{
			stamp = make_stamp(key->bytes, key->workspace_len, key->user_len, 0);
			(void) tjp_catalog_met_before(&stamp);
		}
	}
	return state;
}

/*
 * The state of a principal under the entered snapshot.
 */
static TjpState *
find_state(StateKind kind, int64 group_id)
{
	Slot	 *slot = entered_slot;
	StateKey  key = state_key(kind, group_id);
	StateRef *ref;
	TjpState *state;
	bool	  loaded = false;
	bool	  found;

	if (slot->states == NULL)
	{
		slot->states = states_create(slot->context, 16, NULL);
		slot->nplaces = slot->states->size;
	}
	ref = states_lookup(slot->states, &key);
	if (ref != NULL)
		return ref->state;

	state = make_known(&key, &loaded);
	ref = states_insert(slot->states, &state->key, &found);
	Assert(!found);
	ref->state = state;
	slot->nplaces = slot->states->size;
	if (state->shared)
	{
		pin_state(state);
		dlist_move_head(&lru, &state->lru);
	}
	if (loaded && kind == MEMBER_STATE && state->exists && slot->shares &&
		!IsolationIsSerializable())
	{
		TjpRosterKey roster = roster_key();

		stats.loads += tjp_roster_missed(&roster, entered_snapshot);
	}
	/* a roster leaves less for states; some more than needed, since memos go with every eviction */
	if (shared_bytes > shared_limit())
		evict_down_to(shared_limit() / 16 * 15);
	return state;
}

/* Likewise, and note that it was asked for. */
static TjpState *
get_state(StateKind kind, int64 group_id)
{
	TjpState *state = find_state(kind, group_id);

	steps.shared = steps.shared && state->shared;
	if (steps.n < lengthof(steps.states))
		steps.states[steps.n] = state;
	steps.n++;
	return state;
}

/* ---- views ---- */

/*
 * Put a new view into the entered slot, with what keeps its states there (may be
 * NULL).  A view that is kept must be whole, since an error could come at any time.
 */
static ViewRef *
link_view(const TjpView *facts, PinnedStates *pinned)
{
	Slot	 *slot = entered_slot;
	TjpView	 *view = MemoryContextAlloc(slot->context, sizeof(TjpView));
	Size	  bytes_len = entered_key.workspace_len + entered_key.user_len;
	StateKey *key = MemoryContextAlloc(slot->context, sizeof(StateKey) + bytes_len);
	ViewRef	 *ref;
	bool	  found;

	*view = *facts;
	*key = entered_key;
	key->bytes = (char *) (key + 1);
	memcpy((char *) (key + 1), entered_key.bytes, bytes_len);
	ref = views_insert(slot->views, key, &found);
	Assert(!found);
	ref->view = view;
	if (pinned != NULL)
	{
		for (int i = 0; i < pinned->n; i++)
			pin_state(pinned->states[i]);
		pinned->next = slot->pinned;
		slot->pinned = pinned;
	}
	return ref;
}

/*
 * The view that the memo whose stamps have been read ahead stands for, if each of
 * them is what the state is kept under; else NULL.
 */
static ViewRef *
confirm_memo(void)
{
	const Slot	   *slot = entered_slot;
	const ViewMemo *memo = ahead.memo;
	TjpView			facts = {0};
	PinnedStates   *pinned;

	if (memo == NULL || !slot->shares)
		return NULL;
	for (int i = 0; i < memo->n && !ahead.proven; i++)
	{
		const TjpStamp *stamp = &ahead.stamps[ahead.n - memo->n + i];
		const TjpState *state = memo->steps[i].state;

		if (!stamp->found || state->epoch != slot->epoch ||
			state->generation != slot->generation || state->stamp != shared_stamp(stamp))
			return NULL;
	}

	pinned = MemoryContextAlloc(slot->context,
								offsetof(PinnedStates, states) + memo->n * sizeof(TjpState *));
	pinned->n = memo->n;
	facts.workspace_active = memo->workspace_active;
	facts.member = memo->member;
	facts.admin = memo->admin;
	facts.principals = MemoryContextAlloc(slot->context, memo->n * sizeof(TjpState *));
	for (int i = 0; i < memo->n; i++)
	{
		TjpState *state = memo->steps[i].state;

		pinned->states[i] = state;
		if ((memo->principals & (UINT64CONST(1) << i)) != 0)
			facts.principals[facts.nprincipals++] = state;
		state->proof = slot->proof;
		dlist_move_head(&lru, &state->lru);
	}
	stats.validations += memo->n;
	return link_view(&facts, pinned);
}

/* Remember how the view was made, if it was from shared states only. */
static void
remember_view(const TjpView *view)
{
	ViewMemo **place = &memos[entered_key.bytes_hash % N_MEMOS];
	ViewMemo  *memo;
	int		   next = 0;

	/* the epoch is read with them */
	if (!steps.shared || steps.n >= STAMPS_AHEAD)
		return;
	memo = MemoryContextAllocZero(cache_context,
								  offsetof(ViewMemo, steps) + steps.n * sizeof(struct MemoStep));
	memo->size = GetMemoryChunkSpace(memo);
	memo->workspace_active = view->workspace_active;
	memo->member = view->member;
	memo->admin = view->admin;
	memo->n = steps.n;
	for (int i = 0; i < steps.n; i++)
	{
		const StateKey *key = &steps.states[i]->key;
		TjpStamp		stamp = make_stamp(key->bytes, key->workspace_len, key->user_len,
										   key->group_id);

		memo->steps[i].state = steps.states[i];
		memo->steps[i].stamp_hash = tjp_catalog_hash_stamp(&stamp);
		if (next < view->nprincipals && view->principals[next] == steps.states[i])
		{
			memo->principals |= UINT64CONST(1) << i;
			next++;
		}
	}
	Assert(next == view->nprincipals);
	forget_memo(place);
	*place = memo;
	shared_bytes += memo->size;
	nmemos++;
}

/* ---- what check.c calls ---- */

TjpView *
tjp_cache_enter(Snapshot snapshot, const char *key, int key_len,
				const char *user, int user_len)
{
	static char bytes[TJP_MAX_KEY_LEN + TJP_MAX_USER_ID_LEN];
	Slot	   *slot = entered_slot;
	ViewRef	   *ref;

	entered_snapshot = snapshot;
	if (slot != NULL && slot_matches(slot, snapshot) &&
		tjp_reading_is_good(&slot->reading))
	{
		/* the same user and workspace as before? */
		ref = &slot->last_view;
		if (ref->view != NULL &&
			ref->key->workspace_len == key_len && ref->key->user_len == user_len &&
			memcmp(ref->key->bytes, key, key_len) == 0 &&
			memcmp(ref->key->bytes + key_len, user, user_len) == 0)
		{
			tjp_cache_hits++;
			return ref->view;
		}
	}
	else
		slot = NULL;

	Assert(key_len + user_len <= sizeof(bytes));
	memcpy(bytes, key, key_len);
	memcpy(bytes + key_len, user, user_len);
	memset(&entered_key, 0, sizeof(entered_key));
	entered_key.kind = MEMBER_STATE;
	entered_key.workspace_len = key_len;
	entered_key.user_len = user_len;
	entered_key.bytes_hash = hash_bytes((const unsigned char *) bytes, key_len + user_len);
	entered_key.bytes = bytes;
	entered_workspace_hash = hash_bytes((const unsigned char *) bytes, key_len);
	ahead.n = 0;
	ahead.ngroups = 0;
	ahead.member_known = false;
	ahead.nlisting = 0;
	ahead.few.known = false;
	ahead.memo = NULL;
	ahead.proven = false;
	steps.n = 0;
	steps.shared = true;

	if (unlinked != NULL)
	{
		drop_shared_states();
		slot = NULL;
	}
	tjp_roster_fit();
	/* something may have outgrown its memory: let go, and read again */
	if (shared_bytes > shared_limit())
	{
		clear_slots();
		evict_down_to(shared_limit());
		slot = NULL;
	}
	if (cache_context != NULL &&
		MemoryContextMemAllocated(cache_context, true) >
			Max(allocated_limit(), 4 * ALLOCSET_DEFAULT_INITSIZE))
	{
		drop_shared_states();
		slot = NULL;
	}
	if (slot == NULL || slot_is_too_large(slot) || slot->spent)
	{
		MemoryContext caller = enter_scratch();

		entered_slot = NULL;
		slot = find_slot(snapshot);
		MemoryContextSwitchTo(caller);
	}
	entered_slot = slot;

	ref = views_lookup(slot->views, &entered_key);
	if (ref == NULL)
	{
		if (ahead.n == 0 && slot->shares)
			read_stamps_ahead(false, true);
		ref = confirm_memo();
		if (ref != NULL)
			slot->last_view = *ref;
		return ref != NULL ? ref->view : NULL;
	}
	slot->last_view = *ref;
	tjp_cache_hits++;
	return ref->view;
}

TjpView *
tjp_cache_add_view(const TjpView *facts)
{
	TjpView *view = link_view(facts, NULL)->view;

	remember_view(view);
	return view;
}

/* Memory that lives as long as what is known under the entered snapshot. */
void *
tjp_cache_alloc(Size size)
{
	return MemoryContextAlloc(entered_slot->context, size);
}

/* Likewise, zeroed, for what can be done without: NULL if there is no room. */
void *
tjp_cache_alloc_spare(Size size)
{
	if (slot_bytes(entered_slot) + size >
		room_of_slot(entered_slot) / 2 + entered_slot->taken_bytes)
		return NULL;
	return MemoryContextAllocZero(entered_slot->context, size);
}

uint64
tjp_cache_entered(void)
{
	return entered_slot != NULL ? entered_slot->reading.id : 0;
}

TjpReading *
tjp_cache_reading(void)
{
	return &entered_slot->reading;
}

bool
tjp_cache_is_current(uint64 entered, Snapshot snapshot)
{
	for (int i = 0; i < N_SLOTS; i++)
		if (slots[i].reading.id == entered)
			return tjp_reading_is_current(&slots[i].reading, entered, snapshot);
	return false;
}

bool
tjp_cache_knows_memberships(void)
{
	const Slot *slot = entered_slot;

	return slot != NULL && slot->memberships != NULL &&
		   slot->memberships_user_len == entered_key.user_len &&
		   memcmp(slot->memberships_user, entered_key.bytes + entered_key.workspace_len,
				  entered_key.user_len) == 0;
}

const TjpMemberships *
tjp_cache_memberships(void)
{
	Slot		   *slot = entered_slot;
	int				user_len = entered_key.user_len;
	const char	   *user = entered_key.bytes + entered_key.workspace_len;
	TjpMemberships *memberships;
	MemoryContext	caller;
	List		   *keys;
	ListCell	   *lc;
	Size			size;
	char		   *bytes;

	if (tjp_cache_knows_memberships())
		return slot->memberships;

	caller = enter_scratch();
	keys = tjp_catalog_workspaces_of(entered_snapshot, text_datum(user, user_len));
	size = offsetof(TjpMemberships, keys) + list_length(keys) * sizeof(TjpMembershipKey);
	foreach(lc, keys)
		size += VARSIZE_ANY_EXHDR(lfirst(lc));
	memberships = MemoryContextAlloc(slot->context, size);
	memberships->n = 0;
	memberships->size = size;
	bytes = (char *) &memberships->keys[list_length(keys)];
	foreach(lc, keys)
	{
		TjpMembershipKey *key = &memberships->keys[memberships->n++];

		key->key = bytes;
		key->len = VARSIZE_ANY_EXHDR(lfirst(lc));
		memcpy(bytes, VARDATA_ANY(lfirst(lc)), key->len);
		bytes += key->len;
	}
	MemoryContextSwitchTo(caller);

	memcpy(slot->memberships_user, user, user_len);
	slot->memberships_user_len = user_len;
	slot->memberships = memberships;
	return memberships;
}

TjpState *
tjp_cache_workspace(TjpWorkspaceFacts *facts)
{
	TjpState *state = get_state(WORKSPACE_STATE, 0);

	facts->exists = state->exists;
	facts->active = state->active;
	facts->ngroups = state->ngroups;
	facts->groups = GROUPS_OF(state);
	return state;
}

TjpState *
tjp_cache_member(TjpMemberFacts *facts)
{
	TjpState *state = get_state(MEMBER_STATE, 0);

	facts->exists = state->exists;
	facts->active = state->active;
	facts->ngroups = state->ngroups;
	facts->groups = GROUPS_OF(state);
	return state;
}

int
tjp_cache_expect_groups(const int64 *group_ids, int n)
{
	Slot *slot = entered_slot;

	n = Min(n, STAMPS_AHEAD);
	ahead.n = 0;
	ahead.next = 0;
	ahead.memo = NULL;
	ahead.ngroups = 0;
	for (int i = 0; i < n; i++)
	{
		StateKey key = state_key(GROUP_STATE, group_ids[i]);

		if (!is_known(&key))
			ahead.groups[ahead.ngroups++].group_id = group_ids[i];
	}
	if (slot->shares && ahead.ngroups > 0)
	{
		int nunknown = 0;

		while (ahead.n < ahead.ngroups)
		{
			ahead.stamps[ahead.n] = make_stamp(entered_key.bytes, entered_key.workspace_len, 0,
											   ahead.groups[ahead.n].group_id);
			ahead.n++;
		}
		tjp_catalog_stamps_at_places(entered_snapshot, ahead.stamps, ahead.n);
		tjp_catalog_group_stamps(entered_snapshot, ahead.stamps, ahead.n);
		for (int i = 0; i < ahead.ngroups; i++)
		{
			StateKey key = state_key(GROUP_STATE, ahead.groups[i].group_id);

			if (ahead.stamps[i].found && find_shared(&key, &ahead.stamps[i]) != NULL)
				continue;
			ahead.groups[nunknown++].group_id = ahead.groups[i].group_id;
		}
		ahead.ngroups = nunknown;
	}
	if (ahead.ngroups > 0)
		tjp_catalog_groups(entered_snapshot,
						   text_datum(entered_key.bytes, entered_key.workspace_len),
						   &ahead.few, ahead.groups, ahead.ngroups);
	return n;
}

TjpState *
tjp_cache_group(int64 group_id, TjpGroupFacts *facts)
{
	TjpState *state = get_state(GROUP_STATE, group_id);

	facts->exists = state->exists;
	facts->kind = state->group_kind;
	facts->ngroups = state->ngroups;
	facts->groups = GROUPS_OF(state);
	return state;
}

/* ---- grants ---- */

/* Grants on their way into a table. */
typedef struct Collection
{
	int	   n;
	int	   limit;		/* stop after this many */
	Size   bytes_limit; /* or this many bytes */
	int	   allocated;
	Entry *entries;
	Size   bytes_len;
	Size   bytes_allocated;
	char  *bytes;
} Collection;

/* The bytes of a grant's target; none for the workspace. */
static const char *
target_bytes(const TjpResource *resource, int *len)
{
	TjpResourceView view;

	*len = 0;
	tjp_resource_view(resource, &view);
	return view.nelements > 0 ? tjp_element_bytes(&view.elements[0], len) : "";
}

static bool
collect_grant(const TjpResource *resource, TjpLevel level, TimestampTz valid_from,
			  TimestampTz valid_until, void *arg)
{
	Collection *collection = arg;
	const char *target;
	int			target_len;
	Entry	   *entry;

	if (collection->n >= collection->limit ||
		(collection->n + 1) * 4 * sizeof(Entry) + collection->bytes_len > collection->bytes_limit)
		return false;
	if (collection->n == collection->allocated)
	{
		collection->allocated = Max(collection->allocated * 2, 64);
		if (collection->entries == NULL)
			collection->entries = palloc(collection->allocated * sizeof(Entry));
		else
			collection->entries = repalloc_huge(collection->entries,
												collection->allocated * sizeof(Entry));
	}
	if (collection->bytes_len + BOUNDS_LEN + TJP_MAX_ELEMENT_BYTES > collection->bytes_allocated)
	{
		collection->bytes_allocated = Max(collection->bytes_allocated * 2, 4096);
		if (collection->bytes == NULL)
			collection->bytes = palloc(collection->bytes_allocated);
		else
			collection->bytes = repalloc_huge(collection->bytes, collection->bytes_allocated);
	}

	target = target_bytes(resource, &target_len);
	entry = &collection->entries[collection->n++];
	entry->bounded = valid_from != DT_NOBEGIN || valid_until != DT_NOEND;
	if (entry->bounded)
	{
		TimestampTz bounds[] = {valid_from, valid_until};

		memcpy(collection->bytes + collection->bytes_len, bounds, BOUNDS_LEN);
		collection->bytes_len += BOUNDS_LEN;
	}
	entry->level = level;
	entry->target = collection->bytes_len;
	entry->target_len = target_len;
	entry->hash = hash_bytes((const unsigned char *) target, target_len);
	memcpy(collection->bytes + collection->bytes_len, target, target_len);
	collection->bytes_len += target_len;
	return true;
}

/* From when to when an entry is valid; bytes are those of its table. */
static void
read_bounds(const Entry *entry, const char *bytes, TimestampTz *from, TimestampTz *until)
{
	*from = DT_NOBEGIN;
	*until = DT_NOEND;
	if (entry->bounded)
	{
		memcpy(from, bytes + entry->target - BOUNDS_LEN, sizeof(TimestampTz));
		memcpy(until, bytes + entry->target - sizeof(TimestampTz), sizeof(TimestampTz));
	}
}

/* Put an entry into a table that has room; its target's bytes are there. */
static void
add_entry(GrantTable *table, const Entry *entry, const char *bytes)
{
	uint32 position = entry->hash & table->mask;

	while (table->entries[position].level != TJP_LEVEL_NONE)
		position = (position + 1) & table->mask;
	table->entries[position] = *entry;
	table->n++;
	if (entry->target_len == 0)
		table->has_workspace = true;
	else if (tjp_element_bytes_are_wildcard(bytes + entry->target))
		table->has_wildcards = true;
}

/* An empty table for n grants and the bytes of their targets. */
static GrantTable *
make_table(MemoryContext context, int n, Size bytes_len, char **bytes)
{
	Size		nslots = 4;
	GrantTable *table;

	while (nslots * 2 < (Size) n * 3)
		nslots *= 2;
	table = MemoryContextAllocExtended(context,
									   offsetof(GrantTable, entries) +
										   nslots * sizeof(Entry) + bytes_len,
									   MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE);
	table->mask = nslots - 1;
	table->size = GetMemoryChunkSpace(table);
	*bytes = (char *) &table->entries[nslots];
	return table;
}

/* Turn a complete collection into the state's table. */
static void
keep_grants(TjpState *state, const Collection *collection)
{
	char	   *bytes;
	GrantTable *table = make_table(state->shared ? grants_context : entered_slot->context,
								   collection->n, collection->bytes_len, &bytes);
	int i;

	if (collection->bytes_len > 0)
		memcpy(bytes, collection->bytes, collection->bytes_len);
	for (i = 0; i < collection->n; i++)
		add_entry(table, &collection->entries[i], bytes);
	state->grants = table;
	state->grant_status = GRANTS_READ;
	if (state->shared)
	{
		shared_bytes += table->size;
		entered_slot->pinned_bytes += table->size;
	}
}

/*
 * How many bytes the grants of one principal may take, and how many of these
 * there is room for now: many principals of one user may be read in one check,
 * and none of them can be thrown out before it has ended.
 */
static Size
grants_limit(const TjpState *state, Size *room)
{
	Size whole = state->shared ? shared_limit() : room_of_slot(entered_slot);
	Size limit = state->shared ? (Size) tjp_cache_size * 1024 / 8 : whole / 4;
	Size used;

	if (state->shared && shared_bytes + limit > whole)
		evict_down_to(whole - limit);
	used = state->shared ? shared_bytes : slot_bytes(entered_slot);
	*room = used < whole ? Min(whole - used, limit) : 0;
	return limit;
}

/*
 * Could this state be shared?  Its place is known from now on, so that it will be,
 * whoever else is met in between.
 */
static bool
has_stamp(const TjpState *state)
{
	const StateKey *key = &state->key;
	TjpStamp		stamp = make_stamp(key->bytes, key->workspace_len, key->user_len,
									   key->group_id);

	return tjp_catalog_stamp(entered_snapshot, &stamp);
}

/*
 * Read the grants of a principal into memory, if they are few enough.
 */
static void
read_grants(TjpState *state, int limit, GrantStatus otherwise)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "tj_perm grants",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Collection	  collection = {0};
	Size		  bytes_limit = grants_limit(state, &collection.bytes_limit);
	bool		  complete;

	collection.limit = limit;
	complete = tjp_catalog_grants(entered_snapshot,
								  text_datum(state->key.bytes, state->key.workspace_len),
								  state->key.group_id,
								  text_datum(state->key.bytes + state->key.workspace_len,
											 state->key.user_len),
								  (Datum) 0, collect_grant, &collection);
	if (complete)
		keep_grants(state, &collection);
	else if (collection.bytes_limit < bytes_limit)
	{
		/* others have the room now: ask the index, and try again much later */
		state->grant_status = GRANTS_PROBED;
		state->probes = -16 * PROBES_TO_LOAD;
	}
	else
		state->grant_status = otherwise;
	if (!complete && !state->shared && limit == INT_MAX)
	{
		entered_slot->cramped = true;
		/* there is more room for what is shared, and this user is worth it */
		if (state->once && has_stamp(state))
		{
			entered_slot->spent = true;
			entered_slot->last_view.view = NULL;
		}
		state->once = false;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

typedef struct Probe
{
	TjpGrantCallback callback;
	void			*arg;
} Probe;

static bool
pass_grant(const TjpResource *resource, TjpLevel level, TimestampTz valid_from,
		   TimestampTz valid_until, void *arg)
{
	Probe *probe = arg;

	return probe->callback(level, valid_from, valid_until, probe->arg);
}

/* Ask the index for the grants of a principal on one target. */
static void
probe_grants(TjpState *principal, const TjpElement *element, TjpGrantCallback callback, void *arg)
{
	Probe		  probe = {callback, arg};
	MemoryContext caller = enter_scratch();
	TjpResource	 *resource = tjp_resource_make(principal->key.bytes, principal->key.workspace_len,
											   element, element != NULL ? 1 : 0);

	principal->probes++;
	stats.probes++;
	(void) tjp_catalog_grants(entered_snapshot,
							  text_datum(principal->key.bytes, principal->key.workspace_len),
							  principal->key.group_id,
							  text_datum(principal->key.bytes + principal->key.workspace_len,
										 principal->key.user_len),
							  PointerGetDatum(resource), pass_grant, &probe);
	MemoryContextSwitchTo(caller);
}

/* Find the grants on a target in a table; false if the callback stopped. */
static bool
find_grants(const GrantTable *table, const char *target, int target_len, uint32 hash,
			TjpGrantCallback callback, void *arg)
{
	const char *bytes = (const char *) &table->entries[table->mask + 1];
	uint32		position;

	for (position = hash & table->mask;
		 table->entries[position].level != TJP_LEVEL_NONE;
		 position = (position + 1) & table->mask)
	{
		const Entry *entry = &table->entries[position];
		TimestampTz	 from;
		TimestampTz	 until;

		if (entry->hash != hash || entry->target_len != target_len ||
			memcmp(bytes + entry->target, target, target_len) != 0)
			continue;
		read_bounds(entry, bytes, &from, &until);
		if (!callback(entry->level, from, until, arg))
			return false;
	}
	return true;
}

/*
 * Read what the first look-up in a view needs, and note which kinds of target
 * nobody holds.
 */
static void
read_view(TjpView *view)
{
	bool all_read = true;
	bool workspace_grants = false;
	bool wildcard_grants = false;
	int	 i;

	for (i = 0; i < view->nprincipals; i++)
	{
		TjpState *principal = view->principals[i];

		if (principal->grant_status == GRANTS_UNREAD)
			read_grants(principal, FIRST_GRANTS, GRANTS_PROBED);
		if (principal->grant_status == GRANTS_READ)
		{
			workspace_grants |= principal->grants->has_workspace;
			wildcard_grants |= principal->grants->has_wildcards;
		}
		else
			all_read = false;
	}
	view->all_read = all_read;
	view->workspace_grants = workspace_grants || !all_read;
	view->wildcard_grants = wildcard_grants || !all_read;
	view->read = true;
}

/*
 * One table for all principals of a view that is asked often, in the slot's
 * memory.
 */
static void
merge_view(TjpView *view)
{
	int			n = 0;
	Size		bytes_len = 0;
	GrantTable *merged;
	char	   *bytes;
	int			i;
	uint32		e;

	for (i = 0; i < view->nprincipals; i++)
	{
		const GrantTable *table = view->principals[i]->grants;

		n += table->n;
		/* with what the chunk is larger than was asked for */
		bytes_len += (const char *) table + table->size -
					 (const char *) &table->entries[table->mask + 1];
	}
	if ((Size) n * 4 * sizeof(Entry) + bytes_len > (Size) tjp_cache_size * 1024 / 16)
		return;

	merged = make_table(entered_slot->context, n, bytes_len, &bytes);
	bytes_len = 0;
	for (i = 0; i < view->nprincipals; i++)
	{
		const GrantTable *table = view->principals[i]->grants;
		const char		 *from = (const char *) &table->entries[table->mask + 1];

		for (e = 0; e <= table->mask; e++)
		{
			Entry entry = table->entries[e];
			Size  bounds = entry.bounded ? BOUNDS_LEN : 0;

			if (entry.level == TJP_LEVEL_NONE)
				continue;
			memcpy(bytes + bytes_len, from + entry.target - bounds, bounds + entry.target_len);
			entry.target = bytes_len + bounds;
			bytes_len += bounds + entry.target_len;
			add_entry(merged, &entry, bytes);
		}
	}
	view->merged = merged;
}

/* The grants on one target that count for a view. */
typedef struct Grantees
{
	const TjpView *view;
	int			   nseen;
	int			   n;
	struct
	{
		TjpLevel	level;
		TimestampTz valid_from;
		TimestampTz valid_until;
	} grants[FEW_GRANTEES];
} Grantees;

static bool
collect_grantee(int64 group_id, const text *user, TjpLevel level, TimestampTz valid_from,
				TimestampTz valid_until, void *arg)
{
	Grantees *grantees = arg;

	if (grantees->nseen++ == FEW_GRANTEES)
		return false;
	for (int i = 0; i < grantees->view->nprincipals; i++)
	{
		const StateKey *key = &grantees->view->principals[i]->key;

		if (key->group_id != group_id)
			continue;
		if (group_id == 0 &&
			(user == NULL || VARSIZE_ANY_EXHDR(user) != key->user_len ||
			 memcmp(VARDATA_ANY(user), key->bytes + key->workspace_len, key->user_len) != 0))
			continue;
		grantees->grants[grantees->n].level = level;
		grantees->grants[grantees->n].valid_from = valid_from;
		grantees->grants[grantees->n].valid_until = valid_until;
		grantees->n++;
		break;
	}
	return true;
}

/*
 * Answer for all principals at once by what is granted on the target, while
 * there are many of whom nothing has been read, or it is the first check and
 * nothing at all has been: most users of a pooled connection, and of a new one,
 * are asked about once.  False if that is not so, or too much is granted on the
 * target.
 */
static bool
ask_target(TjpView *view, const TjpElement *element, TjpGrantCallback callback, void *arg)
{
	const StateKey *key = &view->principals[0]->key;
	Grantees		grantees = {view};
	MemoryContext	caller;
	TjpResource	   *target;
	int				unread = 0;
	bool			first = true;
	bool			complete;

	for (int i = 0; i < view->nprincipals; i++)
	{
		const TjpState *principal = view->principals[i];

		if (principal->grant_status == GRANTS_UNREAD && principal->probes < TARGETS_TO_READ)
			unread++;
		if (principal->grant_status != GRANTS_UNREAD || principal->probes >= TARGETS_OF_FEW)
			first = false;
	}
	if (unread < (first ? 1 : MANY_UNREAD))
		return false;

	caller = enter_scratch();
	for (int i = 0; i < view->nprincipals; i++)
		if (view->principals[i]->grant_status == GRANTS_UNREAD)
			view->principals[i]->probes++;
	stats.probes++;
	target = tjp_resource_make(key->bytes, key->workspace_len, element, element != NULL ? 1 : 0);
	complete = tjp_catalog_grants_on(entered_snapshot, text_datum(key->bytes, key->workspace_len),
									 PointerGetDatum(target), collect_grantee, &grantees);
	MemoryContextSwitchTo(caller);
	if (!complete)
		return false;
	for (int i = 0; i < grantees.n; i++)
		if (!callback(grantees.grants[i].level, grantees.grants[i].valid_from,
					  grantees.grants[i].valid_until, arg))
			break;
	return true;
}

/*
 * Every grant that a principal of the view holds on one target, whatever its
 * validity: the workspace if element is NULL, else the element, or type:* of
 * its type if of_type.
 */
void
tjp_cache_grants(TjpView *view, const TjpElement *element, bool of_type,
				 TjpGrantCallback callback, void *arg)
{
	char		wildcard_bytes[TJP_MAX_ELEMENT_BYTES];
	const char *target = "";
	int			target_len = 0;
	uint32		hash;
	int			i;

	if (!view->read)
	{
		TjpElement asked;

		if (element != NULL)
		{
			asked = *element;
			asked.wildcard |= of_type;
		}
		if (ask_target(view, element != NULL ? &asked : NULL, callback, arg))
			return;
		read_view(view);
	}

	/* most often nobody holds these, and there is nothing to look up */
	if (element == NULL)
	{
		if (!view->workspace_grants)
			return;
	}
	else if (of_type || element->wildcard)
	{
		if (!view->wildcard_grants)
			return;
		target = wildcard_bytes;
		target_len = tjp_element_wildcard_bytes(element, wildcard_bytes);
	}
	else
		target = tjp_element_bytes(element, &target_len);
	hash = hash_bytes((const unsigned char *) target, target_len);

	if (view->merged == NULL && view->all_read && view->nprincipals > 1 &&
		++view->lookups == LOOKUPS_TO_MERGE)
		merge_view(view);
	if (view->merged != NULL)
	{
		(void) find_grants(view->merged, target, target_len, hash, callback, arg);
		return;
	}

	for (i = 0; i < view->nprincipals; i++)
	{
		TjpState *principal = view->principals[i];

		if (principal->grant_status == GRANTS_PROBED && principal->probes >= PROBES_TO_LOAD)
			read_grants(principal, INT_MAX, GRANTS_TOO_MANY);
		if (principal->grant_status == GRANTS_READ)
		{
			if (!find_grants(principal->grants, target, target_len, hash, callback, arg))
				return;
		}
		else if (element != NULL)
		{
			TjpElement probed = *element;

			probed.wildcard |= of_type;
			probe_grants(principal, &probed, callback, arg);
		}
		else
			probe_grants(principal, NULL, callback, arg);
	}
}

bool
tjp_cache_read_all(TjpView *view)
{
	int i;

	if (!view->read)
		read_view(view);
	for (i = 0; i < view->nprincipals; i++)
	{
		TjpState *principal = view->principals[i];

		if (principal->grant_status == GRANTS_PROBED && principal->probes >= 0)
			read_grants(principal, INT_MAX, GRANTS_TOO_MANY);
		if (principal->grant_status != GRANTS_READ)
			return false;
	}
	if (!view->all_read)
		read_view(view);
	return true;
}

/* A reader of targets, behind a reader of grants. */
typedef struct TargetReader
{
	TjpTargetCallback callback;
	void			 *arg;
} TargetReader;

static bool
pass_target(const TjpResource *resource, TjpLevel level, TimestampTz valid_from,
			TimestampTz valid_until, void *arg)
{
	TargetReader *reader = arg;
	int			  target_len;
	const char	 *target = target_bytes(resource, &target_len);

	return reader->callback(target, target_len, level, valid_from, valid_until, 1, reader->arg);
}

void
tjp_cache_each_grant(TjpView *view, int sample, TjpTargetCallback callback, void *arg)
{
	int i;

	(void) tjp_cache_read_all(view);
	for (i = 0; i < view->nprincipals; i++)
	{
		TjpState *principal = view->principals[i];

		if (principal->grant_status == GRANTS_READ)
		{
			const GrantTable *table = principal->grants;
			const char		 *bytes = (const char *) &table->entries[table->mask + 1];

			uint32 step = 1;

			if (sample > 0 && !table->has_workspace && !table->has_wildcards)
				step = Max(table->n / sample, 1);
			for (uint32 e = 0; e <= table->mask; e += step)
			{
				const Entry *entry = &table->entries[e];
				TimestampTz	 from;
				TimestampTz	 until;

				if (entry->level == TJP_LEVEL_NONE)
					continue;
				read_bounds(entry, bytes, &from, &until);
				if (!callback(bytes + entry->target, entry->target_len, entry->level, from, until,
							  step, arg))
					return;
			}
		}
		else
		{
			TargetReader	reader = {callback, arg};
			const StateKey *key = &principal->key;

			if (!tjp_catalog_grants(entered_snapshot,
									text_datum(key->bytes, key->workspace_len), key->group_id,
									text_datum(key->bytes + key->workspace_len, key->user_len),
									(Datum) 0, pass_target, &reader))
				return;
		}
	}
}

/*
 * What this backend's cache has done since it started.
 */
PG_FUNCTION_INFO_V1(tj_perm_cache_stats);
Datum
tj_perm_cache_stats(PG_FUNCTION_ARGS)
{
	TupleDesc tupdesc;
	Datum	  values[7];
	bool	  nulls[7] = {0};
	Size	  slot_bytes = 0;
	int		  i;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (i = 0; i < N_SLOTS; i++)
		if (slots[i].context != NULL)
			slot_bytes += MemoryContextMemAllocated(slots[i].context, true) +
						  slots[i].nxids * sizeof(TransactionId);
	values[0] = Int64GetDatum(tjp_cache_hits);
	values[1] = Int64GetDatum(stats.validations);
	values[2] = Int64GetDatum(stats.loads);
	values[3] = Int64GetDatum(stats.probes);
	values[4] = Int64GetDatum(stats.evictions);
	values[5] = Int64GetDatum(nshared);
	values[6] = Int64GetDatum(slot_bytes + tjp_catalog_stamp_places_size() + tjp_roster_size() +
							  (cache_context != NULL ?
								   MemoryContextMemAllocated(cache_context, true) :
								   0));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
