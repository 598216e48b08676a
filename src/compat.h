/*
 * src/compat.h
 *	  Differences between PostgreSQL 15, 16, 17 and 18.
 *
 * The only file that looks at PG_VERSION_NUM.
 */
#ifndef TJP_COMPAT_H
#define TJP_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "tj_perm needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif

/* Stands before a function that never returns; core has it from 18 on. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Report bad input of a type, and return dummy_value from the calling
 * function if the caller of the input function asked for soft errors.  15
 * knows hard errors only.
 */
#if PG_VERSION_NUM >= 160000
#define tjp_ereturn(escontext, dummy_value, ...) \
	ereturn(escontext, dummy_value, __VA_ARGS__)
#else
#define tjp_ereturn(escontext, dummy_value, ...) \
	do                                           \
	{                                            \
		(void) (escontext);                      \
		ereport(ERROR, __VA_ARGS__);             \
		return dummy_value;                      \
	} while (0)
#endif

/* index_beginscan() without instrumentation and order-by operators. */
#if PG_VERSION_NUM >= 180000
#define tjp_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define tjp_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* Where a relation lies. */
#if PG_VERSION_NUM >= 160000
#define tjp_relation_locator(rel)				((rel)->rd_locator)
#define tjp_locator(tablespace, database, file) ((RelFileLocator){tablespace, database, file})
#else
#define tjp_relation_locator(rel)				((rel)->rd_node)
#define tjp_locator(tablespace, database, file) ((RelFileNode){tablespace, database, file})
#endif

/* The backend that a temporary relation belongs to: none. */
#if PG_VERSION_NUM >= 170000
#define TJP_NO_BACKEND INVALID_PROC_NUMBER
#else
#define TJP_NO_BACKEND InvalidBackendId
#endif

/* Which table the statistics are of, and what they count. */
#if PG_VERSION_NUM >= 160000
#define tjp_counted_table(status) ((status)->id)
#define tjp_count(status, what)	  ((status)->counts.what)
#else
#define tjp_counted_table(status) ((status)->t_id)
#define tjp_count(status, what)	  ((status)->t_counts.t_##what)
#endif

/* The privileges of a role on a function. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_proc.h"
#define tjp_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define tjp_function_aclcheck(function, role, mode) \
	pg_proc_aclcheck(function, role, mode)
#endif

/* The headers of what prints EXPLAIN, for whoever includes them. */
#if PG_VERSION_NUM >= 180000
#define TJP_EXPLAIN_STATE_HEADER  "commands/explain_state.h"
#define TJP_EXPLAIN_FORMAT_HEADER "commands/explain_format.h"
#else
#define TJP_EXPLAIN_STATE_HEADER  "commands/explain.h"
#define TJP_EXPLAIN_FORMAT_HEADER "commands/explain.h"
#endif

/*
 * A trigger AFTER a row that a foreign key's cascade changed runs as whoever
 * began it all, and from 18 on as the owner of the table that was cascaded to.
 */
#define TJP_CASCADES_END_AS_OWNER (PG_VERSION_NUM >= 180000)

#endif /* TJP_COMPAT_H */
