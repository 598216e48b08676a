/*
 * src/tj_perm.c
 *	  Module magic and start: calls each room's init in order.
 */
#include "postgres.h"

#include "fmgr.h"

#include "cache.h"
#include "catalog.h"
#include "estimate.h"
#include "guc.h"
#include "rights.h"
#include "scan.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	tjp_guc_init();
	tjp_catalog_init();
	tjp_cache_init();
	tjp_rights_init();
	tjp_estimate_init();
	tjp_scan_init();
}
