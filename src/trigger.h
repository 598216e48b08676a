/*
 * src/trigger.h
 *	  The triggers on our tables that exactness depends on.
 */
#ifndef TJP_TRIGGER_H
#define TJP_TRIGGER_H

#include "postgres.h"

/*
 * Has the current top-level transaction begun to change a table of ours?
 */
extern bool tjp_trigger_transaction_is_dirty(void);

extern void tjp_trigger_init(void);

#endif							/* TJP_TRIGGER_H */
