/* The forms of names that go into URLs, paths and file names. */
#ifndef OT_CONFIG_IDENTIFIER_H
#define OT_CONFIG_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>

/* A certificate id is safe in URLs and paths: [A-Za-z0-9_-]+, at most OT_ID_MAX. */
bool ot_is_cert_id(const char *text, size_t len);

/* Whether what, as a person writes it, is the beginning of an id: at least
 * OT_ID_BEGIN_MIN characters of it, those of "cert_" not counted, which may be left out.
 */
#define OT_ID_PREFIX "cert_"
#define OT_ID_BEGIN_MIN 4
bool ot_begins_cert_id(const char *what, const char *id, size_t len);

/* A source's name: [A-Za-z0-9][A-Za-z0-9._-]*, at most OT_SOURCE_NAME_MAX. */
bool ot_is_source_name(const char *text, size_t len);

/* What a host is called in its reports: [A-Za-z0-9._-]+, at most OT_HOST_NAME_MAX. */
bool ot_is_host_name(const char *text, size_t len);

#endif
