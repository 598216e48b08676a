/*
 * src/check.h
 *	  The decision: which level a user holds on a resource.
 */
#ifndef TJP_CHECK_H
#define TJP_CHECK_H

#include "postgres.h"

#include "access/xact.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "construct.h"
#include "guc.h"
#include "level.h"
#include "resource.h"

/*
 * The highest level that the user holds now on the resource, TJP_LEVEL_NONE if
 * none, under the active snapshot and the clock of the client's statement.
 * The search may stop at the first level that is at least "enough".  user and
 * resource need no normalising; unknown ones give TJP_LEVEL_NONE, never an
 * error.  With any_workspace_status an archived workspace counts as an active
 * one (administration only).  If until is not NULL it is set to the end of the
 * longest right, valid now, to at least "enough".
 */
extern TjpLevel tjp_check_level(const char *user, int user_len,
								const TjpResource *resource, TjpLevel enough,
								bool any_workspace_status, TimestampTz *until);

/*
 * What the user may reach at this level: for each workspace (or the one with
 * this key, if it is not NULL) that is active and has the user as an active
 * member, workspace() is called with the user's view of it; if it returns true
 * and the user is not in Admins, target() for each grant that counts for the
 * user there, NULL for one on the workspace, until it returns false.  Grants
 * that are not valid yet are among them, expired ones are not.  Under the
 * active snapshot.  No target that makes tj_can true in this statement is left
 * out, unless a sample is asked for, of about so many grants of each principal;
 * then each stands for weight grants.
 */
typedef bool (*TjpWorkspaceCallback)(const char *key, int key_len, TjpView *view, void *arg);
typedef bool (*TjpReachCallback)(const TjpElement *target, int weight, void *arg);

extern void tjp_check_reach(const char *user, int user_len, const char *key, int key_len,
							TjpLevel level, int sample, TjpWorkspaceCallback workspace,
							TjpReachCallback target, void *arg);

/*
 * Does the view hold at this level, now or later, what needs no id: Admins, the
 * workspace, type:* of one of the types?
 */
extern bool tjp_check_is_wide(TjpView *view, TjpLevel level, int ntypes, const TjpElement *types);

/*
 * The type tj_perm._planned: only the planner's support makes values, so that
 * what takes one cannot be called from SQL.  The OID of the function that the
 * call stands for, and flags.
 */
#define TJP_PLANNED_SESSION_USER (UINT64CONST(1) << 32) /* tj_user(), whatever the argument */
#define TJP_PLANNED_ONE_USER	 (UINT64CONST(1) << 33) /* no other row has another user */
#define TJP_PLANNED_HAS_ARMS	 (UINT64CONST(1) << 34) /* arms find what needs an id */
#define TJP_PLANNED_ONE_ROW		 (UINT64CONST(1) << 35) /* the query names the row by its key */
#define TJP_PLANNED_FUNCTION(x)	 ((Oid) ((x) &PG_UINT32_MAX))

#define PG_GETARG_TJP_PLANNED(n) ((uint64) PG_GETARG_INT64(n))

/* Raises 42501 unless the current role may execute the function it stands for. */
extern void tjp_check_planned(uint64 planned);

/* The user that a call made by the planner is about; false if there is none. */
extern bool tjp_check_planned_user(FunctionCallInfo fcinfo, int argno, const char **user,
								   int *user_len);

/*
 * For a scan of rows of which many lie in a workspace that is wholly the user's.
 * Such a row needs no call of _can: tjp_whole_has tells from its columns that the
 * call would give true.  The caller describes the call, with zeros behind it, and
 * asks tjp_whole_find about the workspace of a row.
 *
 * What was found holds under the one snapshot that it was found under, for as
 * long as the cache knows what it was concluded from, for the same user, and
 * while the clock is in the interval.
 */
typedef struct TjpWhole
{
	/* the call */
	uint64		planned;
	TjpLevel	level;
	const char *user; /* NULL: the session's */
	int			user_len;
	Oid			key_type;
	TjpArgKind	key_kind; /* text, a number or uuid */
	Datum		constant; /* the workspace's key if no column has it */
	int			key;	  /* the column that has it, from 0; -1: none */
	int			last;	  /* and the last id */
	int			nwords;
	int			words[TJP_MAX_ELEMENTS]; /* columns of ids that are text */

	bool may_execute; /* was that asked? */

	/* what was found */
	TjpReading *reading; /* NULL: nothing */
	uint64		id;
	Snapshot	snapshot;
	uint64		settings;
	bool		bounded;
	TimestampTz from;
	TimestampTz until;
	Datum		number;
	int			len; /* of the bytes: a uuid, or a text with its header of one byte */
	char		bytes[VARATT_SHORT_MAX];
} TjpWhole;

/*
 * Is the workspace of this row wholly the user's now?  If not, what was found
 * before is kept.  The snapshot must be registered for as long as tjp_whole_has is
 * asked.  Raises 42501 as the call does.
 */
extern bool tjp_whole_find(TjpWhole *whole, Snapshot snapshot, const TupleTableSlot *row);

/* Is this a text with a header of one byte? None such is over the limit of an id. */
static inline bool
tjp_is_short_word(Datum value)
{
	return VARATT_IS_1B(DatumGetPointer(value)) && !VARATT_IS_1B_E(DatumGetPointer(value));
}

/* Does what was found still hold? */
static pg_attribute_always_inline bool
tjp_whole_holds(const TjpWhole *whole)
{
	TjpReading *reading = whole->reading;

	if (reading == NULL || whole->id != reading->id ||
		whole->settings != tjp_user_id_settings ||
		!tjp_reading_is_good(reading) || GetActiveSnapshot() != whole->snapshot)
		return false;
	reading->used = tjp_cache_clock;
	if (unlikely(whole->bounded))
	{
		TimestampTz now = GetCurrentStatementStartTimestamp();

		return now >= whole->from && now < whole->until;
	}
	return true;
}

/*
 * Does the call give true for the row with these columns?  If not, it is to be
 * called: no answer is no "no".
 */
static pg_attribute_always_inline bool
tjp_whole_has(const TjpWhole *whole, const TupleTableSlot *row)
{
	Datum key;

	if (!tjp_whole_holds(whole))
		return false;

	/* what makes no resource */
	if (row->tts_isnull[whole->last])
		return false;
	for (int i = 0; i < whole->nwords; i++)
		if (!row->tts_isnull[whole->words[i]] &&
			!tjp_is_short_word(row->tts_values[whole->words[i]]))
			return false;

	if (whole->key < 0)
		return true;
	if (row->tts_isnull[whole->key])
		return false;
	key = row->tts_values[whole->key];
	if (likely(whole->len == 0))
		return key == whole->number;
	if (whole->key_kind == TJP_ARG_TEXT && (!tjp_is_short_word(key) ||
											VARSIZE_1B(DatumGetPointer(key)) != whole->len))
		return false;
	return memcmp(DatumGetPointer(key), whole->bytes, whole->len) == 0;
}

/*
 * The same for rows of any workspace, of which most may be denied: the way by which
 * a call site of _can answers them, without the call.  columns tells for each argument
 * of the constructor in which column of a row it is, from 0; -1: it is a constant.
 * user is NULL for the session's.  All of this is to stay.
 */
typedef struct TjpRows TjpRows;

typedef enum TjpAnswer
{
	TJP_ANSWER_NO,
	TJP_ANSWER_YES,
	TJP_ANSWER_LATER, /* to be asked of tjp_rows_learn */
	TJP_ANSWER_ASK	  /* the policy is to be asked */
} TjpAnswer;

extern TjpRows *tjp_rows_begin(FuncExpr *call, const int *columns, const char *user);

/*
 * May tjp_rows_answer be asked?  That holds until anything else is done than reading
 * rows from a heap.
 */
extern bool tjp_rows_hold(const TjpRows *rows);

/* What the call gives for the row with these columns, as far as that is known. */
extern TjpAnswer tjp_rows_answer(TjpRows *rows, const TupleTableSlot *row);

/* Likewise for a row as it is stored, with all these columns at offsets, none of them NULL. */
extern TjpAnswer tjp_rows_answer_data(TjpRows *rows, const char *data, const int *offsets);

/*
 * Likewise, and whatever has to be found out is, once that is worthwhile: to be called
 * for each row that has no other answer.  Never TJP_ANSWER_LATER.
 */
extern TjpAnswer tjp_rows_learn(TjpRows *rows, const TupleTableSlot *row);

#endif /* TJP_CHECK_H */
