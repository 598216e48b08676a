/*
 * src/bare.c
 *	  Relations that know no more of a table than reading its rows needs.
 *
 * PostgreSQL's relcache reads all that anybody may want to know of a table when that is
 * opened for the first time: its triggers, defaults and constraints, and for these
 * three catalogs with their indexes, which a connection has seldom opened before.  For
 * the first check of a connection that was half of the work.  What a scan needs is in
 * the table's row of pg_class and its rows of pg_attribute, so that is all that is read
 * here.  PostgreSQL does likewise where it has no relcache (CreateFakeRelcacheEntry()).
 *
 * It must not know which tables are ours, nor when something has changed: that is
 * catalog.c's.  Nothing is written by such a relation, and none is made for a
 * transaction that may have created, changed or rewritten the table itself.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "bare.h"
#include "compat.h"

/* Never freed: storage and resource owners may point to the relation. */
struct TjpBareTable
{
	RelationData		 relation; /* rd_id: 0: not made yet */
	FormData_pg_class	 row;
	bool				 serves;
	struct TjpBareTable *next;
};

static TjpBareTable *all_tables = NULL;

void
tjp_bare_scans_failed(void)
{
	/* what was counted stays; the next who counts may be the table's own relation */
	for (TjpBareTable *table = all_tables; table != NULL; table = table->next)
		pgstat_unlink_relation(&table->relation);
}

void
tjp_bare_note(TjpBareTable **place, HeapTuple row)
{
	TjpBareTable *table = *place;

	if (table == NULL)
	{
		table = MemoryContextAllocZero(CacheMemoryContext, sizeof(TjpBareTable));
		table->next = all_tables;
		*place = all_tables = table;
	}
	table->serves = false;

	/* who reads it now goes on as it was; it serves again when it is noted the next time */
	if (!RelationHasReferenceCountZero(&table->relation))
		return;
	memcpy(&table->row, GETSTRUCT(row), CLASS_TUPLE_SIZE);
	table->relation.rd_id = InvalidOid;

	/* as tables are that nobody has done anything special to */
	table->serves = table->row.relkind == RELKIND_RELATION &&
					table->row.relam == HEAP_TABLE_AM_OID &&
					table->row.relpersistence == RELPERSISTENCE_PERMANENT &&
					!table->row.relisshared &&
					OidIsValid(table->row.relfilenode) &&
					heap_attisnull(row, Anum_pg_class_reloptions, NULL);
}

/*
 * The columns of a table; NULL if a row may be without one that has a value all the same
 * (pg_attribute.attmissingval).
 */
static TupleDesc
read_columns(Oid relid, int natts)
{
	Relation	pg_attribute = table_open(AttributeRelationId, AccessShareLock);
	TupleDesc	desc = CreateTemplateTupleDesc(natts);
	TupleDesc	result = NULL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	int			found = 0;

	ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTGreaterStrategyNumber, F_INT2GT,
				Int16GetDatum(0));
	scan = systable_beginscan(pg_attribute, AttributeRelidNumIndexId, true, NULL,
							  lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(tuple);

		if (column->attnum > natts || column->atthasmissing)
			break;
		memcpy(TupleDescAttr(desc, column->attnum - 1), column, ATTRIBUTE_FIXED_PART_SIZE);
		found++;
	}
	systable_endscan(scan);
	table_close(pg_attribute, AccessShareLock);

	if (found == natts)
	{
		MemoryContext caller = MemoryContextSwitchTo(CacheMemoryContext);

		result = CreateTupleDescCopy(desc);
		MemoryContextSwitchTo(caller);
	}
	FreeTupleDesc(desc);
	return result;
}

static bool
make_relation(TjpBareTable *table)
{
	Relation  rel = &table->relation;
	TupleDesc columns = read_columns(table->row.oid, table->row.relnatts);

	if (columns == NULL)
		return false;
	RelationCloseSmgr(rel);
	if (rel->rd_att != NULL)
		FreeTupleDesc(rel->rd_att);
	memset(rel, 0, sizeof(RelationData));
	rel->rd_id = table->row.oid;
	rel->rd_rel = &table->row;
	rel->rd_att = columns;
	rel->rd_isvalid = true;
	rel->rd_backend = TJP_NO_BACKEND;
	tjp_relation_locator(rel) = tjp_locator(OidIsValid(table->row.reltablespace) ?
												table->row.reltablespace :
												MyDatabaseTableSpace,
											MyDatabaseId, table->row.relfilenode);
	RelationInitLockInfo(rel);
	rel->rd_tableam = GetHeapamTableAmRoutine();
	return true;
}

/* Does the relcache have the table, and count what is read? */
static bool
is_counted_elsewhere(const TjpBareTable *table)
{
	const PgStat_TableStatus *counts;

	if (!pgstat_track_counts)
		return false;
	counts = find_tabstat_entry(table->row.oid);
	return counts != NULL && counts->relation != NULL && counts->relation != &table->relation;
}

Relation
tjp_bare_open(TjpBareTable *table)
{
	Relation rel = &table->relation;

#ifdef RELCACHE_FORCE_RELEASE
	/* a server for tests, which takes what an error leaves open for one of its own */
	return NULL;
#endif

	/* what a transaction has done to the table itself may have to be read another way */
	if (!table->serves || TransactionIdIsValid(GetTopTransactionIdIfAny()) ||
		is_counted_elsewhere(table))
		return NULL;
	if (!OidIsValid(rel->rd_id) && !make_relation(table))
	{
		table->serves = false;
		return NULL;
	}
	RelationIncrementReferenceCount(rel);
	pgstat_init_relation(rel);
	return rel;
}

void
tjp_bare_close(Relation rel)
{
	for (TjpBareTable *table = all_tables; table != NULL; table = table->next)
		if (rel == &table->relation)
		{
			pgstat_unlink_relation(rel);
			RelationDecrementReferenceCount(rel);
			return;
		}
	table_close(rel, NoLock);
}
