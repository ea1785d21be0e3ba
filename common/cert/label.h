/* A label for every certificate: what a person sees in a token or a list. */
#ifndef OT_CERT_LABEL_H
#define OT_CERT_LABEL_H

#include <stddef.h>

#include "base/error.h"

struct ot_record;

/* One label a record: its name, else the subject's common name, else the id; escaped for
 * display; made unique by " (2)" and so on behind the later ones, oldest first, so that a
 * new certificate does not rename an old one. labels[i] is the caller's to free. */
enum ot_status ot_label_make(char **labels, const struct ot_record *records, size_t count,
                             struct ot_error *err);

#endif
