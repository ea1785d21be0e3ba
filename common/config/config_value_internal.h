/* The keys of the configuration: what each may hold and which field it fills. */
#ifndef OT_CONFIG_CONFIG_VALUE_INTERNAL_H
#define OT_CONFIG_CONFIG_VALUE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_source;

/* The number of keys, and the number of a key, or OT_CONFIG_KEYS for none of ours. */
#define OT_CONFIG_KEYS 36
size_t ot_config_key_by_name(const char *name);
const char *ot_config_key_name(size_t key);

/* Checks a value and puts it into its field of source, in place of what was there. On
 * failure source is unchanged, and the sentence, OT_E_CONFIG or OT_E_NOMEM, names the key
 * and what it may hold, but never the value: somebody may have put a secret there. */
enum ot_status ot_config_set(struct ot_source *source, size_t key, const char *value,
                             struct ot_error *err);

enum ot_config_url {
    OT_CONFIG_URL_API,      /* https, or http to a loopback address; a path */
    OT_CONFIG_URL_RECEIVER, /* the same */
    OT_CONFIG_URL_PROXY     /* http, https, socks5 or socks5h; no path */
};

/* The URL in its one form (scheme and host in lower case, no slash at the end), in memory
 * that the caller frees. NULL and *why: what it must be; NULL without: out of memory. */
char *ot_config_url(enum ot_config_url kind, const char *text, const char **why);

#endif
