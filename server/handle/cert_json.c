#include "handle/cert_json_internal.h"

#include <stddef.h>

#include "base/api_extension.h"
#include "message/json_write.h"
#include "store/cert.h"

const char ot_object_single[] = "certificate";

const char *ot_object_in_scope(const char *scope)
{
    return scope[0] == '\0' ? "organization.certificate"
                            : "organization.project.certificate";
}

void ot_cert_json_write(struct ot_buffer *out, const char *object,
                        const struct ot_cert_row *row, const char *content)
{
    ot_jsonw_open(out, '{');
    ot_jsonw_key(out, "object");
    ot_jsonw_text(out, object);
    ot_jsonw_key(out, "id");
    ot_jsonw_text(out, row->id);
    ot_jsonw_key(out, "name");
    ot_jsonw_text(out, row->name);
    ot_jsonw_key(out, "created_at");
    ot_jsonw_int(out, row->created_at);
    ot_jsonw_key(out, "certificate_details");
    ot_jsonw_open(out, '{');
    ot_jsonw_key(out, "valid_at");
    ot_jsonw_int(out, row->valid_at);
    ot_jsonw_key(out, "expires_at");
    ot_jsonw_int(out, row->expires_at);
    if (content != NULL) {
        ot_jsonw_key(out, "content");
        ot_jsonw_text(out, content);
    }
    ot_jsonw_close(out, '}');
    if (object != ot_object_single) {
        ot_jsonw_key(out, "active");
        ot_jsonw_bool(out, row->active);
    }
    if (object != ot_object_single && row->ends_at != 0) {
        ot_jsonw_key(out, OT_DEACTIVATE_AT);
        ot_jsonw_int(out, row->ends_at);
    }
    ot_jsonw_close(out, '}');
}
