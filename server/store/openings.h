/* What requests ask first (opening.h), kept while it stays as it is, for a database that
 * is another process. There the question costs more than all the rest of a request; what
 * is asked in its place is whether anything has changed since, by a statement that reads
 * one row and that all requests share which wait at that moment.
 *
 * An answer is as of a moment behind the beginning of its request, as if each had asked
 * for itself: what was confirmed before, by whichever server, is seen. Any thread. */
#ifndef OT_SERVER_STORE_OPENINGS_H
#define OT_SERVER_STORE_OPENINGS_H

#include <stdint.h>

#include "base/error.h"
#include "store/opening.h"

struct ot_openings;

enum ot_status ot_openings_new(struct ot_openings **out, struct ot_error *err);
void ot_openings_free(struct ot_openings *openings); /* NULL: does nothing */

/* As ot_db_opening, which it is where openings is NULL. seen does not call any of these.
 */
enum ot_status ot_openings_ask(struct ot_openings *openings, struct ot_db *db,
                               const struct ot_question *question, ot_opening_seen *seen,
                               void *arg, struct ot_error *err);

/* Something was changed from here: the next one asks in full, and not first whether. */
void ot_openings_forget(struct ot_openings *openings);

/* The use of a key was noted at Unix time now, which is no change. */
void ot_openings_note_use(struct ot_openings *openings, const char *key_id, int64_t now);

#endif
