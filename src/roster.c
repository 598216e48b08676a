/*
 * src/roster.c
 *	  What rows said of all members of a workspace, each under a stamp.
 *
 * Owns rosters and their memory, and when to read one.  It must not decide
 * whether what a roster says still holds: cache.c does, by the stamp.
 *
 * A pooled connection meets most users once, and each of them would take three
 * searches by index.  A roster is read by one range scan of each table, which
 * costs a few per cent of that for each member.  It is packed, since it is to
 * hold as many users as a pool serves: some 40 bytes for each.
 *
 * Why it is right is the proof of shared states in src/README.md, for each member
 * by itself: rows and stamp were read under one snapshot by a clean transaction,
 * and all rows that count for a member renew the member's stamp.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/ilist.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "guc.h"
#include "names.h"
#include "roster.h"

#define LEAST_MISSES	4	 /* that make reading one worthwhile */
#define MEMBERS_A_MISS	16	 /* so many may be read for each */
#define MOST_MEMBERS	1024 /* of one roster */
#define MISSES_TO_RETRY 2048 /* where there were more, or no room */
#define MOST_GROUPS		256	 /* likewise; their numbers are bytes */
#define GROUPS_A_MEMBER 16	 /* on average, at most */

/*
 * One workspace.  Members are packed, and found by a table of where they start; groups
 * are named by their numbers in a list.
 */
typedef struct Roster
{
	TjpRosterKey key;
	dlist_node	 queue; /* the next one to go last */
	uint64		 used;	/* the last of finds; 0: none yet */
	Oid			 file;	/* where the stamps were */
	uint32		 mask;
	int64		*groups;
	uint32		*starts; /* from packed, plus 1; 0: nobody */
	char		*packed;
} Roster;

/* How a member begins; the numbers of the groups and the user's id follow. */
typedef struct PackedMember
{
	int64			stamp;
	ItemPointerData tid;
	uint8			active;
	uint8			granted;
	uint8			ngroups;
	uint8			user_len; /* last */
} PackedMember;

#define PACKED_LEN (offsetof(PackedMember, user_len) + sizeof(uint8))

StaticAssertDecl(TJP_MAX_USER_ID_LEN <= PG_UINT8_MAX, "length of a user id must fit into a byte");

static bool
equal_workspaces(const TjpRosterKey *a, const TjpRosterKey *b)
{
	return a->workspace_len == b->workspace_len &&
		   memcmp(a->workspace, b->workspace, a->workspace_len) == 0;
}

typedef struct RosterRef
{
	const TjpRosterKey *key;
	Roster			   *roster;
	uint32				hash;
	char				status;
} RosterRef;

#define SH_PREFIX			 rosters
#define SH_ELEMENT_TYPE		 RosterRef
#define SH_KEY_TYPE			 const TjpRosterKey *
#define SH_KEY				 key
#define SH_HASH_KEY(tb, key) (key)->workspace_hash
#define SH_EQUAL(tb, a, b)	 equal_workspaces(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE		   static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext roster_context = NULL;
static rosters_hash *rosters = NULL;
static dlist_head	 queue = DLIST_STATIC_INIT(queue);
static uint64		 finds = 0;
static bool			 linking = false; /* a failure leaves it set */

/* How often somebody of a workspace was missed; one that hashes alike starts anew. */
typedef struct Misses
{
	uint32 workspace_hash;
	uint32 n;
} Misses;

static Misses *misses = NULL;
static uint32  nmisses = 0; /* a power of 2 */

/* ---- reading one ---- */

/* What was read of a member. */
typedef struct Listed
{
	const char	   *user;
	int				user_len;
	uint32			hash;
	bool			active;
	bool			granted;
	bool			stamped;
	bool			left_out; /* of too many groups */
	int				ngroups;
	int				last_group; /* of Reading.groups; -1: none */
	int64			stamp;
	ItemPointerData tid;
} Listed;

typedef struct ListedGroup
{
	uint8 number;
	int	  previous; /* of the same member */
} ListedGroup;

typedef struct Reading
{
	int			 limit; /* of members */
	int			 nmembers;
	Listed		*members;
	uint32		 mask;
	int			*starts; /* numbers of members, plus 1, by hash */
	int			 ngroups;
	ListedGroup *groups;
	int			 nnumbers;
	int64		*numbers; /* the groups that they stand for */
	int			 nothers; /* rows of stamps and grants */
	Oid			 file;
} Reading;

/* The place in starts where the user stands, or would. */
static int *
find_listed(Reading *reading, const char *user, int user_len, uint32 hash)
{
	uint32 position = hash & reading->mask;

	while (reading->starts[position] != 0)
	{
		const Listed *listed = &reading->members[reading->starts[position] - 1];

		if (listed->hash == hash && listed->user_len == user_len &&
			memcmp(listed->user, user, user_len) == 0)
			break;
		position = (position + 1) & reading->mask;
	}
	return &reading->starts[position];
}

/* What is listed of the user of a row; NULL if they are no member. */
static Listed *
listed_of(Reading *reading, const TjpMemberRow *row)
{
	int *start = find_listed(reading, row->user, row->user_len,
							 hash_bytes((const unsigned char *) row->user, row->user_len));

	return *start != 0 ? &reading->members[*start - 1] : NULL;
}

static bool
note_member(const TjpMemberRow *row, void *arg)
{
	Reading *reading = arg;
	Listed	*listed = &reading->members[reading->nmembers];
	uint32	 hash = hash_bytes((const unsigned char *) row->user, row->user_len);
	int		*start = find_listed(reading, row->user, row->user_len, hash);

	if (reading->nmembers == reading->limit || row->user_len > TJP_MAX_USER_ID_LEN || *start != 0)
		return false;
	memset(listed, 0, sizeof(Listed));
	listed->user = pnstrdup(row->user, row->user_len);
	listed->user_len = row->user_len;
	listed->hash = hash;
	listed->active = row->active;
	listed->last_group = -1;
	*start = ++reading->nmembers;
	return true;
}

static bool
note_group(const TjpMemberRow *row, void *arg)
{
	Reading		*reading = arg;
	Listed		*listed = listed_of(reading, row);
	ListedGroup *group = &reading->groups[reading->ngroups];
	int			 number = 0;

	if (reading->ngroups == reading->limit * GROUPS_A_MEMBER)
		return false;
	if (listed == NULL)
		return true;
	while (number < reading->nnumbers && reading->numbers[number] != row->group_id)
		number++;
	if (number == MOST_GROUPS || listed->ngroups == PG_UINT8_MAX)
	{
		listed->left_out = true;
		return true;
	}
	if (number == reading->nnumbers)
		reading->numbers[reading->nnumbers++] = row->group_id;
	group->number = number;
	group->previous = listed->last_group;
	listed->last_group = reading->ngroups++;
	listed->ngroups++;
	return true;
}

/* Of those who are gone the stamps remain, so there may be any number of rows. */
static bool
note_stamp(const TjpMemberRow *row, void *arg)
{
	Reading *reading = arg;
	Listed	*listed = listed_of(reading, row);

	if (listed != NULL)
	{
		listed->stamped = OidIsValid(row->place.file);
		listed->stamp = row->stamp;
		listed->tid = row->place.tid;
		reading->file = row->place.file;
	}
	return ++reading->nothers < 4 * reading->limit;
}

static bool
note_grant(const TjpMemberRow *row, void *arg)
{
	Reading *reading = arg;
	Listed	*listed = listed_of(reading, row);

	if (listed != NULL)
		listed->granted = true;
	return ++reading->nothers < 4 * reading->limit;
}

/*
 * Read what the tables say of all members; false if they are too many, or could
 * be read by no index.
 */
static bool
read_members(Reading *reading, Snapshot snapshot, Datum workspace)
{
	uint32 nstarts = 2;

	while (nstarts < (uint32) reading->limit * 2)
		nstarts *= 2;
	reading->mask = nstarts - 1;
	reading->starts = palloc0(nstarts * sizeof(int));
	reading->members = palloc((reading->limit + 1) * sizeof(Listed));
	if (!tjp_catalog_each_member_row(snapshot, workspace, TJP_ROWS_OF_MEMBERS, note_member,
									 reading))
		return false;

	reading->groups = palloc((reading->limit * GROUPS_A_MEMBER + 1) * sizeof(ListedGroup));
	reading->numbers = palloc(MOST_GROUPS * sizeof(int64));
	if (!tjp_catalog_each_member_row(snapshot, workspace, TJP_ROWS_OF_MEMBERSHIPS, note_group,
									 reading))
		return false;

	(void) tjp_catalog_each_member_row(snapshot, workspace, TJP_ROWS_OF_STAMPS, note_stamp,
									   reading);
	reading->nothers = 0;
	if (!tjp_catalog_each_member_row(snapshot, workspace, TJP_ROWS_OF_GRANTS, note_grant,
									 reading))
		for (int i = 0; i < reading->nmembers; i++)
			reading->members[i].granted = true;
	return true;
}

static bool
is_kept(const Listed *listed)
{
	return listed->stamped && !listed->left_out;
}

/* ---- keeping them ---- */

static void
drop_rosters(void)
{
	if (roster_context != NULL)
		MemoryContextDelete(roster_context);
	roster_context = NULL;
	rosters = NULL;
	linking = false;
	dlist_init(&queue);
}

/*
 * Chunks of this context are blocks by themselves, since blocks are small: they take
 * what they need, and give it back.
 */
static void
make_rosters(void)
{
	if (roster_context == NULL)
		roster_context = AllocSetContextCreate(CacheMemoryContext, "tj_perm rosters",
											   0, 1024, 1024);
	if (rosters == NULL)
		rosters = rosters_create(roster_context, 16, NULL);
}

static void
forget_roster(Roster *roster)
{
	rosters_delete(rosters, &roster->key);
	dlist_delete(&roster->queue);
	pfree(roster);
}

static Size
roster_limit(void)
{
	return (Size) tjp_cache_size * 1024 / 4;
}

void
tjp_roster_fit(void)
{
	while (rosters != NULL && !linking && !dlist_is_empty(&queue) &&
		   MemoryContextMemAllocated(roster_context, false) > roster_limit())
		forget_roster(dlist_tail_element(Roster, queue, &queue));
}

/*
 * Let rosters go that are not used any more, until there is room; false if there is none.
 * Where more workspaces are in use than fit, those that came first stay: taking turns would
 * be a reading for every few answers.
 */
static bool
make_room(Size size)
{
	Size   limit = roster_limit();
	uint64 unused = 16 * (uint64) rosters->members;
	int	   tries = 4;

	if (size > limit)
		return false;
	while (MemoryContextMemAllocated(roster_context, false) + size > limit)
	{
		Roster *roster;

		if (dlist_is_empty(&queue))
			return false;
		roster = dlist_tail_element(Roster, queue, &queue);
		if (roster->used + unused < finds)
			forget_roster(roster);
		else if (--tries < 0)
			return false;
		else
			dlist_move_head(&queue, &roster->queue);
	}
	return true;
}

/* Pack what has been read; how many members are kept. */
static int
keep_roster(const TjpRosterKey *key, const Reading *reading)
{
	Size		 size = MAXALIGN(sizeof(Roster));
	uint32		 nstarts = 2;
	uint32		 nkept = 0;
	uint32		 start = 0;
	Roster		*roster;
	PackedMember packed;
	RosterRef	*ref;
	char		*bytes;
	bool		 found;

	for (int i = 0; i < reading->nmembers; i++)
		if (is_kept(&reading->members[i]))
		{
			nkept++;
			size += PACKED_LEN + reading->members[i].ngroups + reading->members[i].user_len;
		}
	if (nkept == 0)
		return 0;
	while (nstarts * 2 < nkept * 3)
		nstarts *= 2;
	size += reading->nnumbers * sizeof(int64) + nstarts * sizeof(uint32) + key->workspace_len;

	make_rosters();
	ref = rosters_lookup(rosters, key);
	if (ref != NULL)
		forget_roster(ref->roster);
	if (!make_room(size))
		return 0;
	roster = MemoryContextAllocZero(roster_context, size);
	roster->key = *key;
	roster->file = reading->file;
	roster->mask = nstarts - 1;
	roster->groups = (int64 *) ((char *) roster + MAXALIGN(sizeof(Roster)));
	memcpy(roster->groups, reading->numbers, reading->nnumbers * sizeof(int64));
	roster->starts = (uint32 *) (roster->groups + reading->nnumbers);
	bytes = (char *) (roster->starts + nstarts);
	memcpy(bytes, key->workspace, key->workspace_len);
	roster->key.workspace = bytes;
	roster->packed = bytes + key->workspace_len;

	for (int i = 0; i < reading->nmembers; i++)
	{
		const Listed *listed = &reading->members[i];
		uint32		  position = listed->hash & roster->mask;
		uint8		 *to = (uint8 *) roster->packed + start;

		if (!is_kept(listed))
			continue;
		packed.stamp = listed->stamp;
		packed.tid = listed->tid;
		packed.active = listed->active;
		packed.granted = listed->granted;
		packed.ngroups = listed->ngroups;
		packed.user_len = listed->user_len;
		memcpy(to, &packed, PACKED_LEN);
		to += PACKED_LEN;
		for (int group = listed->last_group; group >= 0; group = reading->groups[group].previous)
			*to++ = reading->groups[group].number;
		memcpy(to, listed->user, listed->user_len);

		while (roster->starts[position] != 0)
			position = (position + 1) & roster->mask;
		roster->starts[position] = start + 1;
		start += PACKED_LEN + listed->ngroups + listed->user_len;
	}

	/* a table that could not grow takes itself for larger than it is */
	linking = true;
	ref = rosters_insert(rosters, &roster->key, &found);
	linking = false;
	Assert(!found);
	ref->roster = roster;
	roster->used = finds;
	dlist_push_head(&queue, &roster->queue);
	return nkept;
}

/*
 * Count a miss; returns how many members may be read for all those that were.  Not
 * each time: where the workspace has more, what was read is lost.
 */
static int
count_miss(uint32 workspace_hash)
{
	Misses *miss;

	if (misses == NULL)
	{
		nmisses = 16;
		while (nmisses * 2 * sizeof(Misses) <= (Size) tjp_cache_size * 1024 / 512)
			nmisses *= 2;
		misses = MemoryContextAllocZero(CacheMemoryContext, nmisses * sizeof(Misses));
	}
	miss = &misses[workspace_hash & (nmisses - 1)];
	if (miss->workspace_hash != workspace_hash)
	{
		miss->workspace_hash = workspace_hash;
		miss->n = 0;
	}
	if (++miss->n == MISSES_TO_RETRY)
		miss->n = 0;
	if (miss->n < LEAST_MISSES || (miss->n & (miss->n - 1)) != 0 ||
		miss->n > MOST_MEMBERS / MEMBERS_A_MISS)
		return 0;
	return miss->n * MEMBERS_A_MISS;
}

int
tjp_roster_missed(const TjpRosterKey *key, Snapshot snapshot)
{
	Reading		  reading = {0};
	MemoryContext context;
	MemoryContext caller;
	int			  nread = 0;

	reading.limit = count_miss(key->workspace_hash);
	if (reading.limit == 0)
		return 0;
	if (linking)
		drop_rosters();
	context = AllocSetContextCreate(CurrentMemoryContext, "tj_perm reading of a roster",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	if (read_members(&reading, snapshot,
					 PointerGetDatum(cstring_to_text_with_len(key->workspace,
															  key->workspace_len))))
	{
		nread = keep_roster(key, &reading);
		if (nread > 0)
			misses[key->workspace_hash & (nmisses - 1)].n = 0;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return nread;
}

/* ---- asking them ---- */

bool
tjp_roster_find(const TjpRosterKey *key, const char *user, int user_len, TjpRosterMember *member)
{
	RosterRef *ref = rosters != NULL && !linking ? rosters_lookup(rosters, key) : NULL;
	Roster	  *roster;
	uint32	   position;

	if (ref == NULL)
		return false;
	roster = ref->roster;
	for (position = hash_bytes((const unsigned char *) user, user_len) & roster->mask;
		 roster->starts[position] != 0;
		 position = (position + 1) & roster->mask)
	{
		const char	*bytes = roster->packed + roster->starts[position] - 1;
		PackedMember packed;

		memcpy(&packed, bytes, PACKED_LEN);
		bytes += PACKED_LEN;
		if (packed.user_len != user_len || memcmp(bytes + packed.ngroups, user, user_len) != 0)
			continue;
		member->epoch = roster->key.epoch;
		member->generation = roster->key.generation;
		member->proof = roster->key.proof;
		member->stamp = packed.stamp;
		member->place.file = roster->file;
		member->place.tid = packed.tid;
		member->active = packed.active;
		member->granted = packed.granted;
		member->ngroups = packed.ngroups;
		member->groups = roster->groups;
		member->numbers = (const uint8 *) bytes;
		roster->used = ++finds;
		return true;
	}
	return false;
}

void
tjp_roster_groups(const TjpRosterMember *member, int64 *group_ids)
{
	for (int i = 0; i < member->ngroups; i++)
		group_ids[i] = member->groups[member->numbers[i]];
}

Size
tjp_roster_size(void)
{
	return nmisses * sizeof(Misses) +
		   (roster_context != NULL ? MemoryContextMemAllocated(roster_context, false) : 0);
}
