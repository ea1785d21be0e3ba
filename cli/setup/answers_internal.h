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

/* Asks only where there is a terminal, --yes is not given, and an option has not said it
 * already. ot_answers_clear after success and failure. */
enum ot_status ot_answers_gather(struct ot_answers *answers,
                                 const struct ot_options *options, struct ot_error *err);

/* The certificates that vouch for the API: PEM, taken over (malloc'd). */
void ot_answers_set_ca(struct ot_answers *answers, char *pem);

void ot_answers_clear(struct ot_answers *answers);

#endif
