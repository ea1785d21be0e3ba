/* Which of some words was meant by one that is none of them. */
#ifndef OT_BASE_NEAREST_H
#define OT_BASE_NEAREST_H

/* Of words, which end with NULL and have at most 32 letters each, the one that is name
 * but for a letter or two ('-' for '_', two letters in each other's place, capitals do
 * not count), or the only one that begins with it; NULL: name is like none. A name of
 * which a quarter would have to change is like none, so that a secret that stands where a
 * word belongs never passes for one. */
const char *ot_nearest(const char *name, const char *const *words);

#endif
