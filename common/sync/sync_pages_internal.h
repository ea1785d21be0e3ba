/* The pages of a crawl: one after the other as each names the next, or, where they are
 * known from before, at once (sync_guess_internal.h). */
#ifndef OT_SYNC_SYNC_PAGES_INTERNAL_H
#define OT_SYNC_SYNC_PAGES_INTERNAL_H

#include <stddef.h>

#include "base/error.h"

struct ot_api_page;
struct ot_api_wanted;
struct ot_crawler;
struct ot_crawler_request;

/* The requests that a pass begins with. */
enum ot_status ot_pages_begin(struct ot_crawler *crawler, struct ot_error *err);

/* What a request for a page asks for. */
void ot_pages_want(const struct ot_crawler *crawler,
                   const struct ot_crawler_request *request,
                   struct ot_api_wanted *wanted);

/* The answer to such a request, as ot_api_reader has it. Adds what is to be asked for by
 * now, contents included. */
enum ot_status ot_pages_take(struct ot_crawler *crawler,
                             const struct ot_crawler_request *request,
                             enum ot_status status, struct ot_api_page *page,
                             size_t bytes, struct ot_error *err);

#endif
