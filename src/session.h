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
 * A row of ours is about to change: note who does it.
 */
extern void tjp_session_note_change(void);

#endif /* TJP_SESSION_H */
