/* What confines this process, as far as reading /proc tells: nothing but open, read and
 * close is called, which reading a snapshot needs as well; errno stays. */
#ifndef OT_BASE_CONFINEMENT_H
#define OT_BASE_CONFINEMENT_H

#include <stdbool.h>

#include "base/error.h"

/* Whether this process may make system calls that reading a snapshot does not need.
 * OT_E_USAGE: one might end it, for seccomp(2) has a filter on this thread that its
 * container does not put on every process. OT_E_IO: that cannot be told. */
enum ot_status ot_confinement_check(struct ot_error *err);

/* Whether packets can leave: the network namespace of this thread has a route by another
 * device than the loopback one. True where that cannot be told. */
bool ot_confinement_has_route(void);

#endif
