/* The hosts that have reported themselves (report.h), by name. */
#ifndef OT_API_HOSTS_H
#define OT_API_HOSTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api;

struct ot_api_host {
    char name[OT_HOST_NAME_MAX + 1];
    const char *version;  /* of its orgtrust, in item */
    int64_t last_seen;    /* Unix seconds */
    int64_t behind_since; /* likewise; 0: it has what is active now */
    size_t stacks, wired; /* that are on it, and how many of them are wired */
    const cJSON *item;    /* as the API has it (docs/server.md) */
};

struct ot_api_hosts {
    struct ot_api_host *items;
    size_t count;
    bool has_more; /* there are others behind the last one's name */
    cJSON *root;
};

/* One page of all hosts, or of those that are behind; after "": the first. */
enum ot_status ot_api_list_hosts(struct ot_api *api, bool behind, const char *after,
                                 struct ot_api_hosts *out, struct ot_error *err);
void ot_api_hosts_clear(struct ot_api_hosts *hosts);

#endif
