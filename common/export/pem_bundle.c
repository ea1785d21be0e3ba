/* A PEM bundle. No name from the organization stands in it: some readers look for a block
 * in the middle of a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory_stream.h"
#include "cert/pem.h"
#include "export/anchors.h"
#include "export/format.h"

static const char head[] = OT_EXPORT_HEAD;

static enum ot_status put_pem(FILE *file, const struct ot_anchor *anchor,
                              struct ot_error *err)
{
    char *pem = ot_pem_encode(anchor->der.data, anchor->der.len);

    if (pem == NULL)
        return ot_error_nomem(err);
    fputs(pem, file);
    free(pem);
    return OT_OK;
}

enum ot_status ot_pem_bundle_make(uint8_t **bytes, size_t *len,
                                  const struct ot_anchors *anchors, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    char *text = NULL;
    FILE *file = open_memstream(&text, len);

    if (file == NULL)
        return ot_error_nomem(err);
    fputs(head, file);
    for (size_t i = 0; status == OT_OK && i < anchors->count; i++)
        status = put_pem(file, &anchors->items[i], err);
    if (ot_memory_stream_end(file, &text) == NULL && status == OT_OK)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        *bytes = (uint8_t *)text;
    else
        free(text);
    return status;
}

bool ot_pem_bundle_is_ours(const uint8_t *bytes, size_t len)
{
    return len >= sizeof(head) - 1 && memcmp(bytes, head, sizeof(head) - 1) == 0;
}
