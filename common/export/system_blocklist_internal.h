/* The blocklists of Fedora's and Arch's p11-kit: a directory of certificates, each of
 * which takes trust from all of its key. What is distrusted for servers has a file of
 * ours there; OT_SYSTEM_MARK_BLOCKLIST says that there may be some, and has a line while
 * the system's tool has not read them all. */
#ifndef OT_EXPORT_SYSTEM_BLOCKLIST_INTERNAL_H
#define OT_EXPORT_SYSTEM_BLOCKLIST_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

struct ot_distrust;

/* As ot_system_list_put and _done. A system without such a directory is left as it is. */
enum ot_status ot_system_blocklist_put(const char *dir, struct ot_distrust *distrust,
                                       bool *changed, struct ot_error *err);
enum ot_status ot_system_blocklist_done(const char *dir, struct ot_error *err);

#endif
