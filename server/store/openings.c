#include "store/openings.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "shared/limits.h"
#include "store/cert.h"
#include "store/db.h"
#include "store/driver.h"
#include "store/key.h"

#define WAYS 4u
#define SETS (OT_OPENINGS_MAX / WAYS)

/* The revision, and that of keys and projects. */
struct stamp {
    unsigned char revision[OT_REVISION_LEN], access[OT_REVISION_LEN];
};

enum kept_kind { KEPT_NOTHING, KEPT_KEY, KEPT_CERT, KEPT_PROJECT };

/* A row, as of a stamp. */
struct kept_row {
    enum kept_kind kind;
    char id[OT_ID_MAX + 1];
    struct stamp stamp;
    uint64_t asked; /* when last, in the count of all */
    struct ot_key_row key;
    char role[16];
    unsigned char hash[OT_KEY_HASH_LEN];
    struct ot_cert_row cert;
    char *cert_name;
};

struct ot_openings {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    /* The question that is shared: how many were begun and answered, and the last
     * answer. */
    uint64_t begun, done;
    bool is_asking;
    struct stamp stamp;
    enum ot_status status;
    struct ot_error err;
    /* What was seen last, in full. */
    bool is_known;
    struct stamp known;
    int64_t next_end;
    uint64_t asked;
    struct kept_row rows[SETS][WAYS];
};

enum ot_status ot_openings_new(struct ot_openings **out, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    pthread_cond_init(&(*out)->answered, NULL);
    return OT_OK;
}

void ot_openings_free(struct ot_openings *openings)
{
    if (openings == NULL)
        return;
    for (size_t i = 0; i < SETS; i++)
        for (size_t j = 0; j < WAYS; j++)
            free(openings->rows[i][j].cert_name);
    pthread_cond_destroy(&openings->answered);
    pthread_mutex_destroy(&openings->lock);
    free(openings);
}

static struct kept_row *set_of_id(struct ot_openings *openings, enum kept_kind kind,
                                  const char *id)
{
    const uint64_t hash = ot_span_hash(ot_span_of(id, strlen(id)));

    return openings->rows[(hash + kind) % SETS];
}

static struct kept_row *find_kept_row(struct ot_openings *openings, enum kept_kind kind,
                                      const char *id)
{
    struct kept_row *set = set_of_id(openings, kind, id);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].kind == kind && strcmp(set[i].id, id) == 0)
            return &set[i];
    return NULL;
}

/* The place of a row that is to be kept: its own, or that of the one in its set which was
 * asked for longest ago. */
static struct kept_row *place_for(struct ot_openings *openings, enum kept_kind kind,
                                  const char *id)
{
    struct kept_row *row = find_kept_row(openings, kind, id);

    if (row == NULL) {
        struct kept_row *set = set_of_id(openings, kind, id);

        row = &set[0];
        for (size_t i = 1; i < WAYS; i++)
            if (set[i].asked < row->asked)
                row = &set[i];
    }
    free(row->cert_name);
    *row = (struct kept_row){
        .kind = kind, .stamp = openings->known, .asked = ++openings->asked};
    snprintf(row->id, sizeof(row->id), "%s", id);
    return row;
}

static void keep_key_row(struct ot_openings *openings, const struct ot_key_row *key)
{
    struct kept_row *row;

    if (key->hash == NULL || key->role == NULL || strlen(key->role) >= sizeof(row->role))
        return;
    row = place_for(openings, KEPT_KEY, key->id);
    row->key = *key;
    row->key.name = NULL; /* nobody asks for it here */
    snprintf(row->role, sizeof(row->role), "%s", key->role);
    memcpy(row->hash, key->hash, sizeof(row->hash));
    row->key.id = row->id;
    row->key.role = row->role;
    row->key.hash = row->hash;
}

static void keep_cert_row(struct ot_openings *openings, const struct ot_cert_row *cert)
{
    char *name = cert->name != NULL ? strdup(cert->name) : NULL;
    struct kept_row *row;

    if (cert->name != NULL && name == NULL)
        return;
    row = place_for(openings, KEPT_CERT, cert->id);
    row->cert = *cert;
    row->cert.id = row->id;
    row->cert.name = row->cert_name = name;
}

/* What a stranger asks for is nothing to keep. */
static void keep_opening(struct ot_openings *openings, const struct ot_question *question,
                         const struct ot_opening *opening)
{
    if (opening->key == NULL || opening->revision == NULL || opening->access == NULL)
        return;
    memcpy(openings->known.revision, opening->revision, OT_REVISION_LEN);
    memcpy(openings->known.access, opening->access, OT_REVISION_LEN);
    openings->next_end = opening->next_end;
    openings->is_known = true;
    keep_key_row(openings, opening->key);
    if (opening->cert != NULL)
        keep_cert_row(openings, opening->cert);
    if (opening->has_project)
        place_for(openings, KEPT_PROJECT, question->scope);
}

static bool is_of(const struct kept_row *row, const struct stamp *stamp)
{
    return row != NULL && memcmp(&row->stamp, stamp, sizeof(*stamp)) == 0;
}

/* Shows what is kept of all that is asked for, as of the stamp; false: it is not there.
 * seen NULL: only looks. */
static bool show_kept(struct ot_openings *openings, const struct ot_question *question,
                      const struct stamp *stamp, ot_opening_seen *seen, void *arg)
{
    const bool has_scope = question->scope[0] != '\0';
    struct kept_row *key, *cert = NULL, *project = NULL;

    if (!openings->is_known ||
        memcmp(&openings->known, stamp, sizeof(openings->known)) != 0)
        return false;
    key = find_kept_row(openings, KEPT_KEY, question->key_id);
    if (question->cert_id != NULL)
        cert = find_kept_row(openings, KEPT_CERT, question->cert_id);
    if (has_scope)
        project = find_kept_row(openings, KEPT_PROJECT, question->scope);
    if (!is_of(key, stamp) || (question->cert_id != NULL && !is_of(cert, stamp)) ||
        (has_scope && !is_of(project, stamp)))
        return false;
    key->asked = ++openings->asked;
    if (cert != NULL)
        cert->asked = openings->asked;
    if (seen != NULL)
        seen(arg, &(struct ot_opening){
                      .next_end = openings->next_end,
                      .has_project = project != NULL,
                      .revision = openings->known.revision,
                      .access = openings->known.access,
                      .key = &key->key,
                      .cert = cert != NULL ? &cert->cert : NULL,
                  });
    return true;
}

static void take_stamp(void *arg, const struct ot_row *row)
{
    const unsigned char *revision = ot_row_bytes(row, 0, OT_REVISION_LEN);
    const unsigned char *access = ot_row_bytes(row, 1, OT_REVISION_LEN);
    struct stamp *stamp = arg;

    *stamp = (struct stamp){{0}, {0}};
    if (revision == NULL || access == NULL)
        return; /* damaged: nothing is of that stamp, and what follows says so */
    memcpy(stamp->revision, revision, OT_REVISION_LEN);
    memcpy(stamp->access, access, OT_REVISION_LEN);
}

/* With the lock, which others have meanwhile. */
static void ask_for_all(struct ot_openings *openings, struct ot_db *db)
{
    struct stamp stamp = {{0}, {0}};
    const struct ot_query query = {.sql = OT_SQL_STAMP,
                                   .what = "begin a request",
                                   .seen = take_stamp,
                                   .arg = &stamp};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;

    openings->is_asking = true;
    openings->begun++;
    pthread_mutex_unlock(&openings->lock);
    status = ot_db_ask_one(db, &query, &err);
    pthread_mutex_lock(&openings->lock);
    openings->is_asking = false;
    openings->done = openings->begun;
    openings->stamp = stamp;
    /* Without a row it is damaged, which what follows says. */
    openings->status = status == OT_E_NOT_FOUND ? OT_OK : status;
    openings->err = err;
    pthread_cond_broadcast(&openings->answered);
}

/* With the lock: the answer to a question that begins after this. */
static enum ot_status ask_stamp(struct ot_openings *openings, struct ot_db *db,
                                struct stamp *stamp, struct ot_error *err)
{
    const uint64_t mine = openings->begun + 1;

    while (openings->done < mine) {
        if (openings->is_asking)
            pthread_cond_wait(&openings->answered, &openings->lock);
        else
            ask_for_all(openings, db);
    }
    *stamp = openings->stamp;
    if (openings->status != OT_OK)
        *err = openings->err;
    return openings->status;
}

/* An answer in full, on its way. */
struct full_sight {
    struct ot_openings *openings;
    const struct ot_question *question;
    ot_opening_seen *seen;
    void *arg;
};

static void keep_and_show(void *arg, const struct ot_opening *opening)
{
    const struct full_sight *sight = arg;

    pthread_mutex_lock(&sight->openings->lock);
    keep_opening(sight->openings, sight->question, opening);
    pthread_mutex_unlock(&sight->openings->lock);
    sight->seen(sight->arg, opening);
}

enum ot_status ot_openings_ask(struct ot_openings *openings, struct ot_db *db,
                               const struct ot_question *question, ot_opening_seen *seen,
                               void *arg, struct ot_error *err)
{
    struct full_sight sight = {openings, question, seen, arg};
    struct stamp stamp;
    enum ot_status status = OT_OK;
    bool is_shown = false;

    if (openings == NULL)
        return ot_db_opening(db, question, seen, arg, err);
    pthread_mutex_lock(&openings->lock);
    stamp = openings->known;
    if (show_kept(openings, question, &stamp, NULL, NULL)) {
        status = ask_stamp(openings, db, &stamp, err);
        is_shown = status == OT_OK && show_kept(openings, question, &stamp, seen, arg);
    }
    pthread_mutex_unlock(&openings->lock);
    if (status != OT_OK || is_shown)
        return status;
    return ot_db_opening(db, question, keep_and_show, &sight, err);
}

void ot_openings_forget(struct ot_openings *openings)
{
    if (openings == NULL)
        return;
    pthread_mutex_lock(&openings->lock);
    openings->is_known = false;
    pthread_mutex_unlock(&openings->lock);
}

void ot_openings_note_use(struct ot_openings *openings, const char *key_id, int64_t now)
{
    struct kept_row *row;

    if (openings == NULL)
        return;
    pthread_mutex_lock(&openings->lock);
    row = find_kept_row(openings, KEPT_KEY, key_id);
    if (row != NULL)
        row->key.last_used_at = now;
    pthread_mutex_unlock(&openings->lock);
}
