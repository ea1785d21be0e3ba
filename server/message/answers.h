/* Answers that were composed a moment ago, by their tags: whoever asks the same gets the
 * same bytes, as long as the tag is that of now. Who has tags that say all that an answer
 * depends on needs nothing else to be right, whoever changes the database. Any thread. */
#ifndef OT_SERVER_MESSAGE_ANSWERS_H
#define OT_SERVER_MESSAGE_ANSWERS_H

#include <stdbool.h>

#include "base/error.h"

struct ot_reply;

struct ot_answers;

enum ot_status ot_answers_new(struct ot_answers **out, struct ot_error *err);
void ot_answers_free(struct ot_answers *answers);

/* Gives reply the bytes that are kept under its tag; false: there are none, or answers is
 * NULL. */
bool ot_answers_find(struct ot_answers *answers, struct ot_reply *reply);

/* Keeps what reply says under its tag, in the place of what was asked for longest ago
 * among those it shares a set with. Does nothing where answers is NULL, the answer is too
 * long, or memory is short. */
void ot_answers_keep(struct ot_answers *answers, struct ot_reply *reply);

#endif
