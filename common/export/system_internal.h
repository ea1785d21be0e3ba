/* The machine's own trust anchors: files where the distribution looks for an admin's, and
 * its program that works them into what programs read. */
#ifndef OT_EXPORT_SYSTEM_INTERNAL_H
#define OT_EXPORT_SYSTEM_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

struct ot_anchors;
struct ot_system_store;

/* This system's; NULL, with the reason: it has none that is known. */
const struct ot_system_store *ot_system_store_find(struct ot_error *err);

/* Whether we gave the system anchors, or began to, by what lies in dir (.exports), and
 * for root by what outlives it. */
bool ot_system_is_marked(const char *dir);

/* Makes these the anchors that the system has from us. One file each, orgtrust-NAME.crt
 * or .pem; no other file is touched. What was begun and not finished is finished, also
 * when the files are right already. OT_E_NOT_FOUND: this system has no such place. */
enum ot_status ot_system_put(const char *dir, const struct ot_anchors *anchors,
                             bool *written, const volatile int *stop,
                             struct ot_error *err);
/* What was put there is written down: till then it counts as begun and not finished, so
 * that it is taken back whatever comes between. */
enum ot_status ot_system_finish(const char *dir, const struct ot_anchors *anchors,
                                struct ot_error *err);

/* Has the system's tool read its own list again. */
enum ot_status ot_system_update(const volatile int *stop, struct ot_error *err);

#endif
