/* orgtrust export: the trust anchors in a snapshot, as a file for other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/snapshot_cert_internal.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "export/anchors.h"
#include "export/files.h"
#include "view/json_build.h"
#include "view/named_file.h"

static enum ot_status read_format(enum ot_export_format *format,
                                  const struct ot_options *options, struct ot_error *err)
{
    if (options->format == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "in which --format? One of " OT_FORMAT_NAMES);
    if (strcmp(options->format, "jks") == 0)
        return ot_error_set(err, OT_E_USAGE,
                            "--format jks is no more: every Java since 8 reads --format "
                            "p12, with any password and with none");
    *format = ot_format_by_name(options->format);
    if (*format == OT_FORMAT_COUNT)
        return ot_error_set(err, OT_E_USAGE,
                            "--format '%s' is not one of " OT_FORMAT_NAMES,
                            options->format);
    return OT_OK;
}

static bool goes_to_output(const struct ot_options *options)
{
    return options->output == NULL || strcmp(options->output, "-") == 0;
}

static enum ot_status check_output(const struct ot_options *options,
                                   enum ot_export_format format, struct ot_error *err)
{
    if (!goes_to_output(options))
        return OT_OK;
    if (format == OT_FORMAT_DIR)
        return ot_error_set(err, OT_E_USAGE, "which directory? Name it with --output");
    if (options->json)
        return ot_error_set(err, OT_E_USAGE,
                            "--json tells what was written; name the file with --output");
    if (format != OT_FORMAT_PEM && isatty(STDOUT_FILENO))
        return ot_error_set(
            err, OT_E_USAGE,
            "this format is not for a terminal; name a file with --output");
    return OT_OK;
}

static enum ot_status collect_exported(struct ot_anchors *anchors,
                                       const struct ot_snapshot_use *use,
                                       const struct ot_options *options,
                                       enum ot_export_format format, struct ot_error *err)
{
    char id[OT_ID_MAX + 1];
    const struct ot_anchor_filter filter = {
        .id = options->id != NULL ? ot_snapshot_cert_id(id, options->source, options->id)
                                  : NULL,
        .name = options->name};
    enum ot_status status;

    if (ot_source_distrusts(use->source))
        return ot_error_set(
            err, OT_E_NOT_FOUND,
            "source '%s' distrusts what it has (meaning = distrust): none "
            "of it is a trust anchor. Nothing was written",
            use->source->name);
    anchors->distrust = use->distrust;
    anchors->place = format == OT_FORMAT_P12 ? OT_RECORD_WITHHELD_JAVA : 0;
    status = ot_anchors_add(anchors, use->snapshot, use->source->purposes, &filter,
                            (int64_t)time(NULL), err);

    if (status != OT_OK)
        return status;
    ot_anchors_sort(anchors);
    if (anchors->count > 0)
        return OT_OK;
    if (anchors->withheld > 0)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "what is meant is withheld from such files; 'orgtrust list "
                            "--state withheld --source %s' says why. Nothing was written",
                            use->source->name);
    return ot_error_set(err, OT_E_NOT_FOUND,
                        "no certificate of source '%s'%s is a trust anchor: active, a CA "
                        "and valid now; see 'orgtrust list'. Nothing was written",
                        use->source->name,
                        filter.id != NULL || filter.name != NULL ? " that is meant" : "");
}

static enum ot_status write_exported_file(struct ot_cli *cli,
                                          enum ot_export_format format,
                                          const struct ot_anchors *anchors,
                                          struct ot_error *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    enum ot_status status = ot_format_make(format, &bytes, &len, anchors, err);

    if (status == OT_OK && !goes_to_output(&cli->options))
        status = ot_named_file_write(cli->options.output, bytes, len, err);
    else if (status == OT_OK)
        ot_output_bytes(&cli->out, bytes, len);
    if (status == OT_E_UNSAFE)
        ot_error_prefix(err, "write to standard output instead, or");
    free(bytes);
    return status;
}

static enum ot_status print_exported_json(struct ot_cli *cli,
                                          const struct ot_source *source,
                                          const struct ot_anchors *anchors,
                                          struct ot_error *err)
{
    cJSON *root = cJSON_CreateObject();
    bool failed = root == NULL;
    enum ot_status status;

    ot_json_put_string(root, "source", source->name, &failed);
    ot_json_put_string(root, "format", cli->options.format, &failed);
    ot_json_put_string(root, "output", cli->options.output, &failed);
    ot_json_put_int(root, "anchors", (int64_t)anchors->count, &failed);
    status = failed ? ot_error_nomem(err) : ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_cmd_export(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_snapshot_use use = {0};
    struct ot_anchors anchors = {0};
    enum ot_export_format format = OT_FORMAT_PEM; /* for gcc 14: it is read below */
    bool written;
    enum ot_status status = read_format(&format, &cli->options, err);

    if (status == OT_OK)
        status = check_output(&cli->options, format, err);
    if (status == OT_OK)
        status = ot_snapshot_use_begin(&use, cli->options.source, err);
    if (status == OT_OK)
        status = collect_exported(&anchors, &use, &cli->options, format, err);
    if (status == OT_OK)
        status = format == OT_FORMAT_DIR
                     ? ot_export_put_dir(cli->options.output, &anchors, &written, err)
                     : write_exported_file(cli, format, &anchors, err);
    if (status == OT_OK && cli->options.json)
        status = print_exported_json(cli, use.source, &anchors, err);
    ot_anchors_clear(&anchors);
    ot_snapshot_use_end(&use);
    return status;
}
