/*
 * src/level.c
 *	  The type tj_level: viewer < editor < admin.
 *
 * Owns text and binary I/O, comparison and hashing of one level.  Must not
 * know users, resources or any catalog.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "level.h"

/* longest piece of bad input that an error message repeats, in bytes */
#define MAX_ECHO_LEN 100

/* The word for a level; "?" for a code that is none. */
const char *
tjp_level_name(TjpLevel level)
{
	switch (level)
	{
		case TJP_LEVEL_VIEWER:
			return "viewer";
		case TJP_LEVEL_EDITOR:
			return "editor";
		case TJP_LEVEL_ADMIN:
			return "admin";
	}
	return "?";
}

/* Find the level of an exact lower-case word. */
static bool
level_from_name(const char *name, TjpLevel *level)
{
	static const TjpLevel levels[] = {TJP_LEVEL_VIEWER, TJP_LEVEL_EDITOR, TJP_LEVEL_ADMIN};

	for (int i = 0; i < lengthof(levels); i++)
	{
		if (strcmp(name, tjp_level_name(levels[i])) == 0)
		{
			*level = levels[i];
			return true;
		}
	}
	return false;
}

PG_FUNCTION_INFO_V1(tj_level_in);
Datum
tj_level_in(PG_FUNCTION_ARGS)
{
	char	*str = PG_GETARG_CSTRING(0);
	TjpLevel level;

	if (!level_from_name(str, &level))
	{
		int len = strlen(str);
		int shown = pg_mbcliplen(str, len, MAX_ECHO_LEN);

		tjp_ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%.*s%s\"",
							"tj_level", shown, str, shown < len ? "..." : ""),
					 errdetail("A level is one of viewer, editor and admin, in lower case.")));
	}
	PG_RETURN_TJP_LEVEL(level);
}

PG_FUNCTION_INFO_V1(tj_level_out);
Datum
tj_level_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(pstrdup(tjp_level_name(PG_GETARG_TJP_LEVEL(0))));
}

PG_FUNCTION_INFO_V1(tj_level_recv);
Datum
tj_level_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int		   code = pq_getmsgbyte(buf);

	switch (code)
	{
		case TJP_LEVEL_VIEWER:
		case TJP_LEVEL_EDITOR:
		case TJP_LEVEL_ADMIN:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid binary representation of type %s: %d", "tj_level", code),
					 errdetail("A level is one byte: %d for viewer, %d for editor, %d for admin.",
							   TJP_LEVEL_VIEWER, TJP_LEVEL_EDITOR, TJP_LEVEL_ADMIN)));
	}
	PG_RETURN_TJP_LEVEL(code);
}

PG_FUNCTION_INFO_V1(tj_level_send);
Datum
tj_level_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, PG_GETARG_TJP_LEVEL(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tj_level_eq);
Datum
tj_level_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) == PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_ne);
Datum
tj_level_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) != PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_lt);
Datum
tj_level_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) < PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_le);
Datum
tj_level_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) <= PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_gt);
Datum
tj_level_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) > PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_ge);
Datum
tj_level_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_TJP_LEVEL(0) >= PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_cmp);
Datum
tj_level_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) PG_GETARG_TJP_LEVEL(0) - (int32) PG_GETARG_TJP_LEVEL(1));
}

PG_FUNCTION_INFO_V1(tj_level_hash);
Datum
tj_level_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32(PG_GETARG_TJP_LEVEL(0));
}

PG_FUNCTION_INFO_V1(tj_level_hash_extended);
Datum
tj_level_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended(PG_GETARG_TJP_LEVEL(0), PG_GETARG_INT64(1));
}

PG_FUNCTION_INFO_V1(tj_level_larger);
Datum
tj_level_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_TJP_LEVEL(Max(PG_GETARG_TJP_LEVEL(0), PG_GETARG_TJP_LEVEL(1)));
}

PG_FUNCTION_INFO_V1(tj_level_smaller);
Datum
tj_level_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_TJP_LEVEL(Min(PG_GETARG_TJP_LEVEL(0), PG_GETARG_TJP_LEVEL(1)));
}
