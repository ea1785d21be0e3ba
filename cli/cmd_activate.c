/* orgtrust activate: make certificates trusted in the scope. */
#include "toggle.h"

enum ot_status ot_cmd_activate(struct ot_cli *cli, struct ot_error *err)
{
    return ot_toggle(cli, true, err);
}
