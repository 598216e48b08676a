/*
 * test/bench/noop.c
 *	  Functions that do nothing: what calling a C function for each row costs,
 *	  the floor of every checker. Built and loaded by measures only.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(noop_true);
PG_FUNCTION_INFO_V1(noop_false);

Datum
noop_true(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

Datum
noop_false(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(false);
}
