#include "notify/notify.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/limits.h"
#include "cache/state.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files/file.h"
#include "files/file_lock.h"
#include "http/http.h"
#include "http/http_request.h"
#include "http/key.h"
#include "memory/memory.h"
#include "notify/message_internal.h"
#include "notify/progress_internal.h"

struct delivery {
    const struct ot_source *source;
    const volatile int *stop;
    struct ot_memory memory;
    struct ot_notify_progress progress;
    struct ot_key secret;
    char *body;
    char signature[OT_NOTIFY_SIGNATURE_MAX];
};

enum ot_status ot_notify_state(struct ot_state *state, const struct ot_source *source,
                               struct ot_error *err)
{
    char path[PATH_MAX];
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_NOTIFY_STATE, err);

    *state = (struct ot_state){0};
    return status == OT_OK ? ot_state_read(state, path, err) : status;
}

/* A failure to write down how it went is swallowed: it must not hide what it is about. */
static void write_notify_state(const struct ot_source *source,
                               const struct ot_state *state)
{
    char path[PATH_MAX];

    if (ot_source_path(path, source, OT_SOURCE_NOTIFY_STATE, NULL) != OT_OK)
        return;
    if (state->failures > 0)
        ot_state_write(path, state, NULL);
    else
        ot_file_remove(path, NULL);
}

bool ot_notify_is_due(const struct ot_source *source)
{
    struct ot_notify_progress progress;
    struct ot_memory head;

    if (source->notify_url == NULL || !ot_memory_read_head(&head, source) ||
        ot_notify_progress_read(&progress, source, NULL) != OT_OK)
        return false;
    return !progress.is_there || progress.id[0] != '\0' ||
           progress.from.number != head.next.number;
}

enum ot_status ot_notify_lock(int *fd, const struct ot_source *source,
                              struct ot_error *err)
{
    char path[PATH_MAX];
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_NOTIFY_LOCK, err);
    bool waited;

    *fd = -1;
    if (status == OT_OK)
        status = ot_file_lock_take(fd, path, 0, &waited, err);
    if (status == OT_E_BUSY)
        ot_error_set(err, OT_E_BUSY,
                     "source '%s': another process delivers to notify_url; orgtrust "
                     "status tells how that goes",
                     source->name);
    return status;
}

/* Seconds after so many failures in a row; at random up to half as long again, for a
 * whole fleet may have found the receiver away at once. */
static int64_t notify_backoff(unsigned failures)
{
    int64_t wait = OT_NOTIFY_RETRY_FIRST_S;
    uint8_t random = 0;

    for (unsigned i = 1; i < failures && wait < OT_NOTIFY_RETRY_LONGEST_S; i++)
        wait *= 2;
    if (wait > OT_NOTIFY_RETRY_LONGEST_S)
        wait = OT_NOTIFY_RETRY_LONGEST_S;
    RAND_bytes(&random, sizeof(random)); /* without, all come back at once */
    return wait + wait * random / 512;
}

static enum ot_status make_notify_id(char id[OT_NOTIFY_ID_MAX], struct ot_error *err)
{
    uint8_t random[16];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return ot_error_set(err, OT_E_INTERNAL, "there are no random numbers");
    strcpy(id, "ntf_");
    ot_hex_write(id + 4, random, sizeof(random));
    return OT_OK;
}

/* What is to be delivered next, from before the first attempt on the disk; none: id "".
 */
static enum ot_status choose_batch(struct delivery *delivery, struct ot_error *err)
{
    struct ot_notify_progress *progress = &delivery->progress;
    const struct ot_memory *memory = &delivery->memory;
    int64_t now = (int64_t)time(NULL);
    bool is_there = progress->is_there;
    struct ot_mark from = progress->from;
    enum ot_status status = OT_OK;

    if (progress->id[0] != '\0')
        return OT_OK;
    progress->from = ot_memory_resume(memory, is_there ? &from : NULL, now);
    progress->is_there = true;
    if (progress->from.number != memory->next.number) {
        progress->to = memory->next;
        progress->began_at = now;
        status = make_notify_id(progress->id, err);
    } else if (is_there && from.number == progress->from.number) {
        return OT_OK;
    }
    return status == OT_OK ? ot_notify_progress_write(progress, delivery->source, err)
                           : status;
}

/* It was delivered, or is given up. */
static enum ot_status end_batch(struct delivery *delivery, struct ot_error *err)
{
    struct ot_notify_progress ended = delivery->progress;

    ended.from = ended.to;
    ended.id[0] = '\0';
    return ot_notify_progress_write(&ended, delivery->source, err);
}

static enum ot_status fill_notification(void *arg, size_t i,
                                        struct ot_http_request *request,
                                        struct ot_error *err)
{
    struct delivery *delivery = arg;

    (void)i;
    *request = (struct ot_http_request){
        .method = OT_HTTP_POST,
        .path = "",
        .body = delivery->body,
        .max_bytes = OT_NOTIFY_ANSWER_BYTES_MAX,
        .header = delivery->signature,
    };
    return ot_notify_sign(delivery->signature, &delivery->secret, (int64_t)time(NULL),
                          delivery->body, err);
}

static enum ot_status check_answer(void *arg, size_t i,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    (void)arg;
    (void)i;
    if (answer->failure != OT_OK) {
        if (err != NULL)
            *err = answer->error;
        return answer->failure;
    }
    if (answer->status >= 200 && answer->status < 300)
        return OT_OK;
    return ot_error_set(err, answer->status >= 500 ? OT_E_SERVER : OT_E_REFUSED,
                        "the receiver answered with status %ld", answer->status);
}

/* To where notify_url points, verified as the source's API is, and by no key of it. */
static enum ot_status post_notification(struct delivery *delivery, struct ot_error *err)
{
    static const struct ot_http_tuning tuning = {
        .deadline_ms = OT_NOTIFY_ANSWER_MS, .in_flight = 1, .connections = 1};
    struct ot_source receiver = *delivery->source;
    struct ot_http *http = NULL;
    enum ot_status status;

    receiver.base_url = delivery->source->notify_url;
    receiver.base_url_origin = OT_URL_CONFIGURED;
    receiver.client_cert = receiver.client_key = NULL;
    receiver.openai_organization = receiver.openai_project = NULL;
    status = ot_http_new(&http, &receiver, NULL, &tuning, err);
    if (status == OT_OK) {
        ot_http_set_stop(http, delivery->stop);
        status = ot_http_run(http, 1, fill_notification, check_answer, delivery, err);
    }
    ot_http_free(http);
    return status;
}

static enum ot_status send_batch(struct delivery *delivery, struct ot_error *err)
{
    const struct ot_notify_progress *progress = &delivery->progress;
    enum ot_status status;

    if (delivery->source->notify_secret_file == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "what is sent is signed: name a file with a secret as "
                            "notify_secret_file of the source %s",
                            delivery->source->name);
    delivery->body = ot_notify_body(progress->id, delivery->source->name,
                                    &delivery->memory, &progress->from, &progress->to);
    if (delivery->body == NULL)
        return ot_error_nomem(err);
    status = ot_key_load_notify_secret(&delivery->secret, delivery->source, err);
    return status == OT_OK ? post_notification(delivery, err) : status;
}

/* One more failure; after a day of them the last. */
static void record_notify_failure(struct delivery *delivery,
                                  struct ot_notify_result *result, struct ot_state *state,
                                  struct ot_error *why)
{
    const struct ot_notify_progress *progress = &delivery->progress;
    int64_t now = (int64_t)time(NULL);

    if (state->failures < INT32_MAX)
        state->failures++;
    state->attempt_at = now;
    state->retry_at = now + notify_backoff(state->failures);
    if (now - progress->began_at > OT_NOTIFY_GIVE_UP_S) {
        ot_error_prefix(why,
                        "%" PRIu64 " changes were not delivered within a day and "
                        "are given up",
                        ot_mark_count(&progress->from, &progress->to, OT_SIGN_COUNT));
        end_batch(delivery, NULL);
    }
    state->last = *why;
    write_notify_state(delivery->source, state);
    result->is_waiting = ot_notify_is_due(delivery->source);
    result->retry_at = state->retry_at;
}

static enum ot_status deliver_batch(struct delivery *delivery,
                                    struct ot_notify_result *result, struct ot_error *err)
{
    const struct ot_notify_progress *progress = &delivery->progress;
    const struct ot_state clean = {.failures = 0};
    struct ot_state state;
    enum ot_status status;

    ot_notify_state(&state, delivery->source, NULL);
    status = send_batch(delivery, err);
    if (status == OT_OK) {
        /* First: who looks in between sees a delivery that has not failed. */
        if (state.failures > 0)
            write_notify_state(delivery->source, &clean);
        status = end_batch(delivery, err);
    }
    if (status == OT_OK) {
        result->delivered = ot_mark_count(&progress->from, &progress->to, OT_SIGN_COUNT);
        result->is_waiting = ot_notify_is_due(delivery->source);
        return OT_OK;
    }
    ot_error_prefix(err, "source '%s': notify_url", delivery->source->name);
    /* Also what cannot be written down is repeated after a while, and not at once. */
    if (status != OT_E_INTERRUPTED)
        record_notify_failure(delivery, result, &state, err);
    return status;
}

enum ot_status ot_notify_deliver(struct ot_notify_result *result,
                                 const struct ot_source *source, const volatile int *stop,
                                 struct ot_error *err)
{
    struct delivery delivery = {.source = source, .stop = stop};
    enum ot_status status = ot_memory_read(&delivery.memory, source, err);

    *result = (struct ot_notify_result){.delivered = 0};
    if (status == OT_OK)
        status = ot_notify_progress_read(&delivery.progress, source, err);
    if (status == OT_OK && delivery.memory.is_there)
        status = choose_batch(&delivery, err);
    if (status == OT_OK && delivery.progress.id[0] != '\0')
        status = deliver_batch(&delivery, result, err);
    ot_memory_clear(&delivery.memory);
    ot_key_clear(&delivery.secret);
    free(delivery.body);
    return status;
}
