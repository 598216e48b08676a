/*
 * src/rights.c
 *	  EXECUTE privileges, remembered.
 *
 * One plan, and every start of a statement, asks for the same few rights.  What a
 * role was found to have is kept for as long as PostgreSQL keeps the rows of its
 * catalog that say so.  Decides nothing.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "compat.h"
#include "rights.h"

#define N_EXECUTABLE 8 /* functions and roles whose right is remembered */

static struct
{
	Oid function;
	Oid role; /* 0: unused */
} executable[N_EXECUTABLE];
static uint64 rights_changes = 0;

static void
rights_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	rights_changes++;
	memset(executable, 0, sizeof(executable));
}

void
tjp_rights_init(void)
{
	/* all that pg_proc_aclcheck reads, itself or by what it remembers of roles */
	CacheRegisterSyscacheCallback(PROCOID, rights_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, rights_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, rights_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(DATABASEOID, rights_changed, (Datum) 0);
}

bool
tjp_rights_may_execute(Oid function)
{
	static int next = 0;
	Oid		   role = GetUserId();
	uint64	   changes = rights_changes;

	for (int i = 0; i < N_EXECUTABLE; i++)
		if (executable[i].function == function && executable[i].role == role)
			return true;
	if (tjp_function_aclcheck(function, role, ACL_EXECUTE) != ACLCHECK_OK)
		return false;
	/* unless something has changed while the rows were read */
	if (changes == rights_changes)
	{
		next = (next + 1) % N_EXECUTABLE;
		executable[next].function = function;
		executable[next].role = role;
	}
	return true;
}
