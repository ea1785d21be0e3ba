/* Answers that depend on what is asked, and of the database on the organization's
 * revision alone. */
#ifndef OT_SERVER_HANDLE_REVISION_INTERNAL_H
#define OT_SERVER_HANDLE_REVISION_INTERNAL_H

#include <stdbool.h>

struct ot_context;

/* Gives the reply its tag, of a kind of answer, what (NULL: nothing) and the limit that
 * are asked for. false: whoever asks has that answer already, which the reply says. */
bool ot_revision_is_asked_anew(struct ot_context *context, const char *kind,
                               const char *what, unsigned limit);

#endif
