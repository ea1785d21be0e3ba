/* orgtrust deactivate: end the trust in certificates in the scope. */
#include "toggle.h"

enum ot_status ot_cmd_deactivate(struct ot_cli *cli, struct ot_error *err)
{
    return ot_toggle(cli, false, err);
}
