/* The tag of a scope's list: what is active there, in a few digits. Who has the same tag
 * has the same certificates active; names, and what is inactive, make no difference. A
 * host works it out from its snapshot and a server from its database, so that nothing has
 * to be handed on between them. */
#ifndef OT_CERT_LIST_TAG_H
#define OT_CERT_LIST_TAG_H

#include <stddef.h>

#include "base/error.h"

/* 128 bits in hexadecimal, NUL. */
#define OT_LIST_TAG_LEN 32
#define OT_LIST_TAG_MAX (OT_LIST_TAG_LEN + 1)

struct ot_list_tag;

enum ot_status ot_list_tag_new(struct ot_list_tag **out, struct ot_error *err);
void ot_list_tag_free(struct ot_list_tag *tag); /* NULL: does nothing */

/* The id of one that is active there. They come ordered by their bytes, each once. */
void ot_list_tag_add(struct ot_list_tag *tag, const char *id, size_t len);

/* Once. OT_E_NOMEM: the digest failed, now or before. */
enum ot_status ot_list_tag_finish(struct ot_list_tag *tag, char out[OT_LIST_TAG_MAX],
                                  struct ot_error *err);

#endif
