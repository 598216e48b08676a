/*
 * src/catalog.c
 *	  Access to the tables of schema tj_perm.
 *
 * Owns the names of tables and columns, their resolution to OIDs, the index
 * scans that read them and the one statement that writes a stamp.  It must not
 * decide anything: who may what is check.c's.
 *
 * Reading is done by index scans under the snapshot that the caller hands in,
 * never by SPI: SPI would run with the privileges, policies and search_path of
 * whoever happens to ask.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "bare.h"
#include "catalog.h"
#include "compat.h"
#include "guc.h"

#define TJP_SCHEMA	  "tj_perm"
#define TJP_EXTENSION "tj_perm"

#define MAX_COLUMNS 7
#define MAX_KEYS	3

#define ROWS_READ_WHOLE 24 /* read as fast as one of them is found by an index */

typedef enum TableId
{
	WORKSPACES,
	MEMBERS,
	GROUPS,
	GROUP_MEMBERS,
	GROUP_NESTING,
	GRANTS,
	STAMPS,
	N_TABLES
} TableId;

/* Columns by table; the position in table_definitions[].columns. */
enum
{
	WORKSPACES_WORKSPACE_ID,
	WORKSPACES_STATUS
};
enum
{
	MEMBERS_WORKSPACE_ID,
	MEMBERS_USER_ID,
	MEMBERS_STATUS
};
enum
{
	GROUPS_GROUP_ID,
	GROUPS_WORKSPACE_ID,
	GROUPS_NAME_KEY,
	GROUPS_KIND
};
enum
{
	GM_WORKSPACE_ID,
	GM_USER_ID,
	GM_GROUP_ID
};
enum
{
	GROUP_NESTING_INNER_GROUP_ID,
	GROUP_NESTING_GROUP_ID,
	GROUP_NESTING_WORKSPACE_ID
};
enum
{
	GRANTS_WORKSPACE_ID,
	GRANTS_GROUP_ID,
	GRANTS_USER_ID,
	GRANTS_RESOURCE,
	GRANTS_LEVEL,
	GRANTS_VALID_FROM,
	GRANTS_VALID_UNTIL
};
enum
{
	STAMPS_WORKSPACE_ID,
	STAMPS_GROUP_ID,
	STAMPS_USER_ID,
	STAMPS_STAMP
};

static const struct
{
	const char *name;
	int			always_triggers; /* whose names begin with a_ */
	const char *columns[MAX_COLUMNS];
} table_definitions[N_TABLES] =
	{
		[WORKSPACES] = {"workspaces", 3, {"workspace_id", "status"}},
		[MEMBERS] = {"members", 3, {"workspace_id", "user_id", "status"}},
		[GROUPS] = {"groups", 4, {"group_id", "workspace_id", "name_key", "kind"}},
		[GROUP_MEMBERS] = {"group_members", 3, {"workspace_id", "user_id", "group_id"}},
		[GROUP_NESTING] = {"group_nesting", 3, {"inner_group_id", "group_id", "workspace_id"}},
		[GRANTS] = {"grants", 4, {
									 "workspace_id",
									 "group_id",
									 "user_id",
									 "resource",
									 "level",
									 "valid_from",
									 "valid_until",
								 }},
		[STAMPS] = {"stamps", 2, {"workspace_id", "group_id", "user_id", "stamp"}},
};

/* The ways in which tables are read: the columns of an equality search. */
typedef enum AccessPath
{
	WORKSPACE_BY_KEY,
	MEMBER_BY_KEY,
	MEMBERSHIPS_OF_USER,
	GROUP_BY_ID,
	GROUP_BY_NAME,
	GROUPS_OF_WORKSPACE,
	MEMBERSHIPS_OF_MEMBER,
	NESTINGS_OF_INNER,
	GROUP_GRANTS,
	GROUP_GRANTS_ON,
	MEMBER_GRANTS,
	MEMBER_GRANTS_ON,
	GRANTS_ON,
	STAMP_BY_KEY,
	MEMBERS_OF_WORKSPACE,
	MEMBERSHIPS_OF_WORKSPACE,
	MEMBER_GRANTS_OF_WORKSPACE,
	MEMBER_STAMPS_OF_WORKSPACE,
	N_PATHS
} AccessPath;

static const struct
{
	TableId table;
	int		nkeys;
	int		keys[MAX_KEYS];
	int		wanted; /* a column that is not NULL in the rows that are wanted; 0: none */
} path_definitions[N_PATHS] =
	{
		[WORKSPACE_BY_KEY] = {WORKSPACES, 1, {WORKSPACES_WORKSPACE_ID}},
		[MEMBER_BY_KEY] = {MEMBERS, 2, {MEMBERS_WORKSPACE_ID, MEMBERS_USER_ID}},
		[MEMBERSHIPS_OF_USER] = {MEMBERS, 1, {MEMBERS_USER_ID}},
		[GROUP_BY_ID] = {GROUPS, 1, {GROUPS_GROUP_ID}},
		[GROUP_BY_NAME] = {GROUPS, 2, {GROUPS_WORKSPACE_ID, GROUPS_NAME_KEY}},
		[GROUPS_OF_WORKSPACE] = {GROUPS, 1, {GROUPS_WORKSPACE_ID}},
		[MEMBERSHIPS_OF_MEMBER] = {GROUP_MEMBERS, 2, {GM_WORKSPACE_ID, GM_USER_ID}},
		[NESTINGS_OF_INNER] = {GROUP_NESTING, 1, {GROUP_NESTING_INNER_GROUP_ID}},
		[GROUP_GRANTS] = {GRANTS, 1, {GRANTS_GROUP_ID}},
		[GROUP_GRANTS_ON] = {GRANTS, 2, {GRANTS_GROUP_ID, GRANTS_RESOURCE}},
		[MEMBER_GRANTS] = {GRANTS, 2, {GRANTS_WORKSPACE_ID, GRANTS_USER_ID}},
		[MEMBER_GRANTS_ON] = {GRANTS, 3, {GRANTS_WORKSPACE_ID, GRANTS_USER_ID, GRANTS_RESOURCE}},
		[GRANTS_ON] = {GRANTS, 1, {GRANTS_RESOURCE}},
		[STAMP_BY_KEY] = {STAMPS, 3, {STAMPS_WORKSPACE_ID, STAMPS_GROUP_ID, STAMPS_USER_ID}},
		[MEMBERS_OF_WORKSPACE] = {MEMBERS, 1, {MEMBERS_WORKSPACE_ID}},
		[MEMBERSHIPS_OF_WORKSPACE] = {GROUP_MEMBERS, 1, {GM_WORKSPACE_ID}},
		[MEMBER_GRANTS_OF_WORKSPACE] = {GRANTS, 1, {GRANTS_WORKSPACE_ID}, GRANTS_USER_ID},
		[MEMBER_STAMPS_OF_WORKSPACE] = {STAMPS, 2, {STAMPS_WORKSPACE_ID, STAMPS_GROUP_ID}},
};

/* The indexes that were made for them. */
static const char *const path_indexes[N_PATHS] = {
	[WORKSPACE_BY_KEY] = "workspaces_pkey",
	[MEMBER_BY_KEY] = "members_pkey",
	[MEMBERSHIPS_OF_USER] = "members_user_id_idx",
	[GROUP_BY_ID] = "groups_pkey",
	[GROUP_BY_NAME] = "groups_workspace_id_name_key_key",
	[GROUPS_OF_WORKSPACE] = "groups_workspace_id_name_key_key",
	[MEMBERSHIPS_OF_MEMBER] = "group_members_pkey",
	[NESTINGS_OF_INNER] = "group_nesting_pkey",
	[GROUP_GRANTS] = "grants_group_key",
	[GROUP_GRANTS_ON] = "grants_group_key",
	[MEMBER_GRANTS] = "grants_member_key",
	[MEMBER_GRANTS_ON] = "grants_member_key",
	[GRANTS_ON] = "grants_resource_idx",
	[STAMP_BY_KEY] = "stamps_pkey",
	[MEMBERS_OF_WORKSPACE] = "members_pkey",
	[MEMBERSHIPS_OF_WORKSPACE] = "group_members_pkey",
	[MEMBER_GRANTS_OF_WORKSPACE] = "grants_member_key",
	[MEMBER_STAMPS_OF_WORKSPACE] = "stamps_pkey",
};

/*
 * What the names resolve to.  The callbacks only clear catalog_resolved and
 * count, so that an invalidation that arrives while names are being resolved
 * is not lost.  A table's lock is taken before the flag is trusted, and taking
 * a lock absorbs the invalidations that are due.
 */
static bool	  catalog_resolved = false;
static uint64 catalog_changes = 0;
static struct
{
	Oid		   relid;
	Oid		   tablespace;
	Oid		   file;		  /* InvalidOid: not a table as others are */
	bool	   columns_known; /* looked at when the table is opened */
	AttrNumber columns[MAX_COLUMNS];

	TjpBareTable *bare; /* to read by */
} tables[N_TABLES];

/* How one key column is searched through the index chosen for a path. */
typedef struct IndexKey
{
	AttrNumber	 index_column; /* 1-based */
	RegProcedure equal_proc;   /* InvalidOid: equality of tj_resource */
	Oid			 collation;
} IndexKey;

static struct
{
	bool	 known; /* chosen since the last invalidation? */
	Oid		 index; /* InvalidOid: none fits, scan the heap */
	IndexKey keys[MAX_KEYS];
} paths[N_PATHS];

/* A running scan. */
typedef struct PathScan
{
	TableId			table;
	Relation		heap;
	Relation		index; /* NULL: heap scan */
	IndexScanDesc	index_scan;
	TableScanDesc	heap_scan;
	TupleTableSlot *slot;
} PathScan;

static SPIPlanPtr stamp_plan = NULL;
static bool		  renewing_stamp = false;
static bool		  replacing_group_id = false;

static void stamp_transaction_ended(XactEvent event, void *arg);
static void stamp_subtransaction_ended(SubXactEvent event, SubTransactionId mySubid,
									   SubTransactionId parentSubid, void *arg);

static void
forget_names(void)
{
	catalog_resolved = false;
	catalog_changes++;
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (catalog_resolved && OidIsValid(relid))
	{
		int i;

		for (i = 0; i < N_TABLES; i++)
			if (tables[i].relid == relid)
				break;
		if (i == N_TABLES)
			return;
	}
	forget_names();
}

static void
catalog_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	forget_names();
}

/*
 * Register the callbacks that notice when names must be resolved again.
 */
void
tjp_catalog_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_changed, (Datum) 0);
	RegisterXactCallback(stamp_transaction_ended, NULL);
	RegisterSubXactCallback(stamp_subtransaction_ended, NULL);
}

uint64
tjp_catalog_generation(void)
{
	return catalog_changes;
}

/*
 * A search for one key after the other in a catalog.  systable_beginscan() would do
 * for each, but would open the index anew each time.
 */
typedef struct CatalogSearch
{
	Relation		catalog;
	Relation		index; /* NULL: indexes of catalogs are not to be used */
	Snapshot		snapshot;
	IndexScanDesc	index_scan;
	TableScanDesc	heap_scan;
	TupleTableSlot *slot;
} CatalogSearch;

#define MAX_CATALOG_KEYS 3

static void
begin_search(CatalogSearch *search, Oid catalog_oid, Oid index_oid, Snapshot snapshot, int nkeys)
{
	search->catalog = table_open(catalog_oid, AccessShareLock);
	if (snapshot == NULL)
		snapshot = GetCatalogSnapshot(catalog_oid);
	search->snapshot = RegisterSnapshot(snapshot);
	search->slot = table_slot_create(search->catalog, NULL);
	search->index = NULL;
	search->index_scan = NULL;
	search->heap_scan = NULL;
	if (IgnoreSystemIndexes)
		return;
	search->index = index_open(index_oid, AccessShareLock);
	search->index_scan = tjp_index_beginscan(search->catalog, search->index, search->snapshot,
											 nkeys);
}

/* Search for the keys, which name columns of the catalog that the index has. */
static void
search_for(CatalogSearch *search, ScanKeyData *keys, int nkeys)
{
	ScanKeyData index_keys[MAX_CATALOG_KEYS];

	Assert(nkeys <= MAX_CATALOG_KEYS);
	if (search->index == NULL)
	{
		if (search->heap_scan != NULL)
			table_endscan(search->heap_scan);
		search->heap_scan = table_beginscan(search->catalog, search->snapshot, nkeys, keys);
		return;
	}
	for (int i = 0; i < nkeys; i++)
	{
		int c = 0;

		while (search->index->rd_index->indkey.values[c] != keys[i].sk_attno)
			c++;
		Assert(c < IndexRelationGetNumberOfKeyAttributes(search->index));
		index_keys[i] = keys[i];
		index_keys[i].sk_attno = c + 1;
	}
	index_rescan(search->index_scan, index_keys, nkeys, NULL, 0);
}

/* The next row with these keys; NULL if there is none. */
static HeapTuple
next_found(CatalogSearch *search)
{
	TupleTableSlot *slot = search->slot;
	bool			found;

	if (search->index != NULL)
		found = index_getnext_slot(search->index_scan, ForwardScanDirection, slot);
	else
		found = table_scan_getnextslot(search->heap_scan, ForwardScanDirection, slot);
	return found ? ExecFetchSlotHeapTuple(slot, false, NULL) : NULL;
}

static void
end_search(CatalogSearch *search)
{
	ExecDropSingleTupleTableSlot(search->slot);
	if (search->index != NULL)
	{
		index_endscan(search->index_scan);
		index_close(search->index, AccessShareLock);
	}
	else if (search->heap_scan != NULL)
		table_endscan(search->heap_scan);
	UnregisterSnapshot(search->snapshot);
	table_close(search->catalog, AccessShareLock);
}

/* Our extension, and the relations that its script has registered for pg_dump. */
typedef struct Extension
{
	Oid	 oid; /* InvalidOid: there is none */
	int	 nregistered;
	Oid *registered; /* allocated in the current context */
} Extension;

/*
 * Few extensions are installed: reading them all costs less than opening an index
 * for the first time.
 */
static Extension
find_extension(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Extension	extension = {InvalidOid};

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(TJP_EXTENSION));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool  isnull;
		Datum registered = heap_getattr(tuple, Anum_pg_extension_extconfig,
										RelationGetDescr(rel), &isnull);

		extension.oid = ((Form_pg_extension) GETSTRUCT(tuple))->oid;
		if (!isnull)
		{
			ArrayType *array = DatumGetArrayTypePCopy(registered);

			if (ARR_NDIM(array) == 1 && !ARR_HASNULL(array) && ARR_ELEMTYPE(array) == OIDOID)
			{
				extension.nregistered = ARR_DIMS(array)[0];
				extension.registered = (Oid *) ARR_DATA_PTR(array);
			}
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return extension;
}

/* Only what belongs to an extension can be registered, and for as long as it does. */
static bool
is_registered(const Extension *extension, Oid relid)
{
	for (int i = 0; i < extension->nregistered; i++)
		if (extension->registered[i] == relid)
			return true;
	return false;
}

/* The row of the relation of this name and kind, until the next search; NULL if there is none. */
static HeapTuple
find_relation(CatalogSearch *pg_class, const char *name, Oid schema, char kind)
{
	ScanKeyData keys[2];
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_class_relname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name));
	ScanKeyInit(&keys[1], Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(schema));
	search_for(pg_class, keys, lengthof(keys));
	tuple = next_found(pg_class);
	if (!HeapTupleIsValid(tuple) || ((Form_pg_class) GETSTRUCT(tuple))->relkind != kind)
		return NULL;
	return tuple;
}

/* Does the relation belong to the extension? */
static bool
belongs_to(CatalogSearch *pg_depend, Oid relid, Oid extension)
{
	ScanKeyData keys[2];
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	search_for(pg_depend, keys, lengthof(keys));
	while (HeapTupleIsValid(tuple = next_found(pg_depend)))
	{
		Form_pg_depend depend = (Form_pg_depend) GETSTRUCT(tuple);

		if (depend->refclassid == ExtensionRelationId && depend->refobjid == extension &&
			depend->deptype == DEPENDENCY_EXTENSION)
			return true;
	}
	return false;
}

/*
 * Open a relation that may be gone: then NULL.  As try_relation_open(), but for the
 * look-up by which that sees whether there is a row in pg_class: the relcache
 * reads the row, too, and says so.
 */
static Relation
open_relation(Oid relid, LOCKMODE lockmode)
{
	Relation rel;

	LockRelationOid(relid, lockmode);
	rel = RelationIdGetRelation(relid);
	if (rel == NULL)
		UnlockRelationOid(relid, lockmode);
	else
		pgstat_init_relation(rel);
	return rel;
}

/*
 * Resolve schema and tables.  A table counts only if it belongs to
 * this extension, so that nothing planted under the same name is believed.
 */
static bool
resolve_names(void)
{
	Oid			  schema = get_namespace_oid(TJP_SCHEMA, true);
	Extension	  extension = find_extension();
	CatalogSearch search;
	bool		  found = true;
	bool		  registered = true;

	if (!OidIsValid(schema) || !OidIsValid(extension.oid))
		return false;

	begin_search(&search, RelationRelationId, ClassNameNspIndexId, NULL, 2);
	for (int i = 0; i < N_TABLES && found; i++)
	{
		HeapTuple	  row = find_relation(&search, table_definitions[i].name, schema,
										  RELKIND_RELATION);
		Form_pg_class table;

		found = HeapTupleIsValid(row);
		if (!found)
			break;
		table = (Form_pg_class) GETSTRUCT(row);
		tables[i].relid = table->oid;
		tables[i].tablespace = table->reltablespace;
		tables[i].file = table->relam == HEAP_TABLE_AM_OID ? table->relfilenode : InvalidOid;
		tables[i].columns_known = false;
		tjp_bare_note(&tables[i].bare, row);
		registered = registered && is_registered(&extension, table->oid);
	}
	end_search(&search);
	for (int i = 0; i < N_PATHS; i++)
		paths[i].known = false;

	/* opening pg_depend for the first time is dear */
	if (found && !registered)
	{
		begin_search(&search, DependRelationId, DependDependerIndexId, NULL, 2);
		for (int i = 0; i < N_TABLES && found; i++)
			found = belongs_to(&search, tables[i].relid, extension.oid);
		end_search(&search);
	}
	return found;
}

/*
 * The index that was made for a path, by its name; InvalidOid if there is none.  Or the
 * one that was chosen for another path with that name, which is as good.
 */
static Oid
made_for_path(Relation heap, AccessPath path)
{
	CatalogSearch search;
	HeapTuple	  index;
	Oid			  oid;

	for (int i = 0; i < N_PATHS; i++)
		if (paths[i].known && OidIsValid(paths[i].index) &&
			strcmp(path_indexes[i], path_indexes[path]) == 0)
			return paths[i].index;
	begin_search(&search, RelationRelationId, ClassNameNspIndexId, NULL, 2);
	index = find_relation(&search, path_indexes[path], RelationGetNamespace(heap), RELKIND_INDEX);
	oid = HeapTupleIsValid(index) ? ((Form_pg_class) GETSTRUCT(index))->oid : InvalidOid;
	end_search(&search);
	return oid;
}

/*
 * The OID of the one function of our schema with this name; InvalidOid if
 * there is none.
 */
Oid
tjp_catalog_function(const char *name)
{
	Oid		  schema = get_namespace_oid(TJP_SCHEMA, true);
	Oid		  found = InvalidOid;
	CatCList *list;

	if (!OidIsValid(schema))
		return InvalidOid;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (proc->pronamespace == schema)
			found = proc->oid;
	}
	ReleaseSysCacheList(list);
	return found;
}

/*
 * Find the columns of an open table; false if one is missing.
 */
static bool
find_columns(Relation rel, TableId table)
{
	TupleDesc desc = RelationGetDescr(rel);

	for (int c = 0; c < MAX_COLUMNS && table_definitions[table].columns[c] != NULL; c++)
	{
		int i;

		for (i = 0; i < desc->natts; i++)
			if (!TupleDescAttr(desc, i)->attisdropped &&
				strcmp(NameStr(TupleDescAttr(desc, i)->attname),
					   table_definitions[table].columns[c]) == 0)
				break;
		if (i == desc->natts)
			return false;
		tables[table].columns[c] = i + 1;
	}
	tables[table].columns_known = true;
	return true;
}

/*
 * A bare relation of one of our tables, of which the lock is taken first; NULL if it
 * takes another.  What was noted when names were resolved holds if they still do.
 */
static Relation
open_bare(TableId table)
{
	Oid relid = tables[table].relid;

	LockRelationOid(relid, AccessShareLock);
	if (catalog_resolved)
		return tjp_bare_open(tables[table].bare);
	UnlockRelationOid(relid, AccessShareLock);
	return NULL;
}

/*
 * Open one of our tables, or return NULL if it cannot be found.  On return the
 * resolved names are current as of the lock.  A table that is opened to be read may be
 * bare, and is closed by tjp_bare_close().
 */
static Relation
open_table(TableId table, LOCKMODE lockmode, bool to_read)
{
	int tries;

	/* a name that changes under us more often than this is being dropped */
	for (tries = 0; tries < 10; tries++)
	{
		Relation rel = NULL;

		if (!catalog_resolved)
		{
			uint64 changes = catalog_changes;

			if (!resolve_names())
				return NULL;
			if (changes != catalog_changes)
				continue;
			catalog_resolved = true;
		}
		if (to_read && tables[table].bare != NULL)
			rel = open_bare(table);
		if (rel == NULL)
			rel = open_relation(tables[table].relid, lockmode);
		if (rel != NULL && catalog_resolved)
		{
			if (tables[table].columns_known || find_columns(rel, table))
				return rel;
			tjp_bare_close(rel);
			return NULL;
		}
		if (rel != NULL)
			tjp_bare_close(rel);
		forget_names();
	}
	return NULL;
}

/*
 * Is a table, which has not been opened yet, without any row? Opening one of which no
 * use is made is dear.  Whoever is to be told of a conflict must open it.
 */
static bool
is_without_pages(TableId table)
{
	Oid relid = tables[table].relid;

	if (!catalog_resolved || tables[table].columns_known || !OidIsValid(tables[table].file) ||
		IsolationIsSerializable())
		return false;
	LockRelationOid(relid, AccessShareLock);
	return catalog_resolved && tables[table].relid == relid &&
		   smgrnblocks(smgropen(tjp_locator(OidIsValid(tables[table].tablespace) ?
												tables[table].tablespace :
												MyDatabaseTableSpace,
											MyDatabaseId, tables[table].file),
								TJP_NO_BACKEND),
					   MAIN_FORKNUM) == 0;
}

/*
 * Can every row that the path looks for be found in this index?  A partial
 * index will do if its predicate only asks that a column of the search key is
 * not NULL.  The predicate is read as it is stored: the relcache simplifies it,
 * which runs functions, and one of them could ask us in the midst of a check.
 */
static bool
index_covers(Relation index, AccessPath path)
{
	const AttrNumber *columns = tables[path_definitions[path].table].columns;
	HeapTuple		  tuple;
	Datum			  stored;
	bool			  whole;
	NullTest		 *test;

	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(RelationGetRelid(index)));
	if (!HeapTupleIsValid(tuple))
		return false;
	stored = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indpred, &whole);
	test = whole ? NULL : stringToNode(TextDatumGetCString(stored));
	ReleaseSysCache(tuple);

	if (whole)
		return true;
	if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL || test->argisrow ||
		!IsA(test->arg, Var))
		return false;
	for (int i = 0; i < path_definitions[path].nkeys; i++)
		if (columns[path_definitions[path].keys[i]] == castNode(Var, test->arg)->varattno)
			return true;
	return path_definitions[path].wanted != 0 &&
		   columns[path_definitions[path].wanted] == castNode(Var, test->arg)->varattno;
}

/*
 * What a type's own btree operator family says is equality, for types that come with
 * PostgreSQL: known without looking it up.  InvalidOid for others.
 */
static RegProcedure
known_equality(Oid type)
{
	switch (type)
	{
		case TEXTOID:
			return F_TEXTEQ;
		case INT8OID:
			return F_INT8EQ;
		default:
			return InvalidOid;
	}
}

/* What a btree operator family says is equality of a type; InvalidOid if nothing. */
static RegProcedure
equality_in(Oid opfamily, Oid type)
{
	Oid opr;

	if ((opfamily == TEXT_BTREE_FAM_OID || opfamily == INTEGER_BTREE_FAM_OID) &&
		RegProcedureIsValid(known_equality(type)))
		return known_equality(type);
	opr = get_opfamily_member(opfamily, type, type, BTEqualStrategyNumber);
	return OidIsValid(opr) ? get_opcode(opr) : InvalidOid;
}

/*
 * Is a column of an index in the order that we give to tj_resource?  Then what this
 * order calls equal is known as well, and where it is written need not be looked up.
 */
static bool
is_in_order_of_resources(Relation index, int column)
{
	return index_getprocinfo(index, column, BTORDER_PROC)->fn_addr == tj_resource_cmp;
}

static FmgrInfo equality_of_resources = {
	.fn_addr = tj_resource_eq,
	.fn_nargs = 2,
	.fn_strict = true,
};

/* What is equality of a type where no index says so. */
static RegProcedure
equality_of(Oid type)
{
	RegProcedure known = known_equality(type);

	if (RegProcedureIsValid(known))
		return known;
	return get_opcode(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
}

/*
 * Fill keys for a search of path through index; false if the index does not
 * serve: its first columns must be just the columns of the search.
 */
static bool
match_index(Relation heap, Relation index, AccessPath path, IndexKey *keys)
{
	const AttrNumber *columns = tables[path_definitions[path].table].columns;
	int				  nkeys = path_definitions[path].nkeys;
	int				  i,
		c;

	if (index->rd_rel->relam != BTREE_AM_OID ||
		!index->rd_index->indisvalid || !index->rd_index->indislive ||
		IndexRelationGetNumberOfKeyAttributes(index) < nkeys)
		return false;

	for (i = 0; i < nkeys; i++)
	{
		AttrNumber attnum = columns[path_definitions[path].keys[i]];

		for (c = 0; c < nkeys; c++)
			if (index->rd_index->indkey.values[c] == attnum)
				break;
		if (c == nkeys)
			return false;
		if (index->rd_indcollation[c] !=
			TupleDescAttr(RelationGetDescr(heap), attnum - 1)->attcollation)
			return false;
		keys[i].index_column = c + 1;
		keys[i].collation = index->rd_indcollation[c];
		keys[i].equal_proc = InvalidOid;
		if (!RegProcedureIsValid(known_equality(index->rd_opcintype[c])) &&
			is_in_order_of_resources(index, c + 1))
			continue;
		keys[i].equal_proc = equality_in(index->rd_opfamily[c], index->rd_opcintype[c]);
		if (!RegProcedureIsValid(keys[i].equal_proc))
			return false;
	}
	return index_covers(index, path);
}

/*
 * Is it an index of the table, and do its first columns look like those of the search?
 * Asked of the syscache, since opening an index for the first time is dear.
 */
static bool
index_is_candidate(Relation heap, Oid index_oid, AccessPath path)
{
	const AttrNumber *columns = tables[path_definitions[path].table].columns;
	int				  nkeys = path_definitions[path].nkeys;
	HeapTuple		  tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index_oid));
	bool			  candidate = HeapTupleIsValid(tuple);
	int				  i,
		c;

	if (!candidate)
		return false;
	candidate = ((Form_pg_index) GETSTRUCT(tuple))->indrelid == RelationGetRelid(heap) &&
				((Form_pg_index) GETSTRUCT(tuple))->indnkeyatts >= nkeys;
	for (c = 0; candidate && c < nkeys; c++)
	{
		candidate = false;
		for (i = 0; i < nkeys; i++)
			if (((Form_pg_index) GETSTRUCT(tuple))->indkey.values[c] ==
				columns[path_definitions[path].keys[i]])
				candidate = true;
	}
	ReleaseSysCache(tuple);
	return candidate;
}

/*
 * Use an index for a path if it serves; false if not.  *passing is set if only time
 * is in the way.
 */
static bool
try_index(Relation heap, Oid index_oid, AccessPath path, bool *passing)
{
	Relation index;
	bool	 fits;

	if (!index_is_candidate(heap, index_oid, path))
		return false;
	/* the relcache asks the syscache for each of its columns: read them together */
	ReleaseSysCacheList(SearchSysCacheList1(ATTNUM, ObjectIdGetDatum(index_oid)));
	index = open_relation(index_oid, AccessShareLock);
	if (index == NULL)
		return false;
	fits = match_index(heap, index, path, paths[path].keys);

	/* broken HOT chains: old snapshots may not use this index yet */
	if (fits && index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin))
	{
		fits = false;
		*passing = true;
	}
	if (fits)
		paths[path].index = index_oid;
	index_close(index, NoLock);
	return fits;
}

/*
 * Choose the index for a path.  On a primary our lock on the heap keeps an index
 * that is valid now from being dropped by others before this transaction ends.
 *
 * The index that was made for the path is asked first, since reading the list of
 * all indexes for the first time is dear.
 */
static void
choose_index(Relation heap, AccessPath path)
{
	Oid	 made_for_it = made_for_path(heap, path);
	bool passing = false;

	paths[path].index = InvalidOid;
	if (!OidIsValid(made_for_it) || !try_index(heap, made_for_it, path, &passing))
	{
		/* which may be bare, and knows none */
		Relation  table = RelationIdGetRelation(RelationGetRelid(heap));
		List	 *indexes = table != NULL ? RelationGetIndexList(table) : NIL;
		ListCell *lc;

		if (table != NULL)
			table_close(table, NoLock);
		foreach(lc, indexes)
			if (try_index(heap, lfirst_oid(lc), path, &passing))
				break;
		list_free(indexes);
	}

	/* a reason that time removes sends no invalidation: look again next time */
	paths[path].known = !passing;
}

/*
 * Is a table so small that reading it as a whole costs no more than a search
 * through an index, let alone opening the index for the first time?  Few rows
 * are, if the statistics say so, on one page: not where those that are read too
 * much could be taken for a conflict.  Not where places are to be remembered, or
 * the caller wants nothing but an index.
 */
static bool
is_better_read_whole(Relation heap, AccessPath path)
{
	TableId		table = path_definitions[path].table;
	BlockNumber blocks;

	if (table == STAMPS || table == GRANTS || heap->rd_rel->reltuples > ROWS_READ_WHOLE)
		return false;
	blocks = RelationGetNumberOfBlocks(heap);
	return blocks == 0 ||
		   (blocks == 1 && heap->rd_rel->reltuples >= 0 && !IsolationIsSerializable());
}

/*
 * Open the table and the index of a path.  On a standby the index can go while
 * we hold a lock on its table: then another one is chosen.
 */
static bool
open_for_path(PathScan *scan, AccessPath path)
{
	for (int tries = 0; tries < 10; tries++)
	{
		scan->index = NULL;
		scan->heap = open_table(path_definitions[path].table, AccessShareLock, true);
		if (scan->heap == NULL)
			return false;
		if (!paths[path].known)
		{
			if (is_better_read_whole(scan->heap, path))
				return true;
			choose_index(scan->heap, path);
		}
		if (!OidIsValid(paths[path].index))
			return true;
		scan->index = open_relation(paths[path].index, AccessShareLock);
		if (scan->index != NULL && catalog_resolved)
			return true;
		if (scan->index != NULL)
			index_close(scan->index, NoLock);
		tjp_bare_close(scan->heap);
		forget_names();
	}
	return false;
}

/*
 * Begin a search by equality; values are in the order of the path's keys.  The
 * value of key number "any_of" (-1: none) is an array of what it may equal: that
 * is for the caller to see to, too, since without an index all rows come.
 * False if the table cannot be found (then there is nothing to end).
 */
static bool
begin_scan_for_any(PathScan *scan, AccessPath path, Snapshot snapshot, const Datum *values,
				   int any_of)
{
	TableId		table = path_definitions[path].table;
	int			nkeys = path_definitions[path].nkeys;
	ScanKeyData keys[MAX_KEYS];
	int			i;

	scan->table = table;
	if (!open_for_path(scan, path))
		return false;

	scan->slot = table_slot_create(scan->heap, NULL);
	if (scan->index != NULL)
	{
		/* btree wants its keys in the order of the index, whatever ours is */
		for (i = 0; i < nkeys; i++)
		{
			const IndexKey *key = &paths[path].keys[i];
			AttrNumber		column = key->index_column;
			int				flags = i == any_of ? SK_SEARCHARRAY : 0;

			if (RegProcedureIsValid(key->equal_proc))
				ScanKeyEntryInitialize(&keys[column - 1], flags, column, BTEqualStrategyNumber,
									   InvalidOid, key->collation, key->equal_proc, values[i]);
			else
				ScanKeyEntryInitializeWithInfo(&keys[column - 1], flags, column,
											   BTEqualStrategyNumber, InvalidOid,
											   key->collation, &equality_of_resources,
											   values[i]);
		}
		scan->index_scan = tjp_index_beginscan(scan->heap, scan->index, snapshot, nkeys);
		index_rescan(scan->index_scan, keys, nkeys, NULL, 0);
		scan->heap_scan = NULL;
	}
	else
	{
		const AttrNumber *columns = tables[table].columns;
		int				  n = 0;

		for (i = 0; i < nkeys; i++)
		{
			AttrNumber		  attnum = columns[path_definitions[path].keys[i]];
			Form_pg_attribute att = TupleDescAttr(RelationGetDescr(scan->heap), attnum - 1);

			if (i == any_of)
				continue;
			ScanKeyEntryInitialize(&keys[n++], 0, attnum, BTEqualStrategyNumber,
								   InvalidOid, att->attcollation,
								   equality_of(att->atttypid), values[i]);
		}
		scan->index_scan = NULL;
		scan->heap_scan = table_beginscan(scan->heap, snapshot, n, keys);
	}
	return true;
}

static bool
begin_scan(PathScan *scan, AccessPath path, Snapshot snapshot, const Datum *values)
{
	return begin_scan_for_any(scan, path, snapshot, values, -1);
}

static bool
next_row(PathScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	if (scan->index_scan != NULL)
		return index_getnext_slot(scan->index_scan, ForwardScanDirection, scan->slot);
	return table_scan_getnextslot(scan->heap_scan, ForwardScanDirection, scan->slot);
}

static void
end_scan(PathScan *scan)
{
	ExecDropSingleTupleTableSlot(scan->slot);
	if (scan->index_scan != NULL)
	{
		index_endscan(scan->index_scan);
		index_close(scan->index, NoLock);
	}
	else
		table_endscan(scan->heap_scan);
	tjp_bare_close(scan->heap);
}

/* A column of the current row; *isnull may be NULL for columns that are NOT NULL. */
static Datum
row_value(PathScan *scan, int column, bool *isnull)
{
	bool  null;
	Datum value = slot_getattr(scan->slot, tables[scan->table].columns[column], &null);

	if (isnull != NULL)
		*isnull = null;
	else if (null)
		elog(ERROR, "unexpected null in tj_perm.%s.%s",
			 table_definitions[scan->table].name,
			 table_definitions[scan->table].columns[column]);
	return value;
}

/* Is this text exactly the given bytes? */
static bool
text_is(Datum value, const char *bytes, Size len)
{
	text *t = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(t) == len && memcmp(VARDATA_ANY(t), bytes, len) == 0;
}

static bool
row_text_is(PathScan *scan, int column, const char *word)
{
	return text_is(row_value(scan, column, NULL), word, strlen(word));
}

static bool
row_text_equals(PathScan *scan, int column, Datum other)
{
	text *t = DatumGetTextPP(other);

	return text_is(row_value(scan, column, NULL), VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

static TjpGroupKind
row_group_kind(PathScan *scan)
{
	if (row_text_is(scan, GROUPS_KIND, "admins"))
		return TJP_GROUP_ADMINS;
	if (row_text_is(scan, GROUPS_KIND, "all_users"))
		return TJP_GROUP_ALL_USERS;
	return TJP_GROUP_CUSTOM;
}

/*
 * Does the workspace exist, and is it active?
 */
bool
tjp_catalog_workspace(Snapshot snapshot, Datum workspace, bool *active)
{
	PathScan scan;
	bool	 found;

	*active = false;
	if (!begin_scan(&scan, WORKSPACE_BY_KEY, snapshot, &workspace))
		return false;
	found = next_row(&scan);
	if (found)
		*active = row_text_is(&scan, WORKSPACES_STATUS, "active");
	end_scan(&scan);
	return found;
}

/*
 * Is the user a member of the workspace, and an active one?
 */
bool
tjp_catalog_member(Snapshot snapshot, Datum workspace, Datum user, bool *active)
{
	PathScan scan;
	Datum	 values[] = {workspace, user};
	bool	 found;

	*active = false;
	if (!begin_scan(&scan, MEMBER_BY_KEY, snapshot, values))
		return false;
	found = next_row(&scan);
	if (found)
		*active = row_text_is(&scan, MEMBERS_STATUS, "active");
	end_scan(&scan);
	return found;
}

/*
 * The keys of the workspaces that the user is an active member of, as a list
 * of text Datums.
 */
List *
tjp_catalog_workspaces_of(Snapshot snapshot, Datum user)
{
	PathScan scan;
	List	*keys = NIL;

	if (!begin_scan(&scan, MEMBERSHIPS_OF_USER, snapshot, &user))
		return NIL;
	while (next_row(&scan))
		if (row_text_is(&scan, MEMBERS_STATUS, "active"))
			keys = lappend(keys, DatumGetTextPCopy(row_value(&scan, MEMBERS_WORKSPACE_ID, NULL)));
	end_scan(&scan);
	return keys;
}

/* Append to a palloc'd array that grows by doubling. */
static void
add_group_id(int64 **group_ids, int *n, int64 group_id)
{
	if (*n == 0)
		*group_ids = palloc(4 * sizeof(int64));
	else if (*n >= 4 && (*n & (*n - 1)) == 0)
		*group_ids = repalloc(*group_ids, 2 * *n * sizeof(int64));
	(*group_ids)[(*n)++] = group_id;
}

/*
 * The groups whose rows list the member (All Users lists nobody).
 */
int
tjp_catalog_groups_of_member(Snapshot snapshot, Datum workspace, Datum user, int64 **group_ids)
{
	PathScan scan;
	Datum	 values[] = {workspace, user};
	int		 n = 0;

	if (!begin_scan(&scan, MEMBERSHIPS_OF_MEMBER, snapshot, values))
		return 0;
	while (next_row(&scan))
		add_group_id(group_ids, &n,
					 DatumGetInt64(row_value(&scan, GM_GROUP_ID, NULL)));
	end_scan(&scan);
	return n;
}

/*
 * The group All Users of the workspace; one at the most.
 */
int
tjp_catalog_all_users(Snapshot snapshot, Datum workspace, int64 **group_ids)
{
	PathScan scan;
	Datum	 values[] = {workspace, CStringGetTextDatum("all users")};
	int		 n = 0;

	if (!begin_scan(&scan, GROUP_BY_NAME, snapshot, values))
		return 0;
	while (next_row(&scan))
		if (row_group_kind(&scan) == TJP_GROUP_ALL_USERS)
			add_group_id(group_ids, &n,
						 DatumGetInt64(row_value(&scan, GROUPS_GROUP_ID, NULL)));
	end_scan(&scan);
	return n;
}

/* Are there no more entries than this?  Looks at no row, and begins the scan anew. */
static bool
has_few_entries(PathScan *scan, int limit)
{
	int n = 0;

	if (scan->index_scan == NULL)
		return true;
	while (n <= limit && index_getnext_tid(scan->index_scan, ForwardScanDirection) != NULL)
		n++;
	index_rescan(scan->index_scan, NULL, path_definitions[GROUPS_OF_WORKSPACE].nkeys, NULL, 0);
	return n <= limit;
}

void
tjp_catalog_few_groups(Snapshot snapshot, Datum workspace, int limit, TjpFewGroups *few)
{
	PathScan scan;

	few->known = false;
	few->n = 0;
	limit = Min(limit, TJP_FEW_GROUPS);
	if (paths[GROUP_BY_ID].known || IsolationIsSerializable() ||
		!begin_scan(&scan, GROUPS_OF_WORKSPACE, snapshot, &workspace))
		return;
	if (has_few_entries(&scan, limit))
	{
		few->known = true;
		while (few->known && next_row(&scan))
		{
			TjpGroupKind kind = row_group_kind(&scan);

			/* All Users is found by its name, which says the same */
			few->known = few->n < limit && (kind != TJP_GROUP_ALL_USERS ||
											row_text_is(&scan, GROUPS_NAME_KEY, "all users"));
			if (!few->known)
				break;
			few->groups[few->n].group_id = DatumGetInt64(row_value(&scan, GROUPS_GROUP_ID, NULL));
			few->groups[few->n++].kind = kind;
		}
	}
	end_scan(&scan);
}

static Datum
int64_array(Datum *values, int n)
{
	return PointerGetDatum(construct_array(values, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* Begin a search for rows of any of the groups, by a path of one key. */
static bool
begin_scan_of_groups(PathScan *scan, AccessPath path, Snapshot snapshot, const TjpGroupRows *rows,
					 int n)
{
	Datum *ids;
	Datum  value;

	if (n == 1)
	{
		value = Int64GetDatum(rows[0].group_id);
		return begin_scan(scan, path, snapshot, &value);
	}
	ids = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		ids[i] = Int64GetDatum(rows[i].group_id);
	value = int64_array(ids, n);
	return begin_scan_for_any(scan, path, snapshot, &value, 0);
}

static TjpGroupRows *
rows_of_group(TjpGroupRows *rows, int n, int64 group_id)
{
	for (int i = 0; i < n; i++)
		if (rows[i].group_id == group_id)
			return &rows[i];
	return NULL;
}

/* Which groups there are, and of which kind. */
static void
read_groups(Snapshot snapshot, Datum workspace, TjpGroupRows *rows, int n)
{
	PathScan scan;

	if (!begin_scan_of_groups(&scan, GROUP_BY_ID, snapshot, rows, n))
		return;
	while (next_row(&scan))
	{
		int64		  group_id = DatumGetInt64(row_value(&scan, GROUPS_GROUP_ID, NULL));
		TjpGroupRows *row = rows_of_group(rows, n, group_id);

		if (row == NULL || row->exists || !row_text_equals(&scan, GROUPS_WORKSPACE_ID, workspace))
			continue;
		row->exists = true;
		row->kind = row_group_kind(&scan);
	}
	end_scan(&scan);
}

void
tjp_catalog_groups(Snapshot snapshot, Datum workspace, const TjpFewGroups *few,
				   TjpGroupRows *rows, int n)
{
	PathScan	  scan;
	TjpGroupRows *row;

	for (int i = 0; i < n; i++)
	{
		rows[i].exists = false;
		rows[i].kind = TJP_GROUP_CUSTOM;
		rows[i].nouter = 0;
		rows[i].outer = NULL;
	}
	if (n == 0)
		return;
	if (few->known)
		for (int i = 0; i < few->n; i++)
		{
			row = rows_of_group(rows, n, few->groups[i].group_id);
			if (row == NULL)
				continue;
			row->exists = true;
			row->kind = few->groups[i].kind;
		}
	else
		read_groups(snapshot, workspace, rows, n);

	if (is_without_pages(GROUP_NESTING) ||
		!begin_scan_of_groups(&scan, NESTINGS_OF_INNER, snapshot, rows, n))
		return;
	while (next_row(&scan))
	{
		int64 inner = DatumGetInt64(row_value(&scan, GROUP_NESTING_INNER_GROUP_ID, NULL));

		row = rows_of_group(rows, n, inner);
		if (row == NULL || !row->exists ||
			!row_text_equals(&scan, GROUP_NESTING_WORKSPACE_ID, workspace))
			continue;
		add_group_id(&row->outer, &row->nouter,
					 DatumGetInt64(row_value(&scan, GROUP_NESTING_GROUP_ID, NULL)));
	}
	end_scan(&scan);
}

static void
row_validity(PathScan *scan, TimestampTz *from, TimestampTz *until)
{
	bool isnull;

	*from = DatumGetTimestampTz(row_value(scan, GRANTS_VALID_FROM, &isnull));
	if (isnull)
		*from = DT_NOBEGIN;
	*until = DatumGetTimestampTz(row_value(scan, GRANTS_VALID_UNTIL, &isnull));
	if (isnull)
		*until = DT_NOEND;
}

bool
tjp_catalog_grants_on(Snapshot snapshot, Datum workspace, Datum target,
					  TjpGranteeReader reader, void *arg)
{
	PathScan scan;
	bool	 go_on = true;

	if (!begin_scan(&scan, GRANTS_ON, snapshot, &target))
		return true;
	if (scan.index == NULL)
		go_on = false;
	while (go_on && next_row(&scan))
	{
		TimestampTz from;
		TimestampTz until;
		bool		no_group;
		bool		no_user;
		int64		group_id;
		Datum		user;

		if (!row_text_equals(&scan, GRANTS_WORKSPACE_ID, workspace))
			continue;
		group_id = DatumGetInt64(row_value(&scan, GRANTS_GROUP_ID, &no_group));
		user = row_value(&scan, GRANTS_USER_ID, &no_user);
		row_validity(&scan, &from, &until);
		go_on = reader(no_group ? 0 : group_id, no_user ? NULL : DatumGetTextPP(user),
					   DatumGetTjpLevel(row_value(&scan, GRANTS_LEVEL, NULL)), from, until, arg);
	}
	end_scan(&scan);
	return go_on;
}

bool
tjp_catalog_grants(Snapshot snapshot, Datum workspace, int64 group_id, Datum user,
				   Datum target, TjpGrantReader reader, void *arg)
{
	PathScan scan;
	Datum	 group_values[] = {Int64GetDatum(group_id), target};
	Datum	 member_values[] = {workspace, user, target};
	bool	 on_target = DatumGetPointer(target) != NULL;
	bool	 go_on = true;
	bool	 found;

	if (group_id != 0)
		found = begin_scan(&scan, on_target ? GROUP_GRANTS_ON : GROUP_GRANTS,
						   snapshot, group_values);
	else
		found = begin_scan(&scan, on_target ? MEMBER_GRANTS_ON : MEMBER_GRANTS,
						   snapshot, member_values);
	if (!found)
		return true;
	while (go_on && next_row(&scan))
	{
		TimestampTz	 from;
		TimestampTz	 until;
		Datum		 stored;
		TjpResource *resource;

		if (!row_text_equals(&scan, GRANTS_WORKSPACE_ID, workspace))
			continue;
		stored = row_value(&scan, GRANTS_RESOURCE, NULL);
		resource = DatumGetTjpResourceP(stored);
		row_validity(&scan, &from, &until);
		go_on = reader(resource, DatumGetTjpLevel(row_value(&scan, GRANTS_LEVEL, NULL)),
					   from, until, arg);
		if ((Pointer) resource != DatumGetPointer(stored))
			pfree(resource);
	}
	end_scan(&scan);
	return go_on;
}

/*
 * Where stamps were found last, by the hash of their key: a guess, which the row
 * itself confirms.  A version that the snapshot sees is the one that counts,
 * since a key has no two of them.  A place is what an index entry points to, and
 * versions are looked for from there as an index scan does.
 */
#define LEAST_STAMP_PLACES 128
#define LEAST_MET		   256
#define STAMP_PLACES_TRIED 4 /* from the one that the hash names on */

typedef struct StampPlace
{
	uint32			hash;
	ItemPointerData tid;
	Buffer			buffer; /* that the page was in; InvalidBuffer: not known */
} StampPlace;

static StampPlace *stamp_places = NULL; /* by hash */
static uint32	   nstamp_places = 0;	/* a power of 2 */
static uint32	   nstamp_places_used = 0;

static Oid		   stamp_places_file = InvalidOid; /* the relfilenode that they are in */
static BlockNumber stamp_blocks = 0;			   /* at least; 0: to be asked */

/* Hashes of principals that were asked about, by themselves. */
static uint32 *met = NULL;
static uint32  nmet = 0; /* a power of 2 */
static uint32  nmet_used = 0;

/* Nothing is known of places in a table that lies in this file. */
static void
forget_stamp_places(Oid file)
{
	for (uint32 i = 0; i < nstamp_places; i++)
		ItemPointerSetInvalid(&stamp_places[i].tid);
	nstamp_places_used = 0;
	stamp_places_file = file;
	stamp_blocks = 0;
}

/* As many as fit into a part of the cache: a power of 2. */
static uint32
number_in_cache(uint32 least, int part, Size size)
{
	Size   most = (Size) tjp_cache_size * 1024 / part / size;
	uint32 n = least;

	while (n * 2 <= most)
		n *= 2;
	return n;
}

static StampPlace *
stamp_place(uint32 position)
{
	return &stamp_places[position & (nstamp_places - 1)];
}

/* The place of the stamp with this hash; NULL if it is not known. */
static StampPlace *
find_stamp_place(uint32 hash)
{
	for (uint32 i = 0; i < STAMP_PLACES_TRIED && stamp_places != NULL; i++)
		if (stamp_place(hash + i)->hash == hash && ItemPointerIsValid(&stamp_place(hash + i)->tid))
			return stamp_place(hash + i);
	return NULL;
}

/* Put a place where it will be found; one that is in the way goes. */
static void
put_stamp_place(uint32 hash, ItemPointerData tid, Buffer buffer)
{
	StampPlace *place = find_stamp_place(hash);

	for (uint32 i = 0; i < STAMP_PLACES_TRIED && place == NULL; i++)
		if (!ItemPointerIsValid(&stamp_place(hash + i)->tid))
		{
			place = stamp_place(hash + i);
			nstamp_places_used++;
		}
	if (place == NULL)
		place = stamp_place(hash);
	place->hash = hash;
	place->tid = tid;
	place->buffer = buffer;
}

/*
 * Memory for a table of *n entries that is to have room for one more, zeroed: twice
 * as much if it is full, as far as the size of the cache allows; *n is then the new
 * number.  NULL: it stays as it is.  No memory is no reason to fail.
 */
static void *
make_room(uint32 *n, bool full, uint32 least, int share, Size size)
{
	uint32 wanted = *n == 0 ? least : full ? *n * 2 :
											 *n;
	void  *table;

	wanted = Min(wanted, number_in_cache(least, share, size));
	if (wanted == *n)
		return NULL;
	table = MemoryContextAllocExtended(CacheMemoryContext, wanted * size,
									   MCXT_ALLOC_ZERO | MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
	if (table != NULL)
		*n = wanted;
	return table;
}

/* Once a half is used. */
static void
enlarge_stamp_places(void)
{
	uint32		nold = nstamp_places;
	StampPlace *old = stamp_places;
	StampPlace *larger = make_room(&nstamp_places, nstamp_places_used >= nold / 2,
								   LEAST_STAMP_PLACES, 32, sizeof(StampPlace));

	if (larger == NULL)
		return;
	stamp_places = larger;
	nstamp_places_used = 0;
	for (uint32 i = 0; i < nold; i++)
		if (ItemPointerIsValid(&old[i].tid))
			put_stamp_place(old[i].hash, old[i].tid, old[i].buffer);
	if (old != NULL)
		pfree(old);
}

Size
tjp_catalog_stamp_places_size(void)
{
	return nstamp_places * sizeof(StampPlace) + nmet * sizeof(uint32);
}

/*
 * Our lock keeps the table from being truncated, and ends with the transaction
 * or the subtransaction that took it.
 */
static void
stamp_transaction_ended(XactEvent event, void *arg)
{
	stamp_blocks = 0;
}

static void
stamp_subtransaction_ended(SubXactEvent event, SubTransactionId mySubid,
						   SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		stamp_blocks = 0;
}

static bool
is_stamp_of(HeapTuple tuple, TupleDesc desc, TjpStamp *stamp)
{
	const AttrNumber *columns = tables[STAMPS].columns;
	Datum			  values[MAX_COLUMNS];
	bool			  nulls[MAX_COLUMNS];

	heap_deform_tuple(tuple, desc, values, nulls);
	if (DatumGetInt64(values[columns[STAMPS_GROUP_ID] - 1]) != stamp->group_id ||
		!text_is(values[columns[STAMPS_WORKSPACE_ID] - 1], stamp->workspace,
				 stamp->workspace_len) ||
		!text_is(values[columns[STAMPS_USER_ID] - 1], stamp->user, stamp->user_len))
		return false;
	stamp->stamp = DatumGetInt64(values[columns[STAMPS_STAMP] - 1]);
	return true;
}

/*
 * Open the table of stamps, if places in it are known.  While stamp_blocks is,
 * our lock is held, and taking it once more would absorb no invalidations.
 */
static Relation
open_stamp_places(void)
{
	Relation rel = NULL;

	if (stamp_blocks > 0 && catalog_resolved && tables[STAMPS].columns_known)
	{
		rel = tjp_bare_open(tables[STAMPS].bare);
		if (rel == NULL)
			rel = RelationIdGetRelation(tables[STAMPS].relid);
	}
	if (rel == NULL)
		rel = open_table(STAMPS, AccessShareLock, true);
	if (rel == NULL)
		return NULL;
	if (rel->rd_rel->relfilenode != stamp_places_file)
		forget_stamp_places(rel->rd_rel->relfilenode);
	else if (rel->rd_tableam == GetHeapamTableAmRoutine() &&
			 RelationGetDescr(rel)->natts <= MAX_COLUMNS)
		return rel;
	tjp_bare_close(rel);
	return NULL;
}

uint32
tjp_catalog_hash_stamp(const TjpStamp *stamp)
{
	uint32 hash;

	if (stamp->hash != 0)
		return stamp->hash;
	hash = hash_bytes((const unsigned char *) stamp->workspace, stamp->workspace_len);

	if (stamp->user_len > 0)
		hash = hash_combine(hash, hash_bytes((const unsigned char *) stamp->user,
											 stamp->user_len));
	return hash_combine(hash, murmurhash32((uint32) stamp->group_id));
}

/*
 * Pin and lock the page of a place.  Most often it is in the buffer that it was
 * in the time before, which needs no look-up.
 */
static Buffer
read_stamp_page(Relation rel, BlockNumber block, Buffer *recent)
{
	if (!BufferIsValid(*recent) ||
		!ReadRecentBuffer(tjp_relation_locator(rel), MAIN_FORKNUM, block, *recent))
		*recent = ReadBuffer(rel, block);
	LockBuffer(*recent, BUFFER_LOCK_SHARE);
	return *recent;
}

void
tjp_catalog_stamps_at_places(Snapshot snapshot, TjpStamp *stamps, int n)
{
	Relation   rel;
	bool	   known = false;
	StampPlace told = {0};

	for (int i = 0; i < n; i++)
	{
		stamps[i].found = false;
		stamps[i].hash = tjp_catalog_hash_stamp(&stamps[i]);
		stamps[i].place = find_stamp_place(stamps[i].hash);
		if (stamps[i].place == NULL && stamps[i].told.file == stamp_places_file &&
			OidIsValid(stamp_places_file))
		{
			Assert(!ItemPointerIsValid(&told.tid));
			told.tid = stamps[i].told.tid;
			stamps[i].place = &told;
		}
		known = known || stamps[i].place != NULL;
	}
	if (!known || (rel = open_stamp_places()) == NULL)
		return;
	for (int i = 0; i < n; i++)
	{
		StampPlace *place = stamps[i].place;
		BlockNumber block;
		Buffer		buffer;

		if (place == NULL)
			continue;
		block = ItemPointerGetBlockNumber(&place->tid);
		if (block >= stamp_blocks)
			stamp_blocks = RelationGetNumberOfBlocks(rel);
		if (block >= stamp_blocks)
			continue;

		/* many may lie on one page, which is then read and locked once */
		buffer = read_stamp_page(rel, block, &place->buffer);
		for (int k = i; k < n; k++)
		{
			ItemPointerData tid;
			HeapTupleData	tuple;

			if (stamps[k].place == NULL ||
				ItemPointerGetBlockNumber(&stamps[k].place->tid) != block)
				continue;
			tid = stamps[k].place->tid;
			stamps[k].place = NULL;
			stamps[k].found =
				heap_hot_search_buffer(&tid, rel, buffer, snapshot, &tuple, NULL, true) &&
				is_stamp_of(&tuple, RelationGetDescr(rel), &stamps[k]);
		}
		UnlockReleaseBuffer(buffer);
	}
	tjp_bare_close(rel);
}

/*
 * Early, since one who comes where another was makes that one forgotten; but not at
 * once, which would cost a new connection the time to zero it.  False if there is no table.
 */
static bool
enlarge_met(void)
{
	uint32	nold = nmet;
	uint32 *old = met;
	uint32 *larger = make_room(&nmet, nmet_used >= nold / 16, LEAST_MET, 128, sizeof(uint32));

	if (larger == NULL)
		return nold > 0;
	met = larger;
	nmet_used = 0;
	for (uint32 i = 0; i < nold; i++)
		if (old[i] != 0)
		{
			uint32 *place = &met[old[i] & (nmet - 1)];

			nmet_used += *place == 0;
			*place = old[i];
		}
	if (old != NULL)
		pfree(old);
	return true;
}

bool
tjp_catalog_met_before(const TjpStamp *stamp)
{
	uint32	hash = tjp_catalog_hash_stamp(stamp);
	uint32 *place;
	bool	before;

	if (!enlarge_met())
		return false;
	place = &met[hash & (nmet - 1)];
	before = *place == hash;
	if (*place == 0)
		nmet_used++;
	*place = hash;
	return before;
}

/* The next stamp that a search finds, and its place. */
static bool
next_stamp(PathScan *scan, ItemPointer place)
{
	ItemPointer entry;

	ItemPointerSetInvalid(place);
	if (scan->index_scan == NULL)
		return next_row(scan);
	CHECK_FOR_INTERRUPTS();
	while ((entry = index_getnext_tid(scan->index_scan, ForwardScanDirection)) != NULL)
	{
		*place = *entry;
		if (index_fetch_heap(scan->index_scan, scan->slot))
			return true;
	}
	return false;
}

static void
keep_stamp(PathScan *scan, ItemPointer place, TjpStamp *stamp)
{
	stamp->hash = tjp_catalog_hash_stamp(stamp);
	stamp->found = true;
	stamp->stamp = DatumGetInt64(row_value(scan, STAMPS_STAMP, NULL));
	if (scan->heap->rd_rel->relfilenode != stamp_places_file)
		forget_stamp_places(scan->heap->rd_rel->relfilenode);
	if (!ItemPointerIsValid(place))
		return;
	enlarge_stamp_places();
	if (stamp_places != NULL)
		put_stamp_place(stamp->hash, *place, InvalidBuffer);
}

bool
tjp_catalog_stamp(Snapshot snapshot, TjpStamp *stamp)
{
	PathScan		scan;
	ItemPointerData place;
	Datum			values[] = {
				  PointerGetDatum(cstring_to_text_with_len(stamp->workspace, stamp->workspace_len)),
				  Int64GetDatum(stamp->group_id),
				  PointerGetDatum(cstring_to_text_with_len(stamp->user, stamp->user_len)),
	  };

	stamp->found = false;
	if (!begin_scan(&scan, STAMP_BY_KEY, snapshot, values))
		return false;
	if (next_stamp(&scan, &place))
		keep_stamp(&scan, &place, stamp);
	end_scan(&scan);
	return stamp->found;
}

void
tjp_catalog_group_stamps(Snapshot snapshot, TjpStamp *stamps, int n)
{
	PathScan		scan;
	ItemPointerData place;
	Datum			values[3];
	Datum		   *ids = palloc(Max(n, 1) * sizeof(Datum));
	int				nids = 0;

	for (int i = 0; i < n; i++)
		if (!stamps[i].found)
			ids[nids++] = Int64GetDatum(stamps[i].group_id);
	if (nids == 0)
		return;
	values[0] = PointerGetDatum(cstring_to_text_with_len(stamps[0].workspace,
														 stamps[0].workspace_len));
	values[1] = int64_array(ids, nids);
	values[2] = PointerGetDatum(cstring_to_text(""));
	if (!begin_scan_for_any(&scan, STAMP_BY_KEY, snapshot, values, 1))
		return;
	while (next_stamp(&scan, &place))
	{
		int64 group_id = DatumGetInt64(row_value(&scan, STAMPS_GROUP_ID, NULL));

		for (int i = 0; i < n; i++)
			if (!stamps[i].found && stamps[i].group_id == group_id)
			{
				keep_stamp(&scan, &place, &stamps[i]);
				break;
			}
	}
	end_scan(&scan);
}

bool
tjp_catalog_each_member_row(Snapshot snapshot, Datum workspace, TjpMemberRows kind,
							TjpMemberReader reader, void *arg)
{
	static const struct
	{
		AccessPath path;
		int		   user;
	} reads[TJP_N_MEMBER_ROWS] = {
		[TJP_ROWS_OF_MEMBERS] = {MEMBERS_OF_WORKSPACE, MEMBERS_USER_ID},
		[TJP_ROWS_OF_MEMBERSHIPS] = {MEMBERSHIPS_OF_WORKSPACE, GM_USER_ID},
		[TJP_ROWS_OF_GRANTS] = {MEMBER_GRANTS_OF_WORKSPACE, GRANTS_USER_ID},
		[TJP_ROWS_OF_STAMPS] = {MEMBER_STAMPS_OF_WORKSPACE, STAMPS_USER_ID},
	};
	PathScan scan;
	Datum	 values[] = {workspace, Int64GetDatum(0)};
	bool	 go_on;

	if (!begin_scan(&scan, reads[kind].path, snapshot, values))
		return false;
	go_on = scan.index != NULL || RelationGetNumberOfBlocks(scan.heap) <= 1;
	while (go_on)
	{
		TjpMemberRow row = {0};
		Datum		 user;
		bool		 nobody;

		if (kind == TJP_ROWS_OF_STAMPS ? !next_stamp(&scan, &row.place.tid) : !next_row(&scan))
			break;
		user = row_value(&scan, reads[kind].user, &nobody);
		if (nobody)
			continue;
		row.user = VARDATA_ANY(DatumGetTextPP(user));
		row.user_len = VARSIZE_ANY_EXHDR(DatumGetTextPP(user));
		if (ItemPointerIsValid(&row.place.tid))
			row.place.file = scan.heap->rd_rel->relfilenode;
		if (kind == TJP_ROWS_OF_MEMBERS)
			row.active = row_text_is(&scan, MEMBERS_STATUS, "active");
		else if (kind == TJP_ROWS_OF_MEMBERSHIPS)
			row.group_id = DatumGetInt64(row_value(&scan, GM_GROUP_ID, NULL));
		else if (kind == TJP_ROWS_OF_STAMPS)
			row.stamp = DatumGetInt64(row_value(&scan, STAMPS_STAMP, NULL));
		go_on = reader(&row, arg);
	}
	end_scan(&scan);
	return go_on;
}

/*
 * Are all triggers that keep the stamps there and ENABLE ALWAYS?  Read from
 * pg_trigger under the snapshot: the relcache may lag behind what is visible.
 */
bool
tjp_catalog_triggers_intact(Snapshot snapshot)
{
	CatalogSearch search;
	bool		  intact = true;

	begin_search(&search, TriggerRelationId, TriggerRelidNameIndexId, snapshot, 3);
	for (int i = 0; intact && i < N_TABLES; i++)
	{
		ScanKeyData keys[3];
		HeapTuple	tuple;
		int			always = 0;

		/* those whose names begin with a_ */
		ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(tables[i].relid));
		ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTGreaterEqualStrategyNumber, F_NAMEGE,
					CStringGetDatum("a_"));
		ScanKeyInit(&keys[2], Anum_pg_trigger_tgname, BTLessStrategyNumber, F_NAMELT,
					CStringGetDatum("a`"));
		search_for(&search, keys, lengthof(keys));
		while (HeapTupleIsValid(tuple = next_found(&search)))
			if (((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled == TRIGGER_FIRES_ALWAYS)
				always++;
		intact = always == table_definitions[i].always_triggers;
	}
	end_search(&search);
	return intact;
}

/*
 * Do these triggers fire for changes that this transaction makes, as of the
 * relcache?  That is current where a change has been made, since it took a
 * lock that absorbs what switched them off.
 */
bool
tjp_catalog_triggers_fire(void)
{
	int i;

	for (i = 0; i < N_TABLES; i++)
	{
		Relation rel = open_table(i, AccessShareLock, false);
		int		 always = 0;
		int		 t;

		if (rel == NULL)
			return false;
		for (t = 0; rel->trigdesc != NULL && t < rel->trigdesc->numtriggers; t++)
			if (strncmp(rel->trigdesc->triggers[t].tgname, "a_", 2) == 0 &&
				rel->trigdesc->triggers[t].tgenabled == TRIGGER_FIRES_ALWAYS)
				always++;
		table_close(rel, NoLock);
		if (always != table_definitions[i].always_triggers)
			return false;
	}
	return true;
}

/*
 * Has this transaction stamped the key already?  Read from the row and never
 * from a memo, since a memo survives ROLLBACK TO SAVEPOINT.
 */
static bool
stamped_by_this_transaction(Datum *values)
{
	PathScan scan;
	bool	 mine = false;

	if (!begin_scan(&scan, STAMP_BY_KEY, SnapshotSelf, values))
		return false;
	if (next_row(&scan))
	{
		bool  isnull;
		Datum xmin = slot_getsysattr(scan.slot, MinTransactionIdAttributeNumber, &isnull);

		mine = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
	}
	end_scan(&scan);
	return mine;
}

/*
 * Give the key a new random stamp, once per transaction, or each time if
 * "again": after DDL the xmin of a row proves nothing, since a rewrite of the
 * table gives all rows the xmin of this transaction.
 *
 * Takes the row lock that orders the writers of one key; it is held to the end
 * of the transaction.  Under REPEATABLE READ and SERIALIZABLE a key stamped by
 * a transaction that this one cannot see raises 40001.  An upsert, since the
 * row may be missing.  Runs as the owner of the table, whoever writes.
 */
void
tjp_catalog_renew_stamp(Datum workspace, int64 group_id, Datum user, bool again)
{
	Datum	 values[] = {workspace, Int64GetDatum(group_id), user, (Datum) 0};
	int64	 stamp;
	Relation rel;
	Oid		 owner;
	Oid		 save_userid;
	int		 save_sec_context;

	if (!again && stamped_by_this_transaction(values))
		return;

	/* not random(): setseed() could make that repeat */
	if (!pg_strong_random(&stamp, sizeof(stamp)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	values[3] = Int64GetDatum(stamp);

	rel = open_table(STAMPS, RowExclusiveLock, false);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" does not exist", TJP_SCHEMA,
						table_definitions[STAMPS].name),
				 errhint("The extension tj_perm is damaged.")));
	owner = rel->rd_rel->relowner;
	table_close(rel, NoLock);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(owner, save_sec_context |
									  SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	renewing_stamp = true;
	PG_TRY();
	{
		if (stamp_plan == NULL)
		{
			Oid		   types[] = {TEXTOID, INT8OID, TEXTOID, INT8OID};
			SPIPlanPtr plan;

			plan = SPI_prepare("INSERT INTO tj_perm.stamps (workspace_id, group_id, user_id, stamp)"
							   " VALUES ($1, $2, $3, $4)"
							   " ON CONFLICT (workspace_id, group_id, user_id)"
							   " DO UPDATE SET stamp = EXCLUDED.stamp",
							   4, types);
			if (plan == NULL)
				elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
			SPI_keepplan(plan);
			stamp_plan = plan;
		}
		if (SPI_execute_plan(stamp_plan, values, NULL, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not renew a stamp");
	}
	PG_FINALLY();
	{
		renewing_stamp = false;
		SetUserIdAndSecContext(save_userid, save_sec_context);
	}
	PG_END_TRY();
	SPI_finish();
}

/*
 * Is the write to the table of stamps that is being done ours?
 */
bool
tjp_catalog_is_renewing_stamp(void)
{
	return renewing_stamp;
}

/*
 * Give a group another id, with its time of creation.  Fails where anything
 * refers to the group.  The caller is the owner.
 */
void
tjp_catalog_replace_group_id(int64 old_id, int64 new_id, Datum created_at)
{
	Oid	  types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum values[] = {Int64GetDatum(old_id), Int64GetDatum(new_id), created_at};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	replacing_group_id = true;
	PG_TRY();
	{
		if (SPI_execute_with_args("UPDATE tj_perm.groups SET group_id = $2, created_at = $3"
								  " WHERE group_id OPERATOR(pg_catalog.=) $1",
								  3, types, values, NULL, false, 0) != SPI_OK_UPDATE)
			elog(ERROR, "could not replace the id of a group");
	}
	PG_FINALLY();
	{
		replacing_group_id = false;
	}
	PG_END_TRY();
	SPI_finish();
}

/*
 * Is the id of a group being changed by tjp_catalog_replace_group_id?
 */
bool
tjp_catalog_is_replacing_group_id(void)
{
	return replacing_group_id;
}
