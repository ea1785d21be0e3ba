/* Strong entity tags (RFC 9110 §8.8.3): a digest over what a representation depends on,
 * not over its bytes, so that "unchanged" is known before anything is read. */
#ifndef OT_SERVER_MESSAGE_ETAG_H
#define OT_SERVER_MESSAGE_ETAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/api_extension.h"

#define OT_ETAG_MAX OT_MOMENT_TAG_MAX /* of a page of certificates, the longest */

/* Sets etag to the digest of the parts, each of which counts with its length. On failure
 * it is "", that is: none. */
struct ot_etag_part {
    const void *data;
    size_t len;
};
void ot_etag_make(char etag[OT_ETAG_MAX], const struct ot_etag_part *parts, size_t count);
/* The same of a page of certificates, as api_extension.h has it: the first part is what
 * all of them depend on. */
void ot_etag_make_page(char etag[OT_ETAG_MAX], const struct ot_etag_part *parts,
                       size_t count);

/* Whether a page's tag is of the moment with these OT_MOMENT_TAG_DIGITS digits. */
bool ot_etag_is_of_moment(const char *etag, const char *digits);
/* Whether two pages' tags are of one moment. */
bool ot_etag_is_of_same_moment(const char *etag, const char *other);

/* Whether an If-None-Match header (NULL: there is none) names the tag, or is "*". Weak
 * comparison, as §13.1.2 asks. */
bool ot_etag_matches(const char *etag, const char *if_none_match);

#endif
