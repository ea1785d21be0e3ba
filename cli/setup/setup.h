/* orgtrust setup: from nothing to proof, and back. */
#ifndef OT_CLI_SETUP_SETUP_H
#define OT_CLI_SETUP_SETUP_H

#include "view/cli.h"

/* Nothing is written before the API has answered to the key; then the configuration is
 * written whole, and sync, install and doctor follow as if they were called one by one.
 */
ot_command_run ot_cmd_setup;

#endif
