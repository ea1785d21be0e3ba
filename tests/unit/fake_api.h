/* The certificates API behind peer.h, from an organization in memory with one project,
 * "proj_a". It takes reads and writes; a hook has reads misbehave. Threads of its own
 * serve it; every function here may be called at any time. */
#ifndef OT_TESTS_FAKE_API_H
#define OT_TESTS_FAKE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_api;

struct fake_request {
    bool is_list; /* else it is for one certificate */
    char
        id[256]; /* of that; for a list what it is to come after, "" for the first page */
    size_t nth;  /* of its kind, from 0, since the hook was set */
    char after[128]; /* what If-None-Match says, or "" */
};

/* What will be sent, for the hook to change. */
struct fake_answer {
    int status;
    char *body;          /* malloc'ed JSON */
    const char *headers; /* further lines, each with CRLF; NULL: none */
    bool drop;           /* close the connection instead */
};

/* Called with the right answer to a read, one at a time, in the order of their arrival.
 */
typedef void fake_hook(void *arg, struct fake_api *api,
                       const struct fake_request *request, struct fake_answer *answer);

struct fake_api *fake_api_start(void); /* aborts where there is no loopback */
void fake_api_stop(struct fake_api *api);
const char *fake_api_url(const struct fake_api *api);

/* Sets the hook (NULL: none) and begins to count anew. */
void fake_api_on(struct fake_api *api, fake_hook *hook, void *arg);
size_t fake_api_lists(struct fake_api *api);
size_t fake_api_gets(struct fake_api *api);
/* All requests since the start. */
size_t fake_api_requests(struct fake_api *api);

/* The nth write from now on, from 1, fails: status 0 breaks off its answer; late: it is
 * carried out all the same. */
void fake_api_fail_write(struct fake_api *api, unsigned nth, int status, bool late);
/* A word a write: "upload activate:10 delete". Until the next call. */
const char *fake_api_writes(struct fake_api *api);

/* Waits until no request is being answered: a process that forks then copies no memory of
 * the API's threads that only they could free. */
void fake_api_settle(struct fake_api *api);

/* The organization, in the order of adding. Dates come from the content where it is a
 * certificate. content NULL: null. Also from inside a hook. */
void fake_api_add(struct fake_api *api, const char *id, const char *name,
                  const char *content, bool active);
void fake_api_set(struct fake_api *api, const char *id, const char *name, bool active);
void fake_api_set_dates(struct fake_api *api, const char *id, int64_t valid_at,
                        int64_t expires_at);
void fake_api_set_created_at(struct fake_api *api, const char *id, int64_t created_at);
void fake_api_set_content(struct fake_api *api, const char *id, const char *content);
void fake_api_set_in_project(struct fake_api *api, const char *id, bool active);
void fake_api_remove(struct fake_api *api, const char *id);
size_t fake_api_count(struct fake_api *api);
/* As "name*": "*" where it is active in the organization; "-": no such certificate. Until
 * the next call. */
const char *fake_api_shown(struct fake_api *api, const char *id);

/* Makes the answer an error of the API. */
void fake_answer_error(struct fake_answer *answer, int status, const char *message);

#endif
