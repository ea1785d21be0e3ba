/* Which key of the configuration was meant by a word that is none. */
#ifndef OT_CONFIG_KEY_NEAREST_INTERNAL_H
#define OT_CONFIG_KEY_NEAREST_INTERNAL_H

/* The key that is name but for a letter or two ('-' for '_', capitals do not count), or
 * the only one that begins with it; NULL: name is like none. A name of which a quarter
 * would have to change is like none, so that a secret that stands where a key belongs
 * never passes for one. */
const char *ot_config_key_nearest(const char *name);

#endif
