/* Answers that were composed a moment ago, by their tags: whoever asks the same gets the
 * same bytes, as long as the tag is that of now. Who has tags that say all that an answer
 * depends on needs nothing else to be right. For a database that is another process: its
 * rows cost more than all the rest. Any thread. */
#ifndef OT_SERVER_MESSAGE_ANSWERS_H
#define OT_SERVER_MESSAGE_ANSWERS_H

#include <stdbool.h>

#include "base/error.h"
#include "message/buffer.h"

struct ot_answers;

enum ot_status ot_answers_new(struct ot_answers **out, struct ot_error *err);
void ot_answers_free(struct ot_answers *answers);

/* Appends the answer to body; false: it is not there, or answers is NULL. */
bool ot_answers_find(struct ot_answers *answers, const char *etag,
                     struct ot_buffer *body);

/* A copy, in the place of what was asked for longest ago among those it shares a set
 * with. Does nothing where answers is NULL, the answer is too long, or memory is short.
 */
void ot_answers_keep(struct ot_answers *answers, const char *etag,
                     const struct ot_buffer *body);

#endif
