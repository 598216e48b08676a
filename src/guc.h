/*
 * src/guc.h
 *	  The settings tj_perm.*.
 */
#ifndef TJP_GUC_H
#define TJP_GUC_H

#include "postgres.h"

/* Memory that the cache of one backend may take, in kB. */
extern int tjp_cache_size;

/* The end user who is asking, normalised; NULL or empty if nobody is set. */
extern char *tjp_user_id;

/* Was somebody set who was refused? Then nobody acts, not the owner either. */
extern bool tjp_user_id_refused;

extern void tjp_guc_init(void);

#endif /* TJP_GUC_H */
