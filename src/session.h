/*
 * src/session.h
 *	  Who is asking: the end user and the database role.
 */
#ifndef TJP_SESSION_H
#define TJP_SESSION_H

#include "postgres.h"

/*
 * current_user as it was outside the extension's own functions.
 */
extern Oid	tjp_session_caller_role(void);

#endif							/* TJP_SESSION_H */
