/* Which of some words was meant by one that is none of them. */
#ifndef OT_BASE_NEAREST_H
#define OT_BASE_NEAREST_H

#include "base/error.h"

/* Of words, which end with NULL and have at most 32 letters each, the one that is name
 * but for a letter or two ('-' for '_', two letters in each other's place, capitals do
 * not count), or the only one that begins with it; NULL: name is like none. A name of
 * which a quarter would have to change is like none, so that a secret that stands where a
 * word belongs never passes for one. */
const char *ot_nearest(const char *name, const char *const *words);

/* OT_E_USAGE: there is no such command, stack, … (what) as name; which one of words may
 * be meant, and that `orgtrust HELP` lists them. */
enum ot_status ot_nearest_refuse(struct ot_error *err, const char *what, const char *name,
                                 const char *const *words, const char *help);

#endif
