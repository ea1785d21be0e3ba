/* Debian's update-ca-certificates makes a link to each anchor in /etc/ssl/certs. Of one
 * whose file is gone it notices nothing: the link and its hash stay, pointing nowhere,
 * and its hooks (Java's store) are not told. What it does notice is a line "!NAME" in its
 * list; so it is given a list of its own for that one run. */
#ifndef OT_EXPORT_SYSTEM_LINKS_H
#define OT_EXPORT_SYSTEM_LINKS_H

#include <stdbool.h>

#include "base/error.h"

struct ot_anchors;

/* Whether a file with a name of ours is an anchor's. */
bool ot_system_is_wanted(const char *name, const struct ot_anchors *anchors);

/* The list for the run, in dir; its path into conf (PATH_MAX bytes). *made false: the
 * system's own will do. The caller removes it. */
enum ot_status ot_system_links_conf(char *conf, bool *made, const char *dir,
                                    const struct ot_anchors *anchors,
                                    struct ot_error *err);

/* Of an authority of the distribution's list, by its file and by the name in the list:
 * its link gets the name by which the tool takes away the link of what the list says no
 * to. That is another one where the name has a blank, a bracket or a comma: the tool
 * would leave the link, and who reads the directory would go on trusting it. *changed
 * becomes true where there was such a link. */
enum ot_status ot_system_links_give_up(const char *file, bool *changed,
                                       struct ot_error *err);

/* Whether /etc/ssl/certs has these anchors of ours and no other. */
enum ot_status ot_system_links_check(const struct ot_anchors *anchors,
                                     struct ot_error *err);

#endif
