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

/* What was held for less was not held because nothing changed, or somebody else began to
 * wait for the same before, at a relay. */
#define HELD_LEAST_MS (INT64_C(1000) * OT_WAIT_S / 2)

/* Less than -1, which is "it does not say": no question is repeated by itself, however
 * soon it may be. */
#define NO_RETRY_MS (-2)

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

/* Asks again and again, while it is held each time. Whoever waits behind a relay is
 * answered with those who were there before, once, and from then on is one of them. */
static enum ot_status wait_for_another(struct ot_api *api, const char *tag, char *moment)
{
    bool was_short = false;

    for (;;) {
        const int64_t began_ms = ot_clock_ms();
        bool is_over, is_short;
        enum ot_status status = ot_api_wait(api, tag, &is_over, moment);

        if (status != OT_OK || is_over)
            return status;
        is_short = ot_clock_ms() - began_ms < HELD_LEAST_MS;
        if (is_short && was_short)
            return OT_E_BUSY;
        was_short = is_short;
    }
}

enum ot_status ot_sync_wait(const struct ot_source *source, const volatile int *stop,
                            struct ot_call *call)
{
    struct ot_http_tuning tuning = ot_http_default_tuning;
    char tag[OT_MOMENT_TAG_MAX];
    struct ot_api *api = NULL;
    struct ot_key key = {0};
    enum ot_status status = read_known_tag(source, tag);

    *call = (struct ot_call){.retry_after_ms = -1};
    tuning.retries = 0;
    tuning.retry_after_max_ms = NO_RETRY_MS;
    tuning.deadline_ms = WAIT_DEADLINE_MS;
    tuning.poll_ms = WAIT_POLL_MS;
    if (status == OT_OK)
        status = ot_key_load(&key, source, NULL);
    if (status == OT_OK)
        status = ot_api_new(&api, source, &key, &tuning, NULL);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), stop);
        status = wait_for_another(api, tag, call->moment);
        if (status != OT_OK && status != OT_E_BUSY)
            call->retry_after_ms = ot_api_retry_after_ms(api);
    }
    ot_key_clear(&key);
    ot_api_free(api);
    return status;
}
