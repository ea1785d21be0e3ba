/* What whoever started the server chose for the organization. */
#ifndef OT_SERVER_SHARED_SETTINGS_H
#define OT_SERVER_SHARED_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct ot_settings {
    int64_t max_certificates;
    bool hosted_rules; /* an upload has to be what the hosted API takes */
    bool no_console;   /* nothing is at /console/ */
};

#endif
