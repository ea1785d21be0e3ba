/* A key in memory of its own, which is neither swapped nor written into a core dump nor
 * inherited by a child, and is wiped when the last one lets go of it. */
#ifndef OT_P11_KEY_PAGE_INTERNAL_H
#define OT_P11_KEY_PAGE_INTERNAL_H

#include <stddef.h>

#include "base/span.h"

struct ot_key_page;

/* A copy with one reference. NULL: there is no such memory, or it does not fit. */
struct ot_key_page *ot_key_page_new(struct ot_span key);
struct ot_key_page *ot_key_page_ref(struct ot_key_page *page);
void ot_key_page_unref(struct ot_key_page *page); /* NULL is fine */

/* In a forked child: gives the memory back, whoever held it in the parent. */
void ot_key_page_abandon(struct ot_key_page *page); /* NULL is fine */

/* Lives as long as a reference. */
struct ot_span ot_key_page_key(const struct ot_key_page *page);

#endif
