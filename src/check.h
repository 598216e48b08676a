/*
 * src/check.h
 *	  The decision: which level a user holds on a resource.
 */
#ifndef TJP_CHECK_H
#define TJP_CHECK_H

#include "postgres.h"

#include "utils/timestamp.h"

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

#endif /* TJP_CHECK_H */
