/*
 * src/resource.c
 *	  The type tj_resource: a workspace and a path of elements.
 *
 * Owns the stored layout, the text and binary forms, order and hash.  Must not
 * know users, levels or any catalog; the SQL constructors are in construct.c.
 *
 * Stored, after the varlena header, one byte each unless said otherwise:
 *
 *		version (1), number of elements, key length, key bytes, then for each
 *		element: type length, type bytes, kind, id length, id bytes
 *
 * A wildcard has no id length and no id.  Every resource has exactly one such
 * spelling, so equality is equality of bytes.
 *
 * The text form:
 *
 *		key [ "/" type ":" ( id | "*" ) ] ...
 *
 * where key, type and id are bare words, or any text in double quotes with
 * inner double quotes doubled.  A bare word is one or more bytes other than
 * / : * " blanks and control characters.  All of these are ASCII, and no byte
 * of a multibyte character in a server encoding is, so bytes may be scanned.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "resource.h"

#define LAYOUT_VERSION 1
#define BINARY_VERSION 1

/* kinds of an element; the order of the codes is the sort order */
#define KIND_WILDCARD 0
#define KIND_LITERAL  1

/* offsets into the stored value, counted from its first byte of data */
#define OFFSET_VERSION 0
#define OFFSET_COUNT   1
#define OFFSET_KEY	   2

#define MAX_ELEMENT_SIZE (3 + TJP_MAX_TYPE_LEN + TJP_MAX_ID_LEN)
#define MAX_DATA_SIZE \
	(OFFSET_KEY + 1 + TJP_MAX_KEY_LEN + TJP_MAX_ELEMENTS * MAX_ELEMENT_SIZE)

/* longest piece of bad input that an error message repeats, in bytes */
#define MAX_ECHO_LEN 100

/* What a text was found to be instead of a resource. */
typedef enum ParseFault
{
	FAULT_NONE,
	FAULT_EXPECTED, /* something else stands at the place */
	FAULT_UNCLOSED, /* a quoted word begins there and never ends */
	FAULT_EMPTY_TYPE,
	FAULT_TOO_LONG, /* the word that begins there */
	FAULT_TOO_MANY	/* the element that begins there */
} ParseFault;

typedef struct ParseState
{
	const char *start; /* the text, len bytes */
	const char *cur;
	const char *end;
	uint8	   *out; /* next byte of the stored form */
	ParseFault	fault;
	const char *fault_at;
	const char *fault_what; /* what was expected, or which word */
	int			fault_limit;
} ParseState;

/* Note what is wrong and where; always false, for use in a return. */
static bool
parse_fault(ParseState *state, ParseFault fault, const char *at,
			const char *what, int limit)
{
	state->fault = fault;
	state->fault_at = at;
	state->fault_what = what;
	state->fault_limit = limit;
	return false;
}

/* May the byte stand in a word that is not quoted? */
static bool
is_bare_byte(unsigned char c)
{
	return c > ' ' && c != 0x7f && c != '/' && c != ':' && c != '*' && c != '"';
}

/* Read a word in double quotes, and write its length and bytes. */
static bool
parse_quoted(ParseState *state, const char *what, int limit)
{
	const char *word = state->cur;
	uint8	   *len_byte = state->out++;
	int			len = 0;

	for (state->cur++; state->cur < state->end; state->cur++)
	{
		if (*state->cur == '"')
		{
			state->cur++;
			if (state->cur == state->end || *state->cur != '"')
			{
				*len_byte = len;
				return true;
			}
		}
		if (len == limit)
			return parse_fault(state, FAULT_TOO_LONG, word, what, limit);
		*state->out++ = *state->cur;
		len++;
	}
	return parse_fault(state, FAULT_UNCLOSED, word, what, 0);
}

/* Read one word, bare or quoted, and write its length and bytes. */
static bool
parse_word(ParseState *state, const char *what, int limit)
{
	const char *word = state->cur;
	int			len;

	if (word < state->end && *word == '"')
		return parse_quoted(state, what, limit);

	while (state->cur < state->end && is_bare_byte(*state->cur))
		state->cur++;
	len = state->cur - word;
	if (len == 0)
		return parse_fault(state, FAULT_EXPECTED, word, what, 0);
	if (len > limit)
		return parse_fault(state, FAULT_TOO_LONG, word, what, limit);

	*state->out++ = len;
	memcpy(state->out, word, len);
	state->out += len;
	return true;
}

/* Read one element, behind its slash. */
static bool
parse_element(ParseState *state)
{
	const char *type = state->cur;
	uint8	   *type_len = state->out;

	if (!parse_word(state, "an element type", TJP_MAX_TYPE_LEN))
		return false;
	if (*type_len == 0)
		return parse_fault(state, FAULT_EMPTY_TYPE, type, NULL, 0);
	if (state->cur == state->end || *state->cur != ':')
		return parse_fault(state, FAULT_EXPECTED, state->cur, "\":\" and an id", 0);
	state->cur++;

	if (state->cur < state->end && *state->cur == '*')
	{
		state->cur++;
		*state->out++ = KIND_WILDCARD;
		return true;
	}
	*state->out++ = KIND_LITERAL;
	return parse_word(state, "an id", TJP_MAX_ID_LEN);
}

/*
 * Make a resource of its text form.  Never raises an error about the text:
 * returns NULL then, with the fault noted in *state.
 */
static TjpResource *
parse_resource(ParseState *state, const char *str, int len)
{
	TjpResource *result;
	uint8		*data;
	int			 nelements = 0;

	memset(state, 0, sizeof(ParseState));
	state->start = state->cur = str;
	state->end = str + len;

	/*
	 * No text needs more room than this: a byte of a word takes one, and the
	 * four bytes of the shortest element take five.
	 */
	result = palloc(VARHDRSZ + OFFSET_KEY + 1 + (Size) Min(len, MAX_DATA_SIZE) * 2);
	data = (uint8 *) VARDATA(result);
	state->out = data + OFFSET_KEY;

	if (!parse_word(state, "a workspace key", TJP_MAX_KEY_LEN))
		return NULL;
	while (state->cur < state->end)
	{
		if (*state->cur != '/')
		{
			parse_fault(state, FAULT_EXPECTED, state->cur, "\"/\" or the end of the text", 0);
			return NULL;
		}
		state->cur++;
		if (nelements == TJP_MAX_ELEMENTS)
		{
			parse_fault(state, FAULT_TOO_MANY, state->cur, NULL, TJP_MAX_ELEMENTS);
			return NULL;
		}
		if (!parse_element(state))
			return NULL;
		nelements++;
	}

	data[OFFSET_VERSION] = LAYOUT_VERSION;
	data[OFFSET_COUNT] = nelements;
	SET_VARSIZE(result, (char *) state->out - (char *) result);
	return result;
}

/* The errdetail, and perhaps errhint, of a failed parse; for use in ereport. */
static int
report_fault(const ParseState *state)
{
	int position = pg_mbstrlen_with_len(state->start, state->fault_at - state->start) + 1;

	switch (state->fault)
	{
		case FAULT_EXPECTED:
			errdetail("Expected %s at character %d.", state->fault_what, position);
			return errhint("Write workspace/type:id/type:id; "
						   "what is empty or holds / : * \" or blanks goes in double quotes.");
		case FAULT_UNCLOSED:
			return errdetail("Character %d begins %s in double quotes that are not closed.",
							 position, state->fault_what);
		case FAULT_EMPTY_TYPE:
			return errdetail("Character %d begins an element type that is empty.", position);
		case FAULT_TOO_LONG:
			return errdetail("Character %d begins %s of more than %d bytes, which is the limit.",
							 position, state->fault_what, state->fault_limit);
		case FAULT_TOO_MANY:
			return errdetail("Character %d begins one element more than the limit of %d elements.",
							 position, state->fault_limit);
		case FAULT_NONE:
			break;
	}
	return 0;
}

/* How many bytes of a bad text an error message repeats. */
static int
echo_len(const char *str, int len)
{
	return pg_mbcliplen(str, len, MAX_ECHO_LEN);
}

PG_FUNCTION_INFO_V1(tj_resource_in);
Datum
tj_resource_in(PG_FUNCTION_ARGS)
{
	char		*str = PG_GETARG_CSTRING(0);
	int			 len = strlen(str);
	ParseState	 state;
	TjpResource *result = parse_resource(&state, str, len);

	if (result == NULL)
	{
		int shown = echo_len(str, len);

		tjp_ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%.*s%s\"",
							"tj_resource", shown, str, shown < len ? "..." : ""),
					 report_fault(&state)));
	}
	PG_RETURN_TJP_RESOURCE_P(result);
}

PG_FUNCTION_INFO_V1(tj_resource_out);
Datum
tj_resource_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(tjp_resource_text(PG_GETARG_TJP_RESOURCE_P(0)));
}

/*
 * The binary form is a version byte and the text form, so that it is converted
 * between encodings.
 */
PG_FUNCTION_INFO_V1(tj_resource_recv);
Datum
tj_resource_recv(PG_FUNCTION_ARGS)
{
	StringInfo	 buf = (StringInfo) PG_GETARG_POINTER(0);
	int			 version = pq_getmsgbyte(buf);
	char		*str;
	int			 len;
	ParseState	 state;
	TjpResource *result;

	if (version != BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary representation of type %s",
						version, "tj_resource"),
				 errdetail("This server knows version %d.", BINARY_VERSION)));

	str = pq_getmsgtext(buf, buf->len - buf->cursor, &len);
	result = parse_resource(&state, str, len);
	if (result == NULL)
	{
		int shown = echo_len(str, len);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s: \"%.*s%s\"",
						"tj_resource", shown, str, shown < len ? "..." : ""),
				 report_fault(&state)));
	}
	PG_RETURN_TJP_RESOURCE_P(result);
}

PG_FUNCTION_INFO_V1(tj_resource_send);
Datum
tj_resource_send(PG_FUNCTION_ARGS)
{
	char		  *str = tjp_resource_text(PG_GETARG_TJP_RESOURCE_P(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, BINARY_VERSION);
	pq_sendtext(&buf, str, strlen(str));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Append a word to the text form, in quotes if it needs them. */
static void
append_word(StringInfo buf, const char *word, int len)
{
	int i = 0;

	while (i < len && is_bare_byte(word[i]))
		i++;
	if (i == len && len > 0)
	{
		appendBinaryStringInfo(buf, word, len);
		return;
	}

	appendStringInfoCharMacro(buf, '"');
	for (i = 0; i < len; i++)
	{
		if (word[i] == '"')
			appendStringInfoCharMacro(buf, '"');
		appendStringInfoCharMacro(buf, word[i]);
	}
	appendStringInfoCharMacro(buf, '"');
}

/* The canonical text form, palloc'd. */
char *
tjp_resource_text(const TjpResource *resource)
{
	TjpResourceView view;
	StringInfoData	buf;

	tjp_resource_view(resource, &view);
	initStringInfo(&buf);
	append_word(&buf, view.key, view.key_len);
	for (int i = 0; i < view.nelements; i++)
	{
		const TjpElement *element = &view.elements[i];

		appendStringInfoCharMacro(&buf, '/');
		append_word(&buf, element->type, element->type_len);
		appendStringInfoCharMacro(&buf, ':');
		if (element->wildcard)
			appendStringInfoCharMacro(&buf, '*');
		else
			append_word(&buf, element->id, element->id_len);
	}
	return buf.data;
}

/*
 * Take a resource apart.  The view points into the resource, which the caller
 * has detoasted (DatumGetTjpResourceP) and keeps.
 */
void
tjp_resource_view(const TjpResource *resource, TjpResourceView *view)
{
	const uint8 *data = (const uint8 *) VARDATA_ANY(resource);
	const uint8 *cur = data + OFFSET_KEY;

	Assert(data[OFFSET_VERSION] == LAYOUT_VERSION);
	Assert(data[OFFSET_COUNT] <= TJP_MAX_ELEMENTS);

	view->nelements = data[OFFSET_COUNT];
	view->key_len = *cur++;
	view->key = (const char *) cur;
	cur += view->key_len;

	for (int i = 0; i < view->nelements; i++)
	{
		TjpElement *element = &view->elements[i];

		element->type_len = *cur++;
		element->type = (const char *) cur;
		cur += element->type_len;
		element->wildcard = (*cur++ == KIND_WILDCARD);
		if (element->wildcard)
		{
			element->id = NULL;
			element->id_len = 0;
			continue;
		}
		element->id_len = *cur++;
		element->id = (const char *) cur;
		cur += element->id_len;
	}
	Assert((const char *) cur == (const char *) data + VARSIZE_ANY_EXHDR(resource));
}

/*
 * Put a resource together, palloc'd.  NULL, and never an error, if a part is
 * over its limit or an element's type is empty.
 */
TjpResource *
tjp_resource_make(const char *key, int key_len, const TjpElement *elements, int nelements)
{
	Size		 size = VARHDRSZ + OFFSET_KEY + 1 + key_len;
	TjpResource *result;
	uint8		*out;

	if (key_len > TJP_MAX_KEY_LEN || nelements > TJP_MAX_ELEMENTS)
		return NULL;
	for (int i = 0; i < nelements; i++)
	{
		if (elements[i].type_len == 0 || elements[i].type_len > TJP_MAX_TYPE_LEN)
			return NULL;
		size += 2 + elements[i].type_len;
		if (!elements[i].wildcard)
			size += 1 + elements[i].id_len;
	}

	result = palloc(size);
	SET_VARSIZE(result, size);
	out = (uint8 *) VARDATA(result);
	*out++ = LAYOUT_VERSION;
	*out++ = nelements;
	*out++ = key_len;
	memcpy(out, key, key_len);
	out += key_len;
	for (int i = 0; i < nelements; i++)
	{
		const TjpElement *element = &elements[i];

		*out++ = element->type_len;
		memcpy(out, element->type, element->type_len);
		out += element->type_len;
		if (element->wildcard)
		{
			*out++ = KIND_WILDCARD;
			continue;
		}
		*out++ = KIND_LITERAL;
		*out++ = element->id_len;
		memcpy(out, element->id, element->id_len);
		out += element->id_len;
	}
	return result;
}

bool
tjp_id_is_int64(const char *id, int len, int64 *value)
{
	bool   negative = len > 0 && id[0] == '-';
	uint64 number = 0;
	int	   i = negative ? 1 : 0;

	/* no empty number, no leading zero, no "-0" */
	if (i == len || len > 20 || (id[i] == '0' && len > 1))
		return false;
	for (; i < len; i++)
	{
		unsigned digit = (unsigned char) id[i] - '0';

		/* up to 19 digits cannot overflow 64 bits without sign */
		if (digit > 9 || i - negative >= 19)
			return false;
		number = number * 10 + digit;
	}
	if (number > (uint64) PG_INT64_MAX + (negative ? 1 : 0))
		return false;
	*value = negative ? (int64) (0 - number) : (int64) number;
	return true;
}

bool
tjp_id_is_uuid(const char *id, int len, unsigned char *value)
{
	int n = 0;

	if (len != 36)
		return false;
	for (int i = 0; i < 36; i++)
	{
		unsigned char c = id[i];
		int			  digit;

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (c != '-')
				return false;
			continue;
		}
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			return false;
		if (n % 2 == 0)
			value[n / 2] = digit << 4;
		else
			value[n / 2] |= digit;
		n++;
	}
	return true;
}

PG_FUNCTION_INFO_V1(tj_perm_workspace_of);
Datum
tj_perm_workspace_of(PG_FUNCTION_ARGS)
{
	TjpResource	   *resource = PG_GETARG_TJP_RESOURCE_P(0);
	TjpResourceView view;

	tjp_resource_view(resource, &view);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(view.key, view.key_len));
}

/* Can a grant name it: a workspace, type:*, or one element? */
PG_FUNCTION_INFO_V1(tj_perm_is_grant_target);
Datum
tj_perm_is_grant_target(PG_FUNCTION_ARGS)
{
	TjpResource	   *resource = PG_GETARG_TJP_RESOURCE_P(0);
	TjpResourceView view;

	tjp_resource_view(resource, &view);
	PG_RETURN_BOOL(view.nelements <= 1);
}

/* Does a grant on it reach other targets: a workspace or type:*? */
PG_FUNCTION_INFO_V1(tj_perm_is_wide_target);
Datum
tj_perm_is_wide_target(PG_FUNCTION_ARGS)
{
	TjpResource	   *resource = PG_GETARG_TJP_RESOURCE_P(0);
	TjpResourceView view;

	tjp_resource_view(resource, &view);
	PG_RETURN_BOOL(view.nelements == 0 || (view.nelements == 1 && view.elements[0].wildcard));
}

PG_FUNCTION_INFO_V1(tj_perm_elements_of);
Datum
tj_perm_elements_of(PG_FUNCTION_ARGS)
{
	FuncCallContext	 *funcctx;
	TjpResourceView	 *view;
	const TjpElement *element;
	Datum			  values[3];
	bool			  nulls[3] = {false, false, false};
	HeapTuple		  tuple;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext oldcontext;
		TupleDesc	  tupdesc;

		funcctx = SRF_FIRSTCALL_INIT();
		oldcontext = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		funcctx->tuple_desc = BlessTupleDesc(tupdesc);

		/* a copy, since the argument need not live until the last call */
		view = palloc(sizeof(TjpResourceView));
		tjp_resource_view((TjpResource *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)), view);
		funcctx->user_fctx = view;
		funcctx->max_calls = view->nelements;
		MemoryContextSwitchTo(oldcontext);
	}

	funcctx = SRF_PERCALL_SETUP();
	if (funcctx->call_cntr >= funcctx->max_calls)
		SRF_RETURN_DONE(funcctx);

	view = funcctx->user_fctx;
	element = &view->elements[funcctx->call_cntr];
	values[0] = Int32GetDatum((int32) funcctx->call_cntr + 1);
	values[1] = PointerGetDatum(cstring_to_text_with_len(element->type, element->type_len));
	nulls[2] = element->wildcard;
	values[2] = (Datum) 0;
	if (!element->wildcard)
		values[2] = PointerGetDatum(cstring_to_text_with_len(element->id, element->id_len));
	tuple = heap_form_tuple(funcctx->tuple_desc, values, nulls);
	SRF_RETURN_NEXT(funcctx, HeapTupleGetDatum(tuple));
}

/* Compare bytes; a word sorts before its extensions. */
static int
compare_words(const uint8 *a, int alen, const uint8 *b, int blen)
{
	int cmp = memcmp(a, b, Min(alen, blen));

	return cmp != 0 ? cmp : alen - blen;
}

/*
 * Order two detoasted resources: by key, then element by element by type,
 * wildcard before ids, id.  A path sorts before its extensions.
 */
int
tjp_resource_compare(const TjpResource *a, const TjpResource *b)
{
	const uint8 *adata = (const uint8 *) VARDATA_ANY(a);
	const uint8 *bdata = (const uint8 *) VARDATA_ANY(b);
	const uint8 *acur = adata + OFFSET_KEY;
	const uint8 *bcur = bdata + OFFSET_KEY;
	int			 nelements = Min(adata[OFFSET_COUNT], bdata[OFFSET_COUNT]);
	int			 cmp;

	cmp = compare_words(acur + 1, *acur, bcur + 1, *bcur);
	if (cmp != 0)
		return cmp;
	acur += 1 + *acur;
	bcur += 1 + *bcur;

	for (int i = 0; i < nelements; i++)
	{
		cmp = compare_words(acur + 1, *acur, bcur + 1, *bcur);
		if (cmp != 0)
			return cmp;
		acur += 1 + *acur;
		bcur += 1 + *bcur;

		cmp = (int) *acur - (int) *bcur;
		if (cmp != 0)
			return cmp;
		bcur++;
		if (*acur++ == KIND_WILDCARD)
			continue;

		cmp = compare_words(acur + 1, *acur, bcur + 1, *bcur);
		if (cmp != 0)
			return cmp;
		acur += 1 + *acur;
		bcur += 1 + *bcur;
	}
	return (int) adata[OFFSET_COUNT] - (int) bdata[OFFSET_COUNT];
}

/* Hash of a detoasted resource; the hash that hash indexes store. */
uint32
tjp_resource_hash(const TjpResource *resource)
{
	return DatumGetUInt32(hash_any((const unsigned char *) VARDATA_ANY(resource),
								   VARSIZE_ANY_EXHDR(resource)));
}

/* tjp_resource_compare of the two arguments. */
static int
compare_args(FunctionCallInfo fcinfo)
{
	TjpResource *a = PG_GETARG_TJP_RESOURCE_P(0);
	TjpResource *b = PG_GETARG_TJP_RESOURCE_P(1);
	int			 result = tjp_resource_compare(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* Are the two arguments the same bytes? */
static bool
equal_args(FunctionCallInfo fcinfo)
{
	TjpResource *a = PG_GETARG_TJP_RESOURCE_P(0);
	TjpResource *b = PG_GETARG_TJP_RESOURCE_P(1);
	Size		 len = VARSIZE_ANY_EXHDR(a);
	bool		 result = len == VARSIZE_ANY_EXHDR(b) &&
				  memcmp(VARDATA_ANY(a), VARDATA_ANY(b), len) == 0;

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

PG_FUNCTION_INFO_V1(tj_resource_eq);
Datum
tj_resource_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_args(fcinfo));
}

PG_FUNCTION_INFO_V1(tj_resource_ne);
Datum
tj_resource_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_args(fcinfo));
}

PG_FUNCTION_INFO_V1(tj_resource_lt);
Datum
tj_resource_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(tj_resource_le);
Datum
tj_resource_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(tj_resource_gt);
Datum
tj_resource_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(tj_resource_ge);
Datum
tj_resource_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(tj_resource_cmp);
Datum
tj_resource_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

PG_FUNCTION_INFO_V1(tj_resource_hash);
Datum
tj_resource_hash(PG_FUNCTION_ARGS)
{
	TjpResource *resource = PG_GETARG_TJP_RESOURCE_P(0);
	uint32		 result = tjp_resource_hash(resource);

	PG_FREE_IF_COPY(resource, 0);
	PG_RETURN_UINT32(result);
}

PG_FUNCTION_INFO_V1(tj_resource_hash_extended);
Datum
tj_resource_hash_extended(PG_FUNCTION_ARGS)
{
	TjpResource *resource = PG_GETARG_TJP_RESOURCE_P(0);
	Datum		 result = hash_any_extended((const unsigned char *) VARDATA_ANY(resource),
											VARSIZE_ANY_EXHDR(resource), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(resource, 0);
	return result;
}
