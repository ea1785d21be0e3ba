/* The API's answers, from JSON into types that cannot hold a bad value. */
#ifndef OT_API_API_PARSE_INTERNAL_H
#define OT_API_API_PARSE_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api_cert;
struct ot_api_page;
struct ot_http_answer;

/* kind is the value that `object` must have: "organization.certificate", … */
enum ot_status ot_api_parse_page(struct ot_api_page *out, const char *kind,
                                 const char *text, size_t len, struct ot_error *err);
/* The answer to activate and deactivate: no cursor; kind is of the whole. */
enum ot_status ot_api_parse_toggled(struct ot_api_page *out, const char *kind,
                                    const char *text, size_t len, struct ot_error *err);
enum ot_status ot_api_parse_cert(struct ot_api_cert *out, const char *text, size_t len,
                                 struct ot_error *err);
/* A list of what ot_api_parse_cert takes, each with content. */
enum ot_status ot_api_parse_contents(struct ot_api_page *out, const char *text,
                                     size_t len, struct ot_error *err);
enum ot_status ot_api_parse_deleted(const char *id, const char *text, size_t len,
                                    struct ot_error *err);
/* The items of a list, whatever they are. */
struct ot_api_array {
    void *items; /* NULL: there are none */
    size_t count;
};
/* One of them into its zeroed place; path is what errors call it, "data[3]". */
typedef enum ot_status ot_api_parse_item(void *place, const cJSON *item, const char *path,
                                         const void *arg, struct ot_error *err);
/* A list that was answered, each item of which takes size bytes; has_more promises others
 * behind the last. *root has the texts of its items. On failure, too, the caller deletes
 * it and clears what is there: count has the one that failed. */
enum ot_status ot_api_parse_list(struct ot_api_array *out, size_t size, bool *has_more,
                                 cJSON **root, const struct ot_http_answer *answer,
                                 ot_api_parse_item *parse, struct ot_error *err);
/* The item's `id`, checked: it is about to become part of URLs. */
enum ot_status ot_api_parse_id(char id[OT_ID_MAX + 1], const cJSON *item,
                               const char *path, struct ot_error *err);

/* {error:{message,type,param,code}} ; false when the body is something else. */
bool ot_api_parse_error(char *message, size_t size, const char *text, size_t len);
/* Whether it is an error with this code. */
bool ot_api_parse_error_is(const char *text, size_t len, const char *code);

#endif
