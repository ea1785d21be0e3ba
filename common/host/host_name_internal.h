/* What this host is called where it reports itself. */
#ifndef OT_HOST_HOST_NAME_INTERNAL_H
#define OT_HOST_HOST_NAME_INTERNAL_H

#include <stdbool.h>

#include "base/limits.h"

#define OT_MACHINE_ID_FILE "/etc/machine-id"

/* 32 hexadecimal digits that are the same at each start of the machine whose id is in the
 * file at path, and do not give that id away: it may be secret (machine-id(5)). They are
 * what sd_id128_get_machine_app_specific(3) makes for an application's id of our own,
 * HMAC-SHA256 of that by the machine's. false: the machine has no id. */
bool ot_host_name_make(char name[OT_HOST_NAME_MAX + 1], const char *path);

#endif
