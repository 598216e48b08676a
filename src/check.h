/*
 * src/check.h
 *	  The decision: which level a user holds on a resource.
 */
#ifndef TJP_CHECK_H
#define TJP_CHECK_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "level.h"
#include "resource.h"

/*
 * The highest level that the user holds now on the resource, TJP_LEVEL_NONE if
 * none, under the active snapshot and the clock of the client's statement.
 * The search may stop at the first level that is at least "enough".  user and
 * resource need no normalising; unknown ones give TJP_LEVEL_NONE, never an
 * error.  With any_workspace_status an archived workspace counts as an active
 * one (administration only).  If until is not NULL it is set to the end of the
 * longest right, valid now, to at least "enough".
 */
extern TjpLevel tjp_check_level(const char *user, int user_len,
								const TjpResource *resource, TjpLevel enough,
								bool any_workspace_status, TimestampTz *until);

/*
 * What the user may reach at this level: for each workspace (or the one with
 * this key, if it is not NULL) that is active and has the user as an active
 * member, workspace() is called with the user's view of it; if it returns true
 * and the user is not in Admins, target() for each grant that counts for the
 * user there, NULL for one on the workspace, until it returns false.  Grants
 * that are not valid yet are among them, expired ones are not.  Under the
 * active snapshot.  No target that makes tj_can true in this statement is left
 * out, unless a sample is asked for, of about so many grants of each principal;
 * then each stands for weight grants.
 */
typedef bool (*TjpWorkspaceCallback)(const char *key, int key_len, TjpView *view, void *arg);
typedef bool (*TjpReachCallback)(const TjpElement *target, int weight, void *arg);

extern void tjp_check_reach(const char *user, int user_len, const char *key, int key_len,
							TjpLevel level, int sample, TjpWorkspaceCallback workspace,
							TjpReachCallback target, void *arg);

/*
 * Does the view hold at this level, now or later, what needs no id: Admins, the
 * workspace, type:* of one of the types?
 */
extern bool tjp_check_is_wide(TjpView *view, TjpLevel level, int ntypes, const TjpElement *types);

/*
 * The type tj_perm._planned: only the planner's support makes values, so that
 * what takes one cannot be called from SQL.  The OID of the function that the
 * call stands for, and flags.
 */
#define TJP_PLANNED_SESSION_USER (UINT64CONST(1) << 32) /* tj_user(), whatever the argument */
#define TJP_PLANNED_ONE_USER	 (UINT64CONST(1) << 33) /* no other row has another user */
#define TJP_PLANNED_HAS_ARMS	 (UINT64CONST(1) << 34) /* arms find what needs an id */
#define TJP_PLANNED_ONE_ROW		 (UINT64CONST(1) << 35) /* the query names the row by its key */
#define TJP_PLANNED_FUNCTION(x)	 ((Oid) ((x) &PG_UINT32_MAX))

#define PG_GETARG_TJP_PLANNED(n) ((uint64) PG_GETARG_INT64(n))

/* Raises 42501 unless the current role may execute the function it stands for. */
extern void tjp_check_planned(uint64 planned);

/* The user that a call made by the planner is about; false if there is none. */
extern bool tjp_check_planned_user(FunctionCallInfo fcinfo, int argno, const char **user,
								   int *user_len);

#endif /* TJP_CHECK_H */
