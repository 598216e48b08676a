/*
 * src/resource.h
 *	  The type tj_resource: a workspace and a path of elements.
 *
 * Declares the way between the stored value and its parts.  Only resource.c
 * knows the layout; two resources are equal exactly if their bytes are.
 */
#ifndef TJP_RESOURCE_H
#define TJP_RESOURCE_H

#include "postgres.h"

#include "fmgr.h"

#define TJP_MAX_KEY_LEN	 255 /* bytes of a workspace key, may be 0 */
#define TJP_MAX_TYPE_LEN 63	 /* bytes of an element's type, at least 1 */
#define TJP_MAX_ID_LEN	 255 /* bytes of an element's id, may be 0 */
#define TJP_MAX_ELEMENTS 64	 /* elements of a path, may be 0 */

/* As stored; the header may be packed.  Get at the parts by tjp_resource_view. */
typedef struct varlena TjpResource;

#define DatumGetTjpResourceP(X)		((TjpResource *) PG_DETOAST_DATUM_PACKED(X))
#define TjpResourcePGetDatum(X)		PointerGetDatum(X)
#define PG_GETARG_TJP_RESOURCE_P(n) DatumGetTjpResourceP(PG_GETARG_DATUM(n))
#define PG_RETURN_TJP_RESOURCE_P(x) PG_RETURN_POINTER(x)

/* One element of a path.  The strings are not terminated. */
typedef struct TjpElement
{
	const char *type;
	const char *id; /* undefined if wildcard */
	uint8		type_len;
	uint8		id_len;	  /* 0 if wildcard */
	bool		wildcard; /* type:* */
} TjpElement;

/*
 * The bytes that stand for an element in the stored value: equal for equal
 * elements only.  Valid for elements that came out of tjp_resource_view.
 */
#define TJP_MAX_ELEMENT_BYTES (3 + TJP_MAX_TYPE_LEN + TJP_MAX_ID_LEN)

static inline const char *
tjp_element_bytes(const TjpElement *element, int *len)
{
	*len = 1 + element->type_len + 1 + (element->wildcard ? 0 : 1 + element->id_len);
	return element->type - 1;
}

/*
 * Likewise for type:* of the element's type, written to bytes (at least
 * TJP_MAX_ELEMENT_BYTES).
 */
static inline int
tjp_element_wildcard_bytes(const TjpElement *element, char *bytes)
{
	memcpy(bytes, element->type - 1, 1 + element->type_len);
	bytes[1 + element->type_len] = 0;
	return 1 + element->type_len + 1;
}

/* The element that the bytes stand for; its strings point into them. */
static inline void
tjp_element_of_bytes(const char *bytes, TjpElement *element)
{
	element->type_len = (unsigned char) bytes[0];
	element->type = bytes + 1;
	element->wildcard = bytes[1 + element->type_len] == 0;
	element->id_len = element->wildcard ? 0 : (unsigned char) bytes[2 + element->type_len];
	element->id = bytes + 3 + element->type_len;
}

/* Do the bytes stand for a wildcard? */
static inline bool
tjp_element_bytes_are_wildcard(const char *bytes)
{
	return bytes[1 + (unsigned char) bytes[0]] == 0;
}

/* A resource taken apart; the pointers go into the resource itself. */
typedef struct TjpResourceView
{
	const char *key;
	int			key_len;
	int			nelements;					/* 0: the workspace as a whole */
	TjpElement	elements[TJP_MAX_ELEMENTS]; /* outermost first */
} TjpResourceView;

/*
 * Is this id the canonical output of a bigint, or a uuid, and of which?
 */
extern bool tjp_id_is_int64(const char *id, int len, int64 *value);
extern bool tjp_id_is_uuid(const char *id, int len, unsigned char *value);

extern void			tjp_resource_view(const TjpResource *resource, TjpResourceView *view);
extern TjpResource *tjp_resource_make(const char *key, int key_len,
									  const TjpElement *elements, int nelements);
extern int			tjp_resource_compare(const TjpResource *a, const TjpResource *b);
extern uint32		tjp_resource_hash(const TjpResource *resource);
extern char		   *tjp_resource_text(const TjpResource *resource);

/* What indexes of the type are ordered by, and what is equal in that order. */
extern Datum tj_resource_cmp(PG_FUNCTION_ARGS);
extern Datum tj_resource_eq(PG_FUNCTION_ARGS);

#endif /* TJP_RESOURCE_H */
