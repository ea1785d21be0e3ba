#include "message/answers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message/etag.h"
#include "shared/limits.h"

#define WAYS 4u
#define SETS (OT_ANSWERS_MAX / WAYS)

struct kept_answer {
    char etag[OT_ETAG_MAX]; /* "": none */
    char *data;
    size_t len;
    uint64_t asked; /* when last, in the count of all */
};

struct ot_answers {
    pthread_mutex_t lock;
    uint64_t asked;
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

void ot_answers_free(struct ot_answers *answers)
{
    if (answers == NULL)
        return;
    for (size_t i = 0; i < SETS; i++)
        for (size_t j = 0; j < WAYS; j++)
            free(answers->kept[i][j].data);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

/* A tag is a digest, behind its quotation mark. */
static struct kept_answer *set_of_tag(struct ot_answers *answers, const char *etag)
{
    uint32_t number = 0;

    memcpy(&number, etag + 1, sizeof(number));
    return answers->kept[number % 8191 % SETS];
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

bool ot_answers_find(struct ot_answers *answers, const char *etag, struct ot_buffer *body)
{
    struct kept_answer *kept;

    if (answers == NULL || *etag == '\0')
        return false;
    pthread_mutex_lock(&answers->lock);
    kept = find_answer(set_of_tag(answers, etag), etag);
    if (kept != NULL) {
        kept->asked = ++answers->asked;
        ot_buffer_append(body, kept->data, kept->len);
    }
    pthread_mutex_unlock(&answers->lock);
    return kept != NULL;
}

static void replace_kept(struct ot_answers *answers, const char *etag, char *data,
                         size_t len)
{
    struct kept_answer *set = set_of_tag(answers, etag);
    struct kept_answer *kept = find_answer(set, etag);

    if (kept == NULL)
        kept = oldest_kept(set);
    free(kept->data);
    *kept = (struct kept_answer){.data = data, .len = len, .asked = ++answers->asked};
    memcpy(kept->etag, etag, strlen(etag) + 1);
}

void ot_answers_keep(struct ot_answers *answers, const char *etag,
                     const struct ot_buffer *body)
{
    char *data;

    if (answers == NULL || *etag == '\0' || strlen(etag) >= OT_ETAG_MAX || body->failed ||
        body->len == 0 || body->len > OT_ANSWER_MAX)
        return;
    data = malloc(body->len);
    if (data == NULL)
        return;
    memcpy(data, body->data, body->len);
    pthread_mutex_lock(&answers->lock);
    replace_kept(answers, etag, data, body->len);
    pthread_mutex_unlock(&answers->lock);
}
