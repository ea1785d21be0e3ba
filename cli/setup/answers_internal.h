/* What setup is told: by options, else on the terminal, else by what is there. */
#ifndef OT_CLI_SETUP_ANSWERS_INTERNAL_H
#define OT_CLI_SETUP_ANSWERS_INTERNAL_H

#include "http/key.h"
#include "install/settings.h"

struct ot_options;

struct ot_answers {
    struct ot_settings settings; /* what they come to; points into what follows */
    char *base_url, *project, *ca;
    struct ot_key key;
};

/* In two parts, so that who answers at the URL is looked at before anybody types a key
 * for it: the URL and what options and environment say, then what is still to be asked.
 * Both ask only where there is a terminal, --yes is not given, and an option has not said
 * it already; an answer that cannot be right is said to be so, and asked again.
 * ot_answers_clear after success and failure. */
enum ot_status ot_answers_begin(struct ot_answers *answers,
                                const struct ot_options *options, struct ot_error *err);
enum ot_status ot_answers_complete(struct ot_answers *answers,
                                   const struct ot_options *options,
                                   struct ot_error *err);

/* The certificates that vouch for the API: PEM, taken over (malloc'd). */
void ot_answers_set_ca(struct ot_answers *answers, char *pem);

void ot_answers_clear(struct ot_answers *answers);

#endif
