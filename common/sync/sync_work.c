#include "sync/sync_work_internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "sync/sync_content_internal.h"

/* Fewer are read sooner than threads are made. */
#define WORTH_THREADS 32
/* More than this many gain nothing: the network does not bring so much. */
#define THREADS_MAX 8
/* Waiting at most: keeps the threads busy, and little memory taken. What comes then is
 * checked by whoever brings it. */
#define QUEUE_LEN 128

struct job {
    struct ot_content *content;
    char *text;         /* owned; NULL: there is DER */
    struct ot_span der; /* borrowed */
};

struct ot_work {
    size_t put; /* so many contents so far, up to WORTH_THREADS */
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t filled; /* there is a job, or will be none */
    struct job queue[QUEUE_LEN];
    size_t first, waiting;
    bool is_closed;
    struct ot_content *checked; /* since ot_work_checked was asked last */
    struct ot_error failure;    /* the first */
};

/* The next job; false when there will be none. */
static bool take_job(struct ot_work *work, struct job *job)
{
    bool found;

    pthread_mutex_lock(&work->mutex);
    while (work->waiting == 0 && !work->is_closed)
        pthread_cond_wait(&work->filled, &work->mutex);
    found = work->waiting > 0;
    if (found) {
        *job = work->queue[work->first];
        work->first = (work->first + 1) % QUEUE_LEN;
        work->waiting--;
    }
    pthread_mutex_unlock(&work->mutex);
    return found;
}

static enum ot_status check_content(struct ot_work *work, const struct job *job,
                                    struct ot_error *err)
{
    struct ot_content *content = job->content;
    enum ot_status status = job->text != NULL
                                ? ot_content_accept(content, job->text, err)
                                : ot_content_accept_der(content, job->der, err);

    if (status != OT_OK)
        return status;
    pthread_mutex_lock(&work->mutex);
    content->next = work->checked;
    work->checked = content;
    pthread_mutex_unlock(&work->mutex);
    return OT_OK;
}

static void keep_failure(struct ot_work *work, const struct ot_error *err)
{
    pthread_mutex_lock(&work->mutex);
    if (work->failure.status == OT_OK)
        work->failure = *err;
    pthread_mutex_unlock(&work->mutex);
}

static void *work_on_jobs(void *arg)
{
    struct ot_work *work = arg;
    struct job job;

    while (take_job(work, &job)) {
        struct ot_error err = OT_ERROR_INIT;

        if (check_content(work, &job, &err) != OT_OK)
            keep_failure(work, &err);
        free(job.text);
    }
    return NULL;
}

/* Where none can be made, has_threads says so. */
static void start_threads(struct ot_work *work)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = processors < 1 ? 1 : (size_t)processors;
    sigset_t all, before;

    if (wanted > THREADS_MAX)
        wanted = THREADS_MAX;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    while (work->thread_count < wanted &&
           pthread_create(&work->threads[work->thread_count], NULL, work_on_jobs, work) ==
               0)
        work->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

enum ot_status ot_work_new(struct ot_work **out, struct ot_error *err)
{
    struct ot_work *work = calloc(1, sizeof(*work));

    *out = NULL;
    if (work == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&work->mutex, NULL);
    pthread_cond_init(&work->filled, NULL);
    *out = work;
    return OT_OK;
}

static enum ot_status failure_of(struct ot_work *work, struct ot_error *err)
{
    enum ot_status status;

    pthread_mutex_lock(&work->mutex);
    status = work->failure.status;
    if (status != OT_OK && err != NULL)
        *err = work->failure;
    pthread_mutex_unlock(&work->mutex);
    return status;
}

static bool has_threads(struct ot_work *work)
{
    if (work->put < WORTH_THREADS) {
        work->put++;
        if (work->put == WORTH_THREADS)
            start_threads(work);
    }
    return work->thread_count > 0;
}

/* Whether threads are there to check one more, which they may be behind with. */
static bool has_room(struct ot_work *work)
{
    bool has;

    if (!has_threads(work))
        return false;
    pthread_mutex_lock(&work->mutex);
    has = work->waiting < QUEUE_LEN;
    pthread_mutex_unlock(&work->mutex);
    if (!has)
        ot_work_wake(work);
    return has;
}

/* There is room, which only who asks for it fills. */
static enum ot_status enqueue_job(struct ot_work *work, const struct job *job,
                                  struct ot_error *err)
{
    pthread_mutex_lock(&work->mutex);
    work->queue[(work->first + work->waiting) % QUEUE_LEN] = *job;
    work->waiting++;
    pthread_mutex_unlock(&work->mutex);
    return failure_of(work, err);
}

enum ot_status ot_work_put(struct ot_work *work, struct ot_content *content,
                           const char *text, struct ot_error *err)
{
    struct job job = {.content = content};

    /* One that is too long to be read takes no time, and would take the queue's memory.
     */
    if (!has_room(work) || strlen(text) > OT_CERT_PEM_MAX) {
        job.text = (char *)(uintptr_t)text;
        return check_content(work, &job, err);
    }
    job.text = strdup(text);
    return job.text != NULL ? enqueue_job(work, &job, err) : ot_error_nomem(err);
}

enum ot_status ot_work_put_der(struct ot_work *work, struct ot_content *content,
                               struct ot_span der, struct ot_error *err)
{
    const struct job job = {.content = content, .der = der};

    return has_room(work) ? enqueue_job(work, &job, err) : check_content(work, &job, err);
}

void ot_work_wake(struct ot_work *work)
{
    pthread_cond_broadcast(&work->filled);
}

struct ot_content *ot_work_checked(struct ot_work *work)
{
    struct ot_content *checked;

    pthread_mutex_lock(&work->mutex);
    checked = work->checked;
    work->checked = NULL;
    pthread_mutex_unlock(&work->mutex);
    return checked;
}

/* Lets the threads end once the queue is empty. */
static void join_threads(struct ot_work *work)
{
    pthread_mutex_lock(&work->mutex);
    work->is_closed = true;
    pthread_cond_broadcast(&work->filled);
    pthread_mutex_unlock(&work->mutex);
    while (work->thread_count > 0)
        pthread_join(work->threads[--work->thread_count], NULL);
}

enum ot_status ot_work_finish(struct ot_work *work, struct ot_error *err)
{
    join_threads(work);
    return failure_of(work, err);
}

void ot_work_free(struct ot_work *work)
{
    if (work == NULL)
        return;
    pthread_mutex_lock(&work->mutex);
    while (work->waiting > 0) {
        free(work->queue[work->first].text);
        work->first = (work->first + 1) % QUEUE_LEN;
        work->waiting--;
    }
    pthread_mutex_unlock(&work->mutex);
    join_threads(work);
    pthread_cond_destroy(&work->filled);
    pthread_mutex_destroy(&work->mutex);
    free(work);
}
