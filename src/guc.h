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

/* Rises whenever tj_perm.user_id is set or reset. */
extern uint64 tjp_user_id_settings;

/* Called then with the new value, if not NULL; must not raise errors. */
extern void (*tjp_user_id_changed)(const char *user_id);

/* May the planner turn calls of tj_can into what indexes can answer? */
extern bool tjp_planner_support;

extern void tjp_guc_init(void);

#endif /* TJP_GUC_H */
