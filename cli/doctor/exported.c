#include "base/error.h"
#include "cache/distrust.h"
#include "cache/state.h"
#include "config/config.h"
#include "doctor/exported_internal.h"
#include "export/anchors.h"
#include "export/export.h"

#include <stdio.h>

enum ot_status ot_exported_anchors_at(struct ot_anchors *anchors,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err)
{
    enum ot_status status = ot_distrust_new(&anchors->distrust, exports->config, err);

    ot_distrust_look(anchors->distrust, 0);
    for (size_t i = 0; status == OT_OK && i < ot_config_count(exports->config); i++)
        if ((item->sources >> i & 1) != 0)
            status =
                ot_anchors_add_source(anchors, ot_config_at(exports->config, i), err);
    if (status == OT_OK)
        status = ot_anchors_add_machine(anchors, err);
    ot_distrust_free(anchors->distrust);
    anchors->distrust = NULL;
    if (status == OT_OK)
        ot_anchors_sort(anchors);
    return status;
}

enum ot_status ot_exported_anchors(struct ot_anchors *anchors,
                                   const struct ot_exports *exports,
                                   const struct ot_export *item, struct ot_error *err)
{
    anchors->place |= ot_export_place(item->kind);
    return ot_exported_anchors_at(anchors, exports, item, err);
}

void ot_exported_why(char *buf, size_t size, const struct ot_exports *exports,
                     const struct ot_export *item)
{
    struct ot_state state;

    buf[0] = '\0';
    if (ot_exports_state(exports, item, &state, NULL) == OT_OK && state.failures > 0)
        snprintf(buf, size, "; the last sync could not: %s", state.last.message);
}
