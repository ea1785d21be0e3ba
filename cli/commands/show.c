/* orgtrust show: one certificate in a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cache/distrust.h"
#include "cert/cert_text.h"
#include "commands/commands.h"
#include "commands/snapshot_cert_internal.h"
#include "commands/source_use.h"
#include "config/purpose.h"
#include "config/source.h"
#include "snapshot/snapshot.h"
#include "view/cert_table.h"
#include "view/record_json.h"

/* Of the certificate that is handed out, and of the original, where another one is. */
struct texts {
    struct ot_cert_text handed_out, original;
    const struct ot_cert_text *known; /* the one by which people know it */
};

static enum ot_status make_texts(struct texts *texts, const struct ot_record *record,
                                 struct ot_error *err)
{
    const struct ot_span original = record->field[OT_FIELD_ORIGINAL];
    enum ot_status status =
        ot_cert_text_make(&texts->handed_out, record->field[OT_FIELD_DER], err);

    texts->known = original.data != NULL ? &texts->original : &texts->handed_out;
    if (status != OT_OK || original.data == NULL)
        return status;
    return ot_cert_text_make(&texts->original, original, err);
}

static void print_line(struct ot_output *out, const char *title, const char *text,
                       size_t len)
{
    ot_output_printf(out, "%-12s", title);
    ot_output_text(out, text, len);
    ot_output_printf(out, "\n");
}

static void line_hex(struct ot_output *out, const char *title, struct ot_span bytes)
{
    char hex[3 * 64 + 1];

    if (bytes.data == NULL || bytes.len > 64)
        return;
    ot_hex_text(hex, bytes, ':');
    print_line(out, title, hex, strlen(hex));
}

static void line_span(struct ot_output *out, const char *title, struct ot_span text)
{
    if (text.data != NULL)
        print_line(out, title, (const char *)text.data, text.len);
}

static void line_str(struct ot_output *out, const char *title, const char *text)
{
    print_line(out, title, text, strlen(text));
}

static void print_facts(struct ot_output *out, const struct ot_record *record,
                        const struct ot_cert_text *text)
{
    char from[OT_TIME_MAX], to[OT_TIME_MAX];

    line_str(out, "subject", text->subject);
    line_str(out, "issuer", text->issuer);
    line_str(out, "serial", text->serial);
    ot_output_printf(out, "%-12s%s to %s\n", "valid",
                     ot_output_time(from, record->valid_at),
                     ot_output_time(to, record->expires_at));
    ot_output_printf(out, "%-12s%s%s\n", "CA",
                     (record->flags & OT_RECORD_CA) != 0 ? "yes" : "no",
                     (record->flags & OT_RECORD_SELF_SIGNED) != 0 ? ", self-signed" : "");
    line_str(out, "key", text->key);
    line_hex(out, "key id", record->field[OT_FIELD_KEY_ID]);
    line_hex(out, "SHA-256", ot_record_original_digest(record, OT_DIGEST_SHA2_256));
    line_hex(out, "SHA-1", ot_record_original_digest(record, OT_DIGEST_SHA1));
}

/* Where it has constraints of its own it may not vouch for all that its source permits.
 */
static void print_permitted(struct ot_output *out, const struct ot_source *source,
                            const struct ot_cert_text *text)
{
    const char *permitted =
        text->permitted[0] != '\0' ? text->permitted : "none of these";
    const bool excludes = text->excluded[0] != '\0';

    if (excludes || strcmp(permitted, source->names) != 0)
        ot_output_printf(out, "%-12s%s%s%s, by constraints of its own\n", "permitted",
                         permitted, excludes ? " but " : "", text->excluded);
}

/* What is handed out in its place. */
static void print_limits(struct ot_output *out, const struct ot_source *source,
                         const struct ot_record *record, const struct ot_cert_text *text)
{
    char end[OT_TIME_MAX];

    if (record->field[OT_FIELD_ORIGINAL].data == NULL)
        return;
    if (source->names != NULL) {
        line_str(out, "names", source->names);
        print_permitted(out, source, text);
    }
    if (source->not_after_s != 0)
        line_str(out, "not after", ot_output_time(end, source->not_after_s));
    line_hex(out, "handed out", ot_record_digest(record, OT_DIGEST_SHA2_256));
}

static const char *active_by(const struct ot_source *source,
                             const struct ot_record *record)
{
    const char *word = ot_record_active_by(source, record);

    return strcmp(word, "both") == 0 ? "project and organization" : word;
}

/* 0: it is not trusted, or that is not known. Of a no the memory of what was fetched
 * knows nothing. */
static int64_t trusted_since(const struct ot_source *source,
                             const struct ot_record *record)
{
    if ((record->flags & OT_RECORD_DISTRUSTED) != 0)
        return 0;
    return ot_trusted_since(source, record->field[OT_FIELD_ID]);
}

static void print_state(struct ot_output *out, const struct ot_record *record)
{
    const char *word = ot_record_state_word(record);
    char end[OT_TIME_MAX], state[OT_CERT_STATE_MAX];

    if (record->ends_at != 0)
        word = ot_cert_state(state, word, ot_output_time(end, record->ends_at));
    line_str(out, "state", word);
}

/* texts: NULL where nobody can read it. */
static void print_record(struct ot_output *out, const struct ot_source *source,
                         const struct ot_record *record, const struct texts *texts)
{
    char time[OT_TIME_MAX], places[OT_PLACES_TEXT_MAX], words[OT_PURPOSES_TEXT_MAX];
    int64_t since = trusted_since(source, record);

    line_span(out, "id", record->field[OT_FIELD_ID]);
    line_span(out, "name", record->field[OT_FIELD_NAME]);
    line_str(out, "source", source->name);
    if (ot_source_distrusts(source))
        ot_output_printf(out, "%-12sdistrust: nobody who asks orgtrust believes it%s\n",
                         "meaning", ot_purposes_denied_text(words, source->purposes));
    print_state(out, record);
    if (ot_source_inherits(source))
        line_str(out, "active by", active_by(source, record));
    line_span(out, (record->flags & OT_RECORD_QUARANTINED) != 0 ? "reason" : "warning",
              record->field[OT_FIELD_NOTE]);
    if ((record->flags & OT_RECORD_WITHHELD) != 0) {
        line_str(out, "withheld", ot_record_places(places, record));
        line_span(out, "because", record->field[OT_FIELD_WITHHELD]);
    }
    if ((record->flags & OT_RECORD_DENIED) != 0)
        line_str(out, "denied",
                 ot_purposes_text(words, (record->flags & OT_RECORD_DENIED) >>
                                             OT_RECORD_DENIED_SHIFT));
    line_str(out, "uploaded", ot_output_time(time, record->created_at));
    if (since != 0)
        line_str(out, "trusted", ot_output_time(time, since));
    if (texts == NULL)
        return;
    print_facts(out, record, texts->known);
    print_limits(out, source, record, &texts->handed_out);
}

static enum ot_status print_certificate_json(struct ot_output *out,
                                             const struct ot_source *source,
                                             const struct ot_record *record,
                                             const struct texts *texts,
                                             struct ot_error *err)
{
    const struct ot_cert_text *text = texts != NULL ? texts->known : NULL;
    cJSON *root = cJSON_CreateObject();
    int64_t since = trusted_since(source, record);
    bool failed = root == NULL;
    char hex[3 * 64 + 1];
    enum ot_status status;

    ot_json_put_string(root, "source", source->name, &failed);
    ot_record_json_put(root, record, &failed);
    ot_record_json_put_scopes(root, source, record, &failed);
    ot_json_put_time(root, "trusted_since", since, &failed);
    ot_json_put_string(root, "subject", text ? text->subject : NULL, &failed);
    ot_json_put_string(root, "issuer", text ? text->issuer : NULL, &failed);
    ot_json_put_string(root, "serial", text ? text->serial : NULL, &failed);
    ot_json_put_string(root, "key", text ? text->key : NULL, &failed);
    hex[0] = '\0';
    if (text != NULL)
        ot_hex_text(hex, ot_record_original_digest(record, OT_DIGEST_SHA1), 0);
    ot_json_put_string(root, "sha1", text ? hex : NULL, &failed);
    ot_json_put_string(root, "pem", texts ? texts->handed_out.pem : NULL, &failed);
    status = failed ? ot_error_nomem(err) : ot_output_json(out, root, false, err);
    cJSON_Delete(root);
    return status;
}

static enum ot_status print_match(struct ot_cli *cli, const struct ot_source *source,
                                  const struct ot_record *record, struct ot_error *err)
{
    struct texts made = {.known = NULL};
    const struct texts *texts = record->field[OT_FIELD_DER].data != NULL ? &made : NULL;
    enum ot_status status = OT_OK;

    if (texts != NULL)
        status = make_texts(&made, record, err);
    else if (cli->options.pem)
        status = ot_error_set(err, OT_E_NOT_FOUND,
                              "the certificate is quarantined: there is no PEM of it");
    if (status == OT_OK && cli->options.json)
        status = print_certificate_json(&cli->out, source, record, texts, err);
    else if (status == OT_OK && cli->options.pem)
        ot_output_printf(&cli->out, "%s", made.handed_out.pem);
    else if (status == OT_OK)
        print_record(&cli->out, source, record, texts);
    ot_cert_text_clear(&made.original);
    ot_cert_text_clear(&made.handed_out);
    return status;
}

enum ot_status ot_cmd_show(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_snapshot_use use;
    struct ot_record record;
    enum ot_status status;

    if (cli->options.pem && cli->options.json)
        return ot_error_set(err, OT_E_USAGE,
                            "--pem and --json exclude each other: the JSON has the PEM");
    status = ot_snapshot_use_begin(&use, cli->options.source, err);
    if (status == OT_OK)
        status = ot_snapshot_cert_find(&record, &use, cli->options.arguments[0], err);
    if (status == OT_OK)
        (void)ot_distrust_mark(use.distrust, &record, use.source->purposes);
    if (status == OT_OK)
        status = print_match(cli, use.source, &record, err);
    ot_snapshot_use_end(&use);
    return status;
}
