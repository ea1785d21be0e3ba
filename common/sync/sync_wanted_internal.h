/* Which contents a sync asks for, and what it makes of the answers. */
#ifndef OT_SYNC_SYNC_WANTED_INTERNAL_H
#define OT_SYNC_SYNC_WANTED_INTERNAL_H

#include "base/error.h"

struct ot_api_cert;
struct ot_api_page;
struct ot_content;
struct ot_crawler;

/* Asks for the contents of what has been listed since this was called last, and old and
 * the partial file lack. */
enum ot_status ot_wanted_listed(struct ot_crawler *crawler, struct ot_error *err);

/* The same for a page that cannot be taken yet, since what comes before it is on its way:
 * whether it is ever listed decides what is listed, and not that its contents are here.
 */
enum ot_status ot_wanted_early(struct ot_crawler *crawler, const struct ot_api_page *page,
                               struct ot_error *err);

/* The answer to such a request, as ot_api_got has it. */
enum ot_status ot_wanted_take(struct ot_crawler *crawler, struct ot_content *content,
                              enum ot_status status, const struct ot_api_cert *cert,
                              struct ot_error *err);

/* The same for several that were asked for together. What the answer leaves out is asked
 * for by itself, and so is everything from now on where the API refused it as a whole. */
enum ot_status ot_wanted_take_several(struct ot_crawler *crawler,
                                      struct ot_content *contents, enum ot_status status,
                                      const struct ot_api_page *page,
                                      struct ot_error *err);

#endif
