/* The authorities that the distribution or the administrator put into the machine's own
 * store: what of its bundle is there also without orgtrust. */
#ifndef OT_MACHINE_SYSTEM_THEIRS_H
#define OT_MACHINE_SYSTEM_THEIRS_H

#include "machine/system_store.h"

/* Adds them, and sorts. What the administrator took out of the distribution's is none of
 * them; nor is what cannot be read. */
enum ot_status ot_system_theirs(struct ot_ca_marks *marks, struct ot_error *err);

#endif
