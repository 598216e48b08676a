/*
 * src/guc.c
 *	  The settings tj_perm.*.
 *
 * Defines every setting, in alphabetical order, and reserves the prefix.  Other
 * rooms read them and never define one.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "guc.h"
#include "names.h"

/*
 * How much memory each backend may spend on remembering who may what.  Less
 * only makes checks slower.
 */
int tjp_cache_size = 16 * 1024;

/*
 * Who is asking.  The application sets it for each transaction; whoever may
 * set it can act as anybody, hence PGC_SUSET and GRANT SET ON PARAMETER.
 */
char *tjp_user_id = NULL;

/*
 * A value that was set before the library was loaded was refused then.  Core
 * only warns, and goes on with nobody set, which for a role with the owner's
 * rights would mean all rights.  Until the setting is set again the session
 * has the rights of nobody, the owner's role included.
 */
bool tjp_user_id_refused = false;

uint64 tjp_user_id_settings = 0;
void (*tjp_user_id_changed)(const char *user_id) = NULL;

/*
 * Off to see what a query costs without it; results are the same.
 */
bool tjp_planner_support = true;

/*
 * Refuse what can be no user id, and keep the normalised spelling: it differs
 * from the given one only in the case of letters, so it fits in place.
 */
static bool
check_user_id(char **newval, void **extra, GucSource source)
{
	char normal[TJP_MAX_USER_ID_LEN];
	int	 normal_len;
	int	 len;

	if (*newval == NULL || **newval == '\0')
		return true;
	len = strlen(*newval);
	if (!tjp_user_id_normalize(*newval, len, normal, &normal_len))
	{
		GUC_check_errdetail("A user id has 1 to %d bytes and no blanks at its ends.",
							TJP_MAX_USER_ID_LEN);
		return false;
	}
	Assert(normal_len == len);
	memcpy(*newval, normal, len);
	return true;
}

static void
assign_user_id(const char *newval, void *extra)
{
	tjp_user_id_refused = false;
	tjp_user_id_settings++;
	if (tjp_user_id_changed != NULL)
		tjp_user_id_changed(newval);
}

void
tjp_guc_init(void)
{
	const char *early = GetConfigOption("tj_perm.user_id", true, false);
	bool		set_early = early != NULL && early[0] != '\0';

	DefineCustomIntVariable("tj_perm.cache_size",
							"Sets the memory that the permission cache of each backend may take.",
							"The least recently used goes first. "
							"What does not fit is looked up each time.",
							&tjp_cache_size,
							16 * 1024, 64, MAX_KILOBYTES,
							PGC_SUSET,
							GUC_UNIT_KB | GUC_NOT_IN_SAMPLE,
							NULL,
							NULL,
							NULL);

	DefineCustomBoolVariable("tj_perm.planner_support",
							 "Lets the planner use indexes to answer tj_can().",
							 "Calls of tj_can() and tj_is_member() in conditions become "
							 "conditions that ordinary indexes serve. No result depends on it.",
							 &tjp_planner_support,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN | GUC_NOT_IN_SAMPLE,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomStringVariable("tj_perm.user_id",
							   "Sets the end user on whose behalf the session acts.",
							   "tj_user() returns it; empty means nobody. "
							   "Set it for each transaction.",
							   &tjp_user_id,
							   NULL,
							   PGC_SUSET,
							   GUC_NOT_IN_SAMPLE,
							   check_user_id,
							   assign_user_id,
							   NULL);
	if (set_early && (tjp_user_id == NULL || tjp_user_id[0] == '\0'))
		tjp_user_id_refused = true;

	MarkGUCPrefixReserved("tj_perm");
}
