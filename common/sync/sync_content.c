#include "sync/sync_content_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/secret.h"
#include "cert/cert.h"
#include "cert/label.h"
#include "cert/limited.h"
#include "cert/pem.h"
#include "snapshot/record.h"

enum ot_status ot_content_new(struct ot_content **out, const char *id, int64_t created_at,
                              const struct ot_limits *limits, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    memcpy((*out)->id, id, strlen(id) + 1);
    (*out)->created_at = created_at;
    (*out)->limits = limits;
    return OT_OK;
}

void ot_content_free(struct ot_content *content)
{
    if (content == NULL)
        return;
    ot_limited_free(content->limited);
    ot_cert_free(content->cert);
    free(content->note);
    free(content->extra);
    free(content->others);
    free(content);
}

/* What is wrong with the certificate is its note, anything else a failure. */
static enum ot_status conclude_content(struct ot_content *content, enum ot_status status,
                                       const struct ot_error *reason,
                                       struct ot_error *err)
{
    if (status == OT_E_PROTOCOL) {
        ot_cert_free(content->cert);
        content->cert = NULL;
        content->note = strdup(reason->message);
        return content->note != NULL ? OT_OK : ot_error_nomem(err);
    }
    if (status != OT_OK) {
        if (err != NULL)
            *err = *reason;
        ot_error_prefix(err, "certificate %s", content->id);
    }
    return status;
}

enum ot_status ot_content_accept_der(struct ot_content *content, struct ot_span der,
                                     struct ot_error *err)
{
    struct ot_error reason = OT_ERROR_INIT;
    enum ot_status status = OT_OK;

    if (ot_secret_stands_in(der.data, der.len))
        status = ot_error_set(&reason, OT_E_PROTOCOL,
                              "it holds the admin key, which was not kept; delete the "
                              "entry, and make a new key");
    if (status == OT_OK)
        status = ot_cert_parse(&content->cert, der.data, der.len, &reason);
    if (status == OT_OK && content->limits != NULL)
        status =
            ot_limited_new(&content->limited, content->cert, content->limits, &reason);
    return conclude_content(content, status, &reason, err);
}

/* The certificates of an entry, one after the other. */
struct blocks {
    struct ot_content *content;
    size_t count;
    char others[OT_OTHERS_MAX];
};

/* What people know a certificate by: its common name, and some of its SHA-256. */
static enum ot_status describe_other(char *out, size_t size, const uint8_t *der,
                                     size_t len, struct ot_error *err)
{
    struct ot_record facts = {.field[OT_FIELD_ID] = ot_span_str("without a name")};
    struct ot_cert *cert = NULL;
    char *label = NULL;
    char sha256[9];
    enum ot_status status = ot_cert_parse(&cert, der, len, err);

    if (status == OT_E_PROTOCOL) {
        ot_error_clear(err);
        snprintf(out, size, "something that is no certificate");
        return OT_OK;
    }
    if (status == OT_OK) {
        ot_cert_fill(cert, &facts);
        status = ot_label_make(&label, &facts, 1, err);
    }
    if (status == OT_OK) {
        ot_hex_write(sha256, ot_record_digest(&facts, OT_DIGEST_SHA2_256).data, 4);
        snprintf(out, size, "%.80s (SHA-256 %s…)", label, sha256);
    }
    free(label);
    ot_cert_free(cert);
    return status;
}

static enum ot_status take_block(void *arg, const uint8_t *der, size_t len,
                                 struct ot_error *err)
{
    struct blocks *blocks = arg;
    char words[160];
    size_t at = strlen(blocks->others);
    enum ot_status status;

    if (blocks->count++ == 0)
        return ot_content_accept_der(blocks->content, ot_span_of(der, len), err);
    status = describe_other(words, sizeof(words), der, len, err);
    if (status == OT_OK && at + strlen(words) + 3 <= sizeof(blocks->others))
        snprintf(blocks->others + at, sizeof(blocks->others) - at, "%s%s",
                 at > 0 ? ", " : "", words);
    return status;
}

static enum ot_status keep_others(struct ot_content *content, const struct blocks *blocks,
                                  struct ot_error *err)
{
    if (blocks->count < 2 || content->cert == NULL)
        return OT_OK;
    if (asprintf(&content->others, "%zu: %s", blocks->count - 1, blocks->others) < 0)
        content->others = NULL;
    return content->others != NULL ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_content_accept(struct ot_content *content, const char *text,
                                 struct ot_error *err)
{
    struct ot_error reason = OT_ERROR_INIT;
    struct blocks blocks = {.content = content};
    enum ot_status status = ot_pem_each(text, strlen(text), take_block, &blocks, &reason);

    return status == OT_OK ? keep_others(content, &blocks, err)
                           : conclude_content(content, status, &reason, err);
}
