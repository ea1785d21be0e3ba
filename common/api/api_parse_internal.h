/* The API's answers, from JSON into types that cannot hold a bad value. */
#ifndef OT_API_API_PARSE_INTERNAL_H
#define OT_API_API_PARSE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_api_cert;
struct ot_api_page;

/* kind is the value that `object` must have: "organization.certificate", … */
enum ot_status ot_api_parse_page(struct ot_api_page *out, const char *kind,
                                 const char *text, size_t len, struct ot_error *err);
/* The answer to activate and deactivate: no cursor; kind is of the whole. */
enum ot_status ot_api_parse_toggled(struct ot_api_page *out, const char *kind,
                                    const char *text, size_t len, struct ot_error *err);
enum ot_status ot_api_parse_cert(struct ot_api_cert *out, const char *text, size_t len,
                                 struct ot_error *err);
enum ot_status ot_api_parse_deleted(const char *id, const char *text, size_t len,
                                    struct ot_error *err);
/* {error:{message,type,param,code}} ; false when the body is something else. */
bool ot_api_parse_error(char *message, size_t size, const char *text, size_t len);
/* Whether it is an error with this code. */
bool ot_api_parse_error_is(const char *text, size_t len, const char *code);

#endif
