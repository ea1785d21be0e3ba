#include "export/chromium_lists.h"

#include "cache/distrust.h"
#include "export/anchors.h"
#include "export/chromium.h"
#include "export/export.h"

enum ot_status ot_chromium_distrusted(struct ot_anchors *distrusted,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err)
{
    struct ot_distrust *distrust = NULL;
    enum ot_status status = OT_OK;

    if (item->says_no)
        status = ot_distrust_new(&distrust, exports->config, err);
    ot_distrust_look(distrust, 0);
    if (status == OT_OK && !ot_distrust_is_known(distrust))
        status =
            ot_error_set(err, OT_E_NO_SNAPSHOT,
                         "what the organization distrusts is not known: a source with "
                         "meaning = distrust has no usable snapshot");
    if (status == OT_OK)
        status = ot_anchors_add_distrusted(distrusted, distrust, err);
    if (status == OT_OK)
        ot_anchors_sort(distrusted);
    ot_distrust_free(distrust);
    return status;
}

enum ot_status ot_chromium_refresh(const struct ot_exports *exports,
                                   const struct ot_export *item,
                                   const struct ot_anchors *anchors, bool *written,
                                   struct ot_error *err)
{
    struct ot_anchors distrusted = {0};
    struct ot_chromium_content content = {.trusted = anchors};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status known, status;

    if (item->sources == 0 && !item->says_no)
        return ot_chromium_put(exports->dir, NULL, written, err);
    known = ot_chromium_distrusted(&distrusted, exports, item, &why);
    if (known == OT_OK)
        content.distrusted = &distrusted;
    status = ot_chromium_put(exports->dir, &content, written, err);
    ot_anchors_clear(&distrusted);
    if (status == OT_OK && known != OT_OK) {
        if (err != NULL)
            *err = why;
        status = known;
    }
    return status;
}
