/* Where in the configuration's text the settings of the source `default` go. */
#ifndef OT_CLI_INSTALL_SETTINGS_TEXT_INTERNAL_H
#define OT_CLI_INSTALL_SETTINGS_TEXT_INTERNAL_H

#include "install/file_state_internal.h"

/* In this order they are written. */
enum ot_setting {
    OT_SETTING_BASE_URL,
    OT_SETTING_ADMIN_KEY_FILE,
    OT_SETTING_CA_FILE,
    OT_SETTING_PROJECT,
    OT_SETTING_COUNT
};
extern const char *const ot_setting_keys[OT_SETTING_COUNT];

/* *to becomes text with these values (NULL: none is needed) in lines of orgtrust setup,
 * which hold for the source `default` and for no other that is there: in its section, or
 * at the head of a file without sections, or in a section of their own. Lines of setup
 * that are there are replaced in their place. OT_E_CONFIG: that section says otherwise,
 * by somebody's hand. path is for messages. */
enum ot_status ot_settings_write(struct ot_file_state *to, const char *path,
                                 const struct ot_file_state *text,
                                 const char *const values[OT_SETTING_COUNT],
                                 struct ot_error *err);

#endif
