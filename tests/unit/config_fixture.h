/* Configurations to be read, or refused, from files of a scratch directory. */
#ifndef OT_TESTS_CONFIG_FIXTURE_H
#define OT_TESTS_CONFIG_FIXTURE_H

#include "config/config.h"

/* No variable that the configuration reads, no file of the system's or the user's. */
void config_clean_environment(void);
void config_put_system_file(const char *text);

/* The text in the file that ORGTRUST_CONF names must do. The caller frees it. */
struct ot_config *config_load(const char *text);
/* The text is refused as configuration, with its line (0: none) and some words. */
void config_refuse(const char *text, unsigned line, const char *words);
void config_refuse_bytes(const char *text, size_t len, unsigned line, const char *words);

/* A source that must be there. */
const struct ot_source *config_find(const struct ot_config *config, const char *name);

#endif
