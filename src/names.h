/*
 * src/names.h
 *	  Spelling of user ids and group names.
 *
 * Pure functions of their argument: no locale, no catalog, no settings.
 */
#ifndef TJP_NAMES_H
#define TJP_NAMES_H

#include "postgres.h"

#define TJP_MAX_USER_ID_LEN 255 /* bytes */

extern bool tjp_user_id_normalize(const char *in, int len, char *out, int *outlen);

#endif /* TJP_NAMES_H */
