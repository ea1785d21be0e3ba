/* What a person asks of certificates and the API that is not ours has no answer for:
 * where each is active, whom it names, and from whom it is withheld. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cert/cert.h"
#include "cert/cert_text.h"
#include "cert/pem.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "handle/revision_internal.h"
#include "message/answers.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "shared/limits.h"
#include "snapshot/record.h"
#include "store/active.h"
#include "store/cert.h"

#define INSPECTION "orgtrust" /* for ot_revision_is_asked_anew */

/* A row that outlives its question, since others are asked for each. */
struct inspected {
    char id[OT_CERT_ID_MAX];
    char *name; /* NULL: none */
    int64_t created_at, valid_at, expires_at;
};

struct inspection {
    struct ot_context *context;
    struct ot_page page;
    struct inspected rows[OT_PAGE_LIMIT_MAX + 1]; /* one tells that there is more */
    unsigned count;
    bool failed; /* memory ran out */
};

static void keep_inspected(void *arg, const struct ot_cert_row *row)
{
    struct inspection *inspection = arg;
    struct inspected *kept = &inspection->rows[inspection->count++];

    snprintf(kept->id, sizeof(kept->id), "%s", row->id);
    kept->name = row->name != NULL ? strdup(row->name) : NULL;
    kept->created_at = row->created_at;
    kept->valid_at = row->valid_at;
    kept->expires_at = row->expires_at;
    if (row->name != NULL && kept->name == NULL)
        inspection->failed = true;
}

static void write_activation(void *arg, const char *scope, int64_t ends_at)
{
    struct ot_buffer *out = arg;

    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "project", scope[0] != '\0' ? scope : NULL);
    ot_jsonw_time_member(out, "deactivate_at", ends_at);
    ot_jsonw_close(out, '}');
}

/* Longer identifiers than of any hash are of no use to anybody. */
static void write_hex_member(struct ot_buffer *out, const char *key, struct ot_span bytes)
{
    char hex[2 * OT_SHA256_LEN + 1];

    if (bytes.data != NULL && bytes.len <= OT_SHA256_LEN) {
        ot_hex_write(hex, bytes.data, bytes.len);
        ot_jsonw_text_member(out, key, hex);
    } else {
        ot_jsonw_text_member(out, key, NULL);
    }
}

static void write_withheld(struct ot_buffer *out, const struct ot_record *facts)
{
    const struct ot_span why = facts->field[OT_FIELD_WITHHELD];
    char places[OT_PLACES_TEXT_MAX];
    char *reason;

    ot_jsonw_key(out, "withheld");
    if (!ot_record_is_withheld(facts)) {
        ot_jsonw_text(out, NULL);
        return;
    }
    reason = why.data != NULL ? strndup((const char *)why.data, why.len) : NULL;
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "from", ot_record_places(places, facts));
    ot_jsonw_text_member(out, "reason", reason);
    ot_jsonw_close(out, '}');
    free(reason);
}

/* Of the first certificate of a content, which is the anchor. */
static enum ot_status write_facts(struct ot_buffer *out, struct ot_span der,
                                  struct ot_error *err)
{
    struct ot_record facts = {.flags = 0};
    struct ot_cert_text text;
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_text_make(&text, der, err);

    if (status == OT_OK)
        status = ot_cert_parse(&cert, der.data, der.len, err);
    if (status == OT_OK) {
        ot_cert_fill(cert, &facts);
        ot_jsonw_text_member(out, "subject", text.subject);
        ot_jsonw_text_member(out, "issuer", text.issuer);
        ot_jsonw_text_member(out, "serial", text.serial);
        ot_jsonw_text_member(out, "key", text.key);
        write_hex_member(out, "sha256", ot_record_digest(&facts, OT_DIGEST_SHA2_256));
        write_hex_member(out, "key_id", facts.field[OT_FIELD_KEY_ID]);
        write_hex_member(out, "authority_key_id", facts.field[OT_FIELD_AUTHORITY_KEY_ID]);
        ot_jsonw_bool_member(out, "is_ca", (facts.flags & OT_RECORD_CA) != 0);
        ot_jsonw_bool_member(out, "self_signed",
                             (facts.flags & OT_RECORD_SELF_SIGNED) != 0);
        write_withheld(out, &facts);
    }
    ot_cert_text_clear(&text);
    ot_cert_free(cert);
    return status;
}

/* The certificates of one content, one after the other. */
struct contained {
    struct ot_buffer *out;
    BIO *text; /* NULL: not wanted */
    unsigned count;
};

static enum ot_status see_contained(void *arg, const uint8_t *der, size_t len,
                                    struct ot_error *err)
{
    struct contained *contained = arg;
    const unsigned char *at = der;
    X509 *cert;
    int printed;

    if (contained->count++ == 0) {
        enum ot_status status = write_facts(contained->out, ot_span_of(der, len), err);

        if (status != OT_OK)
            return status;
    }
    if (contained->text == NULL)
        return OT_OK;
    cert = d2i_X509(NULL, &at, (long)len);
    printed = cert != NULL ? X509_print_ex(contained->text, cert, XN_FLAG_ONELINE,
                                           X509_FLAG_COMPAT)
                           : 0;
    X509_free(cert);
    ERR_clear_error();
    return printed == 1 ? OT_OK : ot_error_nomem(err);
}

/* Names are escaped; a few extensions are printed byte by byte, whatever these are. */
static void make_printable(char *text, long len)
{
    for (long i = 0; i < len; i++)
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
            text[i] = '?';
}

static enum ot_status write_printed_text(struct ot_buffer *out, BIO *bio,
                                         struct ot_error *err)
{
    char *data = NULL;

    long len = BIO_get_mem_data(bio, &data);

    if (len > 0)
        make_printable(data, len);
    if (BIO_write(bio, "", 1) != 1)
        return ot_error_nomem(err);
    BIO_get_mem_data(bio, &data);
    ot_jsonw_text_member(out, "text", data);
    return OT_OK;
}

/* What cannot be read any more, as by another OpenSSL, is a problem of this certificate,
 * and the others are shown all the same. */
static enum ot_status write_problem(struct ot_buffer *out, enum ot_status status,
                                    const struct ot_error *err)
{
    bool is_readable = status != OT_E_PROTOCOL && status != OT_E_CORRUPT;

    ot_jsonw_text_member(out, "problem", is_readable ? NULL : err->message);
    return is_readable ? status : OT_OK;
}

static enum ot_status write_contained(struct ot_buffer *out, const char *pem,
                                      bool with_text, struct ot_error *err)
{
    struct contained contained = {.out = out};
    enum ot_status status = OT_OK;

    if (with_text) {
        contained.text = BIO_new(BIO_s_mem());
        status = contained.text != NULL ? OT_OK : ot_error_nomem(err);
    }
    if (status == OT_OK)
        status = ot_pem_each(pem, strlen(pem), see_contained, &contained, err);
    status = write_problem(out, status, err);
    ot_jsonw_int_member(out, "certificates", contained.count);
    if (status == OT_OK && contained.text != NULL)
        status = write_printed_text(out, contained.text, err);
    BIO_free(contained.text);
    return status;
}

static void write_row(struct ot_buffer *out, const struct inspected *row)
{
    ot_jsonw_text_member(out, "object", "orgtrust.certificate");
    ot_jsonw_text_member(out, "id", row->id);
    ot_jsonw_text_member(out, "name", row->name);
    ot_jsonw_int_member(out, "created_at", row->created_at);
    ot_jsonw_int_member(out, "valid_at", row->valid_at);
    ot_jsonw_int_member(out, "expires_at", row->expires_at);
}

/* OT_E_NOT_FOUND: it has been deleted meanwhile, and nothing is written. */
static enum ot_status write_inspected(struct ot_context *context,
                                      const struct inspected *row, bool with_text,
                                      struct ot_error *err)
{
    struct ot_buffer *out = &context->reply->body;
    char *pem = NULL;
    enum ot_status status = ot_db_cert_content(context->db, row->id, &pem, err);

    if (status != OT_OK)
        return status;
    ot_jsonw_open(out, '{');
    write_row(out, row);
    ot_jsonw_key(out, "active_in");
    ot_jsonw_open(out, '[');
    status = ot_db_active_scopes(context->db, row->id, write_activation, out, err);
    ot_jsonw_close(out, ']');
    if (status == OT_OK)
        status = write_contained(out, pem, with_text, err);
    ot_jsonw_close(out, '}');
    free(pem);
    return status;
}

static void clear_inspection(struct inspection *inspection)
{
    for (unsigned i = 0; i < inspection->count; i++)
        free(inspection->rows[i].name);
    free(inspection);
}

static enum ot_status write_all_inspected(struct inspection *inspection,
                                          struct ot_error *err)
{
    enum ot_status status = inspection->failed ? ot_error_nomem(err) : OT_OK;
    struct ot_page *page = &inspection->page;

    for (unsigned i = 0; status == OT_OK && i < inspection->count; i++) {
        ot_page_end_behind(page, OT_INSPECTED_LEN);
        if (!ot_page_takes(page, inspection->rows[i].id))
            break;
        status = write_inspected(inspection->context, &inspection->rows[i], false, err);
        if (status == OT_E_NOT_FOUND)
            status = OT_OK;
    }
    return status;
}

static void inspect_page(struct ot_context *context, struct ot_cert_range range)
{
    struct ot_error err = OT_ERROR_INIT;
    struct inspection *inspection = calloc(1, sizeof(*inspection));
    unsigned char revision[OT_REVISION_LEN];
    enum ot_status status;

    if (inspection == NULL) {
        ot_error_nomem(&err);
        ot_reply_failure(context->reply, &err);
        return;
    }
    inspection->context = context;
    ot_page_open(&inspection->page, &context->reply->body, range.limit++);
    status =
        ot_db_cert_list(context->db, &range, keep_inspected, inspection, revision, &err);
    if (status == OT_OK)
        status = write_all_inspected(inspection, &err);
    if (status == OT_OK)
        ot_page_close(&inspection->page);
    else
        ot_reply_failure(context->reply, &err);
    clear_inspection(inspection);
}

void ot_handle_inspect_list(struct ot_context *context)
{
    struct ot_cert_range range = {.scope = ""};
    struct ot_cert_cursor cursor = {0, 0};
    const char *after;

    if (!ot_query_limit(context, &range.limit) ||
        !ot_query_cert_after(context, &range, &cursor, &after))
        return;
    if (!ot_revision_is_asked_anew(context, INSPECTION, after, range.limit) ||
        ot_answers_find(context->answers, context->reply))
        return;
    inspect_page(context, range);
    if (context->reply->status == 200)
        ot_answers_keep(context->answers, context->reply);
}

void ot_handle_inspect_get(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_cert_row *cert = &context->cert;
    struct inspected row = {.name = (char *)(uintptr_t)cert->name,
                            .created_at = cert->created_at,
                            .valid_at = cert->valid_at,
                            .expires_at = cert->expires_at};
    enum ot_status status = OT_E_NOT_FOUND;

    if (context->has_cert &&
        !ot_revision_is_asked_anew(context, INSPECTION, context->cert_id, 0))
        return;
    snprintf(row.id, sizeof(row.id), "%s", context->cert_id);
    if (context->has_cert)
        status = write_inspected(context, &row, true, &err);
    if (status == OT_E_NOT_FOUND)
        ot_handle_say_no_cert(context);
    else if (status != OT_OK)
        ot_reply_failure(context->reply, &err);
}
