#include "message/answers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message/buffer.h"
#include "message/etag.h"
#include "message/reply.h"
#include "shared/limits.h"

#define WAYS 4u
#define SETS (OT_ANSWERS_MAX / WAYS)

struct kept_answer {
    char etag[OT_ETAG_MAX]; /* "": none */
    struct ot_bytes *body;
    uint64_t asked; /* when last, in the count of all */
};

struct ot_answers {
    pthread_mutex_t lock;
    uint64_t asked;
    size_t len;    /* of all bodies */
    size_t victim; /* whose turn it is where they are too long together */
    struct kept_answer kept[SETS][WAYS];
};

enum ot_status ot_answers_new(struct ot_answers **out, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    return OT_OK;
}

static void forget_kept(struct ot_answers *answers, struct kept_answer *kept)
{
    if (kept->body == NULL)
        return;
    answers->len -= ot_bytes_len(kept->body);
    ot_bytes_unref(kept->body);
    *kept = (struct kept_answer){.body = NULL};
}

void ot_answers_free(struct ot_answers *answers)
{
    if (answers == NULL)
        return;
    for (size_t i = 0; i < OT_ANSWERS_MAX; i++)
        forget_kept(answers, &answers->kept[i / WAYS][i % WAYS]);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

/* A tag ends with a digest and a quotation mark. */
static struct kept_answer *set_of_tag(struct ot_answers *answers, const char *etag)
{
    uint64_t number = 0;

    memcpy(&number, etag + strlen(etag) - 1 - sizeof(number), sizeof(number));
    return answers->kept[number % 65521 % SETS];
}

static struct kept_answer *find_answer(struct kept_answer *set, const char *etag)
{
    for (size_t i = 0; i < WAYS; i++)
        if (strcmp(set[i].etag, etag) == 0)
            return &set[i];
    return NULL;
}

static struct kept_answer *oldest_kept(struct kept_answer *set)
{
    struct kept_answer *oldest = &set[0];

    for (size_t i = 1; i < WAYS; i++)
        if (set[i].asked < oldest->asked)
            oldest = &set[i];
    return oldest;
}

bool ot_answers_find(struct ot_answers *answers, struct ot_reply *reply)
{
    struct kept_answer *kept;

    if (answers == NULL || reply->etag[0] == '\0')
        return false;
    pthread_mutex_lock(&answers->lock);
    kept = find_answer(set_of_tag(answers, reply->etag), reply->etag);
    if (kept != NULL) {
        kept->asked = ++answers->asked;
        reply->kept = ot_bytes_ref(kept->body);
    }
    pthread_mutex_unlock(&answers->lock);
    return kept != NULL;
}

/* Takes one share of the body. */
static void replace_kept(struct ot_answers *answers, const char *etag,
                         struct ot_bytes *body)
{
    struct kept_answer *set = set_of_tag(answers, etag);
    struct kept_answer *kept = find_answer(set, etag);

    if (kept == NULL)
        kept = oldest_kept(set);
    forget_kept(answers, kept);
    for (; answers->len + ot_bytes_len(body) > OT_ANSWERS_LEN; answers->victim++)
        forget_kept(
            answers,
            &answers->kept[answers->victim / WAYS % SETS][answers->victim % WAYS]);
    *kept = (struct kept_answer){.body = body, .asked = ++answers->asked};
    memcpy(kept->etag, etag, strlen(etag) + 1);
    answers->len += ot_bytes_len(body);
}

void ot_answers_keep(struct ot_answers *answers, struct ot_reply *reply)
{
    if (answers == NULL || reply->etag[0] == '\0' || reply->body.failed ||
        reply->body.len == 0 || reply->body.len > OT_ANSWER_MAX)
        return;
    reply->kept = ot_buffer_share(&reply->body);
    if (reply->kept == NULL)
        return;
    pthread_mutex_lock(&answers->lock);
    replace_kept(answers, reply->etag, ot_bytes_ref(reply->kept));
    pthread_mutex_unlock(&answers->lock);
}
