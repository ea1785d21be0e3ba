/* Debian's list of the distribution's authorities, /etc/ca-certificates.conf, in which a
 * "!" before a name says no to it. What is distrusted gets one, by its name and key,
 * whichever file of the list it is in; a record of ours says which of them are ours, so
 * that they are taken back, and no other.
 *
 * The record (OT_SYSTEM_MARK_LIST) has a name on each line, and an empty line at the end
 * of what is not finished. A name is in it before the list has its "!", and until that is
 * gone. */
#ifndef OT_EXPORT_SYSTEM_LIST_INTERNAL_H
#define OT_EXPORT_SYSTEM_LIST_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

struct ot_distrust;

/* Makes the list say no to what is distrusted (NULL: nothing) and to nothing else of
 * ours; where some of that is not known (ot_distrust_is_known), what stands there stays.
 * A system without such a list is left as it is. dir is the configuration's (.exports).
 * The caller has the system's tool read
 * the list where *changed, and says so by ot_system_list_done. */
enum ot_status ot_system_list_put(const char *dir, struct ot_distrust *distrust,
                                  bool *changed, struct ot_error *err);
/* The tool has read it: the record is brought to what the list says. */
enum ot_status ot_system_list_done(const char *dir, struct ot_error *err);

#endif
