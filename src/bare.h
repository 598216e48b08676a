/*
 * src/bare.h
 *	  Relations that know no more of a table than reading its rows needs.
 */
#ifndef TJP_BARE_H
#define TJP_BARE_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/relcache.h"

typedef struct TjpBareTable TjpBareTable;

/*
 * Note what pg_class says of a table.  *table is NULL, or what was noted of that table,
 * or of another, before.  Whoever notes a row knows when that holds no longer, and
 * notes it anew.
 */
extern void tjp_bare_note(TjpBareTable **table, HeapTuple row);

/*
 * The table as a relation for scans, to be closed by tjp_bare_close(); NULL: open it as
 * any other.  The caller holds a lock on it, and since that was taken has been told of
 * nothing that changed the table.
 */
extern Relation tjp_bare_open(TjpBareTable *table);

/* Close a relation, bare or not; a lock is kept. */
extern void tjp_bare_close(Relation rel);

#endif /* TJP_BARE_H */
