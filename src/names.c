/*
 * src/names.c
 *	  Spelling of user ids and group names.
 *
 * Owns the normal form of a user id and of a group name.  Only ASCII letters
 * are folded and only ASCII blanks count, so that no locale, provider or
 * library version can change which names are the same.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "names.h"

/* longest piece of a bad user id that an error message repeats, in bytes */
#define MAX_ECHO_LEN 100

static bool
is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char
fold_letter(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
 * Write the normal spelling of a user id to out, which has room for
 * TJP_MAX_USER_ID_LEN bytes and gets no terminator.  False, with nothing
 * written, if the text can be no user id.  Never an error.
 */
bool
tjp_user_id_normalize(const char *in, int len, char *out, int *outlen)
{
	if (len < 1 || len > TJP_MAX_USER_ID_LEN || is_blank(in[0]) || is_blank(in[len - 1]))
		return false;

	*outlen = len;
	if (memchr(in, '@', len) == NULL)
	{
		memcpy(out, in, len);
		return true;
	}
	for (int i = 0; i < len; i++)
		out[i] = fold_letter(in[i]);
	return true;
}

PG_FUNCTION_INFO_V1(tj_perm_normal_user_id);
Datum
tj_perm_normal_user_id(PG_FUNCTION_ARGS)
{
	text	   *user_id = PG_GETARG_TEXT_PP(0);
	const char *in = VARDATA_ANY(user_id);
	int			len = VARSIZE_ANY_EXHDR(user_id);
	char		out[TJP_MAX_USER_ID_LEN];
	int			outlen;

	if (!tjp_user_id_normalize(in, len, out, &outlen))
	{
		int shown = pg_mbcliplen(in, len, MAX_ECHO_LEN);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid user id: \"%.*s%s\"", shown, in, shown < len ? "..." : ""),
				 errdetail("A user id is 1 to %d bytes of text without blanks at its ends.",
						   TJP_MAX_USER_ID_LEN)));
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out, outlen));
}

PG_FUNCTION_INFO_V1(tj_perm_is_user_id);
Datum
tj_perm_is_user_id(PG_FUNCTION_ARGS)
{
	text	   *user_id = PG_GETARG_TEXT_PP(0);
	const char *in = VARDATA_ANY(user_id);
	int			len = VARSIZE_ANY_EXHDR(user_id);
	char		out[TJP_MAX_USER_ID_LEN];
	int			outlen;

	PG_RETURN_BOOL(tjp_user_id_normalize(in, len, out, &outlen) &&
				   memcmp(in, out, outlen) == 0);
}

/* Trim a name, make one space of inner blanks, and perhaps fold its letters. */
static text *
collapse_blanks(const text *name, bool fold)
{
	const unsigned char *in = (const unsigned char *) VARDATA_ANY(name);
	int					 len = VARSIZE_ANY_EXHDR(name);
	text				*result = palloc(VARHDRSZ + len);
	char				*start = VARDATA(result);
	char				*out = start;
	bool				 gap = false;

	for (int i = 0; i < len; i++)
	{
		if (is_blank(in[i]))
		{
			gap = out > start;
			continue;
		}
		if (gap)
			*out++ = ' ';
		gap = false;
		*out++ = fold ? fold_letter(in[i]) : in[i];
	}
	SET_VARSIZE(result, out - (char *) result);
	return result;
}

PG_FUNCTION_INFO_V1(tj_perm_fold_group_name);
Datum
tj_perm_fold_group_name(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(collapse_blanks(PG_GETARG_TEXT_PP(0), true));
}

PG_FUNCTION_INFO_V1(tj_perm_tidy_group_name);
Datum
tj_perm_tidy_group_name(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(collapse_blanks(PG_GETARG_TEXT_PP(0), false));
}
