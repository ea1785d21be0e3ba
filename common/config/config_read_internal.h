/* What the configuration files say, before it is known what holds in the end. */
#ifndef OT_CONFIG_CONFIG_READ_INTERNAL_H
#define OT_CONFIG_CONFIG_READ_INTERNAL_H

#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/config_draft.h"
#include "config/config_value_internal.h"
#include "config/source.h"

/* One place where keys stand: the head of the files, or all sections of one name. */
struct ot_config_section {
    char *name;   /* NULL: the head */
    char *origin; /* "file:line" of the section; for the head, of what makes a source */
    char *value[OT_CONFIG_KEYS]; /* checked; NULL: not said */
    int value_file[OT_CONFIG_KEYS];
    int file; /* the last one that has this section */
};

struct ot_config_text {
    struct ot_config_section head, *section[OT_SOURCES_MAX];
    size_t count;
    struct ot_config_section *current;
    struct ot_source probe; /* values are tried on it, where their line is known */
    const struct ot_config_draft *draft; /* what a file would hold; may be NULL */
    char *retired; /* "file:line" of the first key that does nothing any more */
    const char *path;
    int file; /* 1, 2: the one that is being read */
};

/* Reads the files that count for this process into a text that is empty (zeroed) but for
 * its draft. */
enum ot_status ot_config_read(struct ot_config_text *text, struct ot_error *err);
void ot_config_text_clear(struct ot_config_text *text);

/* Adds a section; origin becomes its own, also on failure (NULL: out of memory). */
enum ot_status ot_config_add_section(struct ot_config_text *text, const char *name,
                                     char *origin, struct ot_error *err);
struct ot_config_section *ot_config_find_section(struct ot_config_text *text,
                                                 const char *name);

/* $xdg/rest, else $HOME/home/rest, in buf (PATH_MAX bytes); false: neither is known. */
bool ot_config_user_path(char *buf, const char *xdg, const char *home, const char *rest);

#define OT_CONFIG_SYSTEM_FILE ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"

#endif
