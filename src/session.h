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
extern Oid tjp_session_caller_role(void);

/*
 * Make calls through the door those of another role, or (InvalidOid) of whoever
 * makes them; answers what to put back on every way out.
 */
extern Oid tjp_session_swap_caller(Oid role);

/*
 * A row of ours is about to change: note who does it.
 */
extern void tjp_session_note_change(void);

#endif /* TJP_SESSION_H */
