/*
 * src/roster.h
 *	  What rows said of all members of a workspace, each under a stamp.
 *
 * A roster is read at once, where many users of a workspace are met, and answers
 * for each of them for as long as the member's stamp is the one that it was read
 * under: the row of the member, the groups that list them, and whether anything
 * is granted to them themselves.  It draws no conclusion and believes nothing:
 * that a stamp is still the one is for the caller to see.
 */
#ifndef TJP_ROSTER_H
#define TJP_ROSTER_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "catalog.h"

/* Under what a roster is read, and of which workspace. */
typedef struct TjpRosterKey
{
	int64		epoch;
	uint64		generation; /* of the catalog */
	uint64		proof;		/* what the snapshot is known by */
	const char *workspace;
	int			workspace_len;
	uint32		workspace_hash; /* hash_bytes of it */
} TjpRosterKey;

typedef struct TjpRosterMember
{
	/* under which the rest is true */
	int64  epoch;
	uint64 generation;
	int64  stamp;
	uint64 proof; /* of the snapshot that it was read under: no stamp need be read */

	TjpStampPlace place; /* of the stamp */
	bool		  active;
	bool		  granted; /* may have been granted something themselves */
	int			  ngroups;

	/* the roster's own */
	const int64 *groups;
	const uint8 *numbers;
} TjpRosterMember;

/*
 * What is known of a user, under whatever epoch and generation; false if nothing is,
 * which says nothing of them.  Good until something is read.
 */
extern bool tjp_roster_find(const TjpRosterKey *key, const char *user, int user_len,
							TjpRosterMember *member);

/* The groups that list the member, into an array of ngroups. */
extern void tjp_roster_groups(const TjpRosterMember *member, int64 *group_ids);

/*
 * A member was read from the tables, of whom no roster knew: read the roster, if
 * that is worthwhile by now.  Only under a snapshot for which the stamps are kept, in a
 * transaction that has changed nothing.  Returns how many members were read.
 */
extern int tjp_roster_missed(const TjpRosterKey *key, Snapshot snapshot);

/* Let go of those for which there is no room any more, where tj_perm.cache_size was lowered. */
extern void tjp_roster_fit(void);

/* What rosters take, in bytes: about a quarter of tj_perm.cache_size at most. */
extern Size tjp_roster_size(void);

#endif /* TJP_ROSTER_H */
