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
#include "access/reloptions.h"
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
#include "utils/pgstat_internal.h"
#include "utils/rel.h"

#include "bare.h"
#include "compat.h"

#define BLOCKS_TO_COUNT 64

/* Never freed: storage and resource owners may point to the relation. */
struct TjpBareTable
{
	RelationData		 relation; /* rd_id: 0: not made yet */
	HeapTuple			 row;	   /* of pg_class */
	bool				 serves;
	PgStat_TableStatus	 counts; /* of what was read, not handed over yet */
	struct TjpBareTable *next;
};

static TjpBareTable *all_tables = NULL;

static Form_pg_class
form_of(const TjpBareTable *table)
{
	return (Form_pg_class) GETSTRUCT(table->row);
}

void
tjp_bare_note(TjpBareTable **place, HeapTuple row)
{
	TjpBareTable *table = *place;
	MemoryContext caller = MemoryContextSwitchTo(CacheMemoryContext);

	if (table == NULL)
	{
		table = palloc0(sizeof(TjpBareTable));
		table->next = all_tables;
		*place = all_tables = table;
	}
	table->serves = false;

	/* who reads it now goes on as it was; it serves again when it is noted the next time */
	if (RelationHasReferenceCountZero(&table->relation))
	{
		HeapTuple old = table->row;

		table->row = heap_copytuple(row);
		table->relation.rd_id = InvalidOid;
		table->relation.rd_rel = form_of(table);
		memset(&table->counts, 0, sizeof(table->counts));
		if (old != NULL)
			heap_freetuple(old);

		/* as tables are that nobody has done anything special to */
		table->serves = form_of(table)->relkind == RELKIND_RELATION &&
						form_of(table)->relam == HEAP_TABLE_AM_OID &&
						form_of(table)->relpersistence == RELPERSISTENCE_PERMANENT &&
						!form_of(table)->relisshared &&
						OidIsValid(form_of(table)->relfilenode);
	}
	MemoryContextSwitchTo(caller);
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

/* The settings of a table, as the relcache has them; NULL: none. */
static bytea *
read_settings(HeapTuple row)
{
	Relation pg_class;
	bytea	*settings;
	bytea	*result = NULL;

	if (heap_attisnull(row, Anum_pg_class_reloptions, NULL))
		return NULL;
	pg_class = table_open(RelationRelationId, AccessShareLock);
	settings = extractRelOptions(row, RelationGetDescr(pg_class), NULL);
	table_close(pg_class, AccessShareLock);
	if (settings != NULL)
	{
		result = MemoryContextAlloc(CacheMemoryContext, VARSIZE(settings));
		memcpy(result, settings, VARSIZE(settings));
		pfree(settings);
	}
	return result;
}

static bool
make_relation(TjpBareTable *table)
{
	Relation	  rel = &table->relation;
	Form_pg_class form = form_of(table);
	TupleDesc	  columns = read_columns(form->oid, form->relnatts);
	bytea		 *settings;

	if (columns == NULL)
		return false;
	settings = read_settings(table->row);
	RelationCloseSmgr(rel);
	if (rel->rd_att != NULL)
		FreeTupleDesc(rel->rd_att);
	if (rel->rd_options != NULL)
		pfree(rel->rd_options);
	memset(rel, 0, sizeof(RelationData));
	rel->rd_id = form->oid;
	rel->rd_rel = form;
	rel->rd_att = columns;
	rel->rd_options = settings;
	rel->rd_isvalid = true;
	rel->rd_backend = TJP_NO_BACKEND;
	tjp_relation_locator(rel) = tjp_locator(OidIsValid(form->reltablespace) ? form->reltablespace :
																			  MyDatabaseTableSpace,
											MyDatabaseId, form->relfilenode);
	RelationInitLockInfo(rel);
	rel->rd_tableam = GetHeapamTableAmRoutine();
	return true;
}

/*
 * Add what was counted to the statistics of the table: for each scan of it, and otherwise
 * not each time, since a block or two that an index led to are not worth it.  Only one
 * relation can count there by itself, and that may be the relcache's.
 */
static void
hand_over_counts(TjpBareTable *table)
{
	PgStat_TableStatus *from = &table->counts;
	PgStat_TableStatus *to;

	if (tjp_count(from, numscans) == 0 && tjp_count(from, delta_dead_tuples) == 0 &&
		tjp_count(from, blocks_fetched) < BLOCKS_TO_COUNT)
		return;
	to = pgstat_prep_pending_entry(PGSTAT_KIND_RELATION, MyDatabaseId, form_of(table)->oid,
								   NULL)
			 ->pending;
	tjp_counted_table(to) = form_of(table)->oid;
	tjp_count(to, numscans) += tjp_count(from, numscans);
	tjp_count(to, tuples_returned) += tjp_count(from, tuples_returned);
	tjp_count(to, tuples_fetched) += tjp_count(from, tuples_fetched);
	tjp_count(to, delta_dead_tuples) += tjp_count(from, delta_dead_tuples);
	tjp_count(to, blocks_fetched) += tjp_count(from, blocks_fetched);
	tjp_count(to, blocks_hit) += tjp_count(from, blocks_hit);
	memset(from, 0, sizeof(PgStat_TableStatus));
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
	if (!table->serves || TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return NULL;
	if (!OidIsValid(rel->rd_id) && !make_relation(table))
	{
		table->serves = false;
		return NULL;
	}
	RelationIncrementReferenceCount(rel);
	rel->pgstat_info = pgstat_track_counts ? &table->counts : NULL;
	return rel;
}

void
tjp_bare_close(Relation rel)
{
	for (TjpBareTable *table = all_tables; table != NULL; table = table->next)
		if (rel == &table->relation)
		{
			hand_over_counts(table);
			RelationDecrementReferenceCount(rel);
			return;
		}
	table_close(rel, NoLock);
}
