/* Before a certificate is made active: that it will not be handed to everybody. */
#ifndef OT_CLI_VIEW_WARN_WITHHELD_H
#define OT_CLI_VIEW_WARN_WITHHELD_H

#include "change/change.h"
#include "config/config.h"

/* On standard error, a line for each planned upload or activation whose certificate some
 * reader would stumble over. One that is already in the organization is looked up in the
 * source's snapshot, if it is there. Nothing is refused: that is the organization's to
 * decide. */
void ot_warn_withheld(const struct ot_source *source, const struct ot_changes *changes);

#endif
