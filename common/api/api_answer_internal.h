/* What an HTTP answer means to somebody who called the API. */
#ifndef OT_API_API_ANSWER_INTERNAL_H
#define OT_API_API_ANSWER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_http;
struct ot_http_answer;
struct ot_http_tuning;
struct ot_key;
struct ot_source;

struct ot_api_checker {
    const struct ot_http *http;
    char *source; /* its name, for messages */
    char key_origin[256];
    bool has_key, has_client_cert;
    int64_t retry_after_max_ms;
    long last_status;       /* of the last answer that became an error, or 0 */
    int64_t retry_after_ms; /* that came with it, or -1 */
    bool takes_reports;     /* as a good answer said: one that a relay kept may not */
    bool takes_waits;       /* as the last good answer said */
    bool gives_contents;    /* the same */
    int64_t key_ends_at;    /* as the last good answer said, or 0 */
};

enum ot_status
ot_api_checker_init(struct ot_api_checker *checker, const struct ot_http *http,
                    const struct ot_source *source, const struct ot_key *key,
                    const struct ot_http_tuning *tuning, struct ot_error *err);
void ot_api_checker_clear(struct ot_api_checker *checker);

/* Before a call: nothing has gone wrong yet. */
void ot_api_checker_reset(struct ot_api_checker *checker);

/* OT_OK: an answer with JSON in it. Otherwise the status and the sentence, with the API's
 * own message, from which the key is struck out. */
enum ot_status ot_api_checker_check(struct ot_api_checker *checker,
                                    const struct ot_http_answer *answer,
                                    struct ot_error *err);

/* Whether it is the answer to a question after a page that has not changed. */
bool ot_api_checker_is_unchanged(struct ot_api_checker *checker,
                                 const struct ot_http_answer *answer);

/* The answer was taken for good and then could not be parsed: err says why. */
void ot_api_checker_blame(struct ot_api_checker *checker,
                          const struct ot_http_answer *answer, struct ot_error *err);

#endif
