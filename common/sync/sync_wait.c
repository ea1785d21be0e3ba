#include "sync/sync_wait.h"

#include <string.h>

#include "api/api.h"
#include "api/api_wait.h"
#include "base/clock.h"
#include "cache/state.h"
#include "config/source.h"
#include "http/http.h"
#include "http/http_request.h"
#include "http/key.h"
#include "snapshot/snapshot.h"
#include "sync/sync_attempt_internal.h"

/* Each question has its own time; of all of them together there is no end. */
#define WAIT_DEADLINE_MS (INT64_C(1000) * 3600 * 24 * 365)

/* Whoever stops it does not wait for it; the machine is not to be woken for nothing. */
#define WAIT_POLL_MS 5000u

/* What was held for less was not held because nothing changed. */
#define HELD_LEAST_MS (INT64_C(1000) * OT_WAIT_S / 2)

bool ot_sync_may_wait(const struct ot_source *source)
{
    struct ot_state state;

    return source->wait && !ot_source_is_hosted(source) &&
           ot_state_of(&state, source, NULL) == OT_OK && state.takes_waits;
}

/* The tag of the listing that the snapshot was made of. */
static enum ot_status read_known_tag(const struct ot_source *source,
                                     char tag[OT_MOMENT_TAG_MAX])
{
    struct ot_attempt attempt = {.source = source};
    struct ot_snapshot *old = NULL;
    enum ot_status status = ot_attempt_init(&attempt, NULL);

    tag[0] = '\0';
    if (status == OT_OK)
        status = ot_attempt_open_old(&attempt, &old, NULL);
    if (status == OT_OK && old != NULL) {
        ot_attempt_read_earlier(&attempt, old);
        strcpy(tag, attempt.known.tag);
    }
    ot_snapshot_unref(old);
    ot_attempt_clear(&attempt);
    return status == OT_OK && tag[0] == '\0' ? OT_E_NO_SNAPSHOT : status;
}

/* Asks again and again, while it is held each time. */
static enum ot_status wait_for_another(struct ot_api *api, const char *tag)
{
    for (;;) {
        const int64_t began_ms = ot_clock_ms();
        bool is_over;
        enum ot_status status = ot_api_wait(api, tag, &is_over);

        if (status != OT_OK || is_over)
            return status;
        if (ot_clock_ms() - began_ms < HELD_LEAST_MS)
            return OT_E_BUSY;
    }
}

enum ot_status ot_sync_wait(const struct ot_source *source, const volatile int *stop)
{
    struct ot_http_tuning tuning = ot_http_default_tuning;
    char tag[OT_MOMENT_TAG_MAX];
    struct ot_api *api = NULL;
    struct ot_key key = {0};
    enum ot_status status = read_known_tag(source, tag);

    tuning.retries = 0;
    tuning.deadline_ms = WAIT_DEADLINE_MS;
    tuning.poll_ms = WAIT_POLL_MS;
    if (status == OT_OK)
        status = ot_key_load(&key, source, NULL);
    if (status == OT_OK)
        status = ot_api_new(&api, source, &key, &tuning, NULL);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), stop);
        status = wait_for_another(api, tag);
    }
    ot_key_clear(&key);
    ot_api_free(api);
    return status;
}
