/*
 * src/level.h
 *	  The type tj_level: viewer < editor < admin.
 *
 * Declares the codes and the way between a code, a Datum and a word.  Knows
 * nothing about who holds a level.
 */
#ifndef TJP_LEVEL_H
#define TJP_LEVEL_H

#include "postgres.h"

/*
 * The codes are stored on disk and sent in binary, so they never change.  The
 * gaps leave room for levels in between.  No valid tj_level is 0: C code may
 * use it for "holds nothing".
 */
typedef uint8 TjpLevel;

#define TJP_LEVEL_NONE	 ((TjpLevel) 0)
#define TJP_LEVEL_VIEWER ((TjpLevel) 10)
#define TJP_LEVEL_EDITOR ((TjpLevel) 20)
#define TJP_LEVEL_ADMIN	 ((TjpLevel) 30)

#define DatumGetTjpLevel(X)	   ((TjpLevel) DatumGetUInt8(X))
#define TjpLevelGetDatum(X)	   UInt8GetDatum(X)
#define PG_GETARG_TJP_LEVEL(n) DatumGetTjpLevel(PG_GETARG_DATUM(n))
#define PG_RETURN_TJP_LEVEL(x) return TjpLevelGetDatum(x)

extern const char *tjp_level_name(TjpLevel level);

#endif /* TJP_LEVEL_H */
