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

extern void tjp_cache_init(void);
extern void tjp_cache_change_begins(void);
extern void tjp_cache_change_done(void);
extern void tjp_cache_ddl(void);
extern bool tjp_cache_saw_ddl(void);
extern bool tjp_cache_is_dirty(void);

/*
 * Enter the cache with the snapshot that answers; every other call refers to
 * it, until the next one.  user is normalised.  Returns the view kept for this
 * snapshot, or NULL if none is.
 */
extern TjpView	*tjp_cache_enter(Snapshot snapshot, const char *key, int key_len,
								 const char *user, int user_len);
extern TjpView	*tjp_cache_add_view(void);
extern TjpState *tjp_cache_workspace(TjpWorkspaceFacts *facts);
extern TjpState *tjp_cache_member(TjpMemberFacts *facts);
extern TjpState *tjp_cache_group(int64 group_id, TjpGroupFacts *facts);
extern void		*tjp_cache_alloc(Size size);

extern void tjp_cache_grants(TjpView *view, const TjpElement *element, bool of_type,
							 TjpGrantCallback callback, void *arg);

#endif /* TJP_CACHE_H */
