/* A certificate as the API shows it. */
#ifndef OT_SERVER_HANDLE_CERT_JSON_INTERNAL_H
#define OT_SERVER_HANDLE_CERT_JSON_INTERNAL_H

struct ot_buffer;
struct ot_cert_row;

/* The values of `object`: a certificate by itself, or seen from a scope (with `active`).
 */
extern const char ot_object_single[];
const char *ot_object_in_scope(const char *scope);

/* content: PEM, or NULL for without. */
void ot_cert_json_write(struct ot_buffer *out, const char *object,
                        const struct ot_cert_row *row, const char *content);

#endif
