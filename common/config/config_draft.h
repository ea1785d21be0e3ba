/* For who writes the configuration: which file, and what it would mean. */
#ifndef OT_CONFIG_CONFIG_DRAFT_H
#define OT_CONFIG_CONFIG_DRAFT_H

#include <stddef.h>

#include "base/error.h"

/* As if the file at path, one of those that count, held this text. */
struct ot_config_draft {
    const char *path, *text;
    size_t len;
};

/* The file that this user would write, into buf (PATH_MAX bytes): the one that
 * ORGTRUST_CONF names, root's for the machine, or the user's. OT_E_CONFIG: it cannot be
 * told. */
enum ot_status ot_config_own_path(char *buf, struct ot_error *err);

#endif
