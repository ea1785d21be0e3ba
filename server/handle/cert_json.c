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
    ot_jsonw_text_member(out, "object", object);
    ot_jsonw_text_member(out, "id", row->id);
    ot_jsonw_text_member(out, "name", row->name);
    ot_jsonw_int_member(out, "created_at", row->created_at);
    ot_jsonw_key(out, "certificate_details");
    ot_jsonw_open(out, '{');
    ot_jsonw_int_member(out, "valid_at", row->valid_at);
    ot_jsonw_int_member(out, "expires_at", row->expires_at);
    if (content != NULL) {
        ot_jsonw_text_member(out, "content", content);
    }
    ot_jsonw_close(out, '}');
    if (object != ot_object_single) {
        ot_jsonw_bool_member(out, "active", row->active);
    }
    if (object != ot_object_single && row->ends_at != 0) {
        ot_jsonw_int_member(out, OT_DEACTIVATE_AT, row->ends_at);
    }
    ot_jsonw_close(out, '}');
}
