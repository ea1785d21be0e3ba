/* The entity tag of a page, by which orgtrust-server says of which moment all of its
 * lists are (base/api_extension.h). */
#ifndef OT_API_MOMENT_TAG_H
#define OT_API_MOMENT_TAG_H

#include <stdbool.h>

#include "base/api_extension.h"

/* Whether value, an ETag header, is that of a page and of the whole list; the tag without
 * W/ into tag, else "". */
bool ot_moment_tag_parse(char tag[OT_MOMENT_TAG_MAX], const char *value);
/* Whether two such tags are of pages of one moment; none is of no moment. */
bool ot_moment_tag_is_same(const char *a, const char *b);

/* The digits of the moment of such a tag. */
void ot_moment_tag_digits(char digits[OT_MOMENT_MAX], const char *tag);

#endif
