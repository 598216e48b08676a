/*
 * src/rights.h
 *	  EXECUTE privileges, remembered.
 */
#ifndef TJP_RIGHTS_H
#define TJP_RIGHTS_H

#include "postgres.h"

extern void tjp_rights_init(void);

/*
 * May the current role execute the function?  As pg_proc_aclcheck answers; only a
 * "yes" is remembered.
 */
extern bool tjp_rights_may_execute(Oid function);

#endif /* TJP_RIGHTS_H */
