#include "export/mount_dir.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory_stream.h"
#include "export/anchors.h"
#include "export/files.h"
#include "export/format.h"
#include "files/file.h"
#include "files/place.h"
#include "snapshot/record.h"

/* What one of the files holds, and how it is put there. */
struct part {
    const char *name;
    enum ot_export_format format;
    uint32_t place; /* whose anchors, as in struct ot_anchors */
    bool with_machine;
};

static const struct part parts[] = {
    {OT_MOUNT_OURS, OT_FORMAT_PEM, OT_RECORD_WITHHELD_FILES, false},
    {OT_MOUNT_BUNDLE, OT_FORMAT_PEM, OT_RECORD_WITHHELD_FILES, true},
    {OT_MOUNT_HASHED, OT_FORMAT_DIR, OT_RECORD_WITHHELD_FILES, true},
    {OT_MOUNT_STORE, OT_FORMAT_P12, OT_RECORD_WITHHELD_JAVA, true},
};

static enum ot_status join_path(char path[PATH_MAX], const char *dir, const char *name,
                                struct ot_error *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX
               ? OT_OK
               : ot_error_set(err, OT_E_CONFIG, "the path %s is too long", dir);
}

/* written: becomes true where the file was. */
static enum ot_status put_part(void *written, const char *path,
                               enum ot_export_format format,
                               const struct ot_anchors *anchors, struct ot_error *err)
{
    bool one = false, *any = written;
    enum ot_status status = format == OT_FORMAT_DIR
                                ? ot_export_put_dir(path, anchors, &one, err)
                                : ot_export_put_file(path, format, anchors, &one, err);

    *any = *any || (status == OT_OK && one);
    return status;
}

static enum ot_status look_at_part(const struct part *part, const char *dir,
                                   ot_mount_fill *fill, void *fill_arg,
                                   ot_mount_look *look, void *look_arg,
                                   struct ot_error *err)
{
    struct ot_anchors anchors = {.place = part->place,
                                 .with_machine = part->with_machine};
    char path[PATH_MAX];
    enum ot_status status = join_path(path, dir, part->name, err);

    if (status == OT_OK)
        status = fill(&anchors, fill_arg, err);
    if (status == OT_OK) {
        ot_anchors_sort(&anchors);
        status = look(look_arg, path, part->format, &anchors, err);
    }
    ot_anchors_clear(&anchors);
    return status;
}

enum ot_status ot_mount_dir_each(const char *dir, ot_mount_fill *fill, void *fill_arg,
                                 ot_mount_look *look, void *look_arg,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
        status = look_at_part(&parts[i], dir, fill, fill_arg, look, look_arg, err);
    return status;
}

static enum ot_status make_readme(char **text, size_t *len, struct ot_error *err)
{
    FILE *out = open_memstream(text, len);

    if (out == NULL)
        return ot_error_nomem(err);
    fputs(OT_EXPORT_HEAD
          "\n"
          "The authorities of an organization, for a container. Mount the directory "
          "whole,\n"
          "since a file that is mounted by itself stays what it was:\n"
          "\n"
          "    podman run --volume THIS_DIRECTORY:" OT_MOUNT_POINT ":ro ...\n"
          "\n"
          "or have it and the variables below added: orgtrust run podman run ...\n"
          "\n"
          "orgtrust.pem  the organization's anchors alone\n"
          "bundle.pem    these, and the authorities of the machine that wrote it\n"
          "certs         the same as a directory by hashes\n"
          "trust.p12     the same for Java, without a password\n"
          "\n",
          out);
    for (const struct ot_mount_variable *at = ot_mount_variables; at->name != NULL;
         at++) {
        char *value = ot_mount_value(at, OT_MOUNT_POINT);

        if (value != NULL)
            fprintf(out, "%s=%s\n", at->name, value);
        free(value);
    }
    return ot_memory_stream_end(out, text) != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status put_readme(const char *path, bool *written, struct ot_error *err)
{
    char *text = NULL;
    size_t len;
    bool same = false;
    enum ot_status status = make_readme(&text, &len, err);

    *written = false;
    if (status != OT_OK)
        return status;
    /* Told to be ours by its first line, as a bundle is. */
    status = ot_export_compare_file(&same, path, text, len, OT_FORMAT_PEM, err);
    if (status == OT_OK && !same) {
        ot_file_reap(path);
        status = ot_file_replace(path, text, len, 0644, err);
        *written = status == OT_OK;
    }
    free(text);
    return status;
}

enum ot_status ot_mount_dir_put(const char *dir, ot_mount_fill *fill, void *arg,
                                bool *written, struct ot_error *err)
{
    char path[PATH_MAX];
    int fd = -1;
    enum ot_status status = ot_dir_make(&fd, 0755, dir, err);

    *written = false;
    if (fd >= 0)
        close(fd);
    if (status == OT_OK)
        status = join_path(path, dir, OT_MOUNT_README, err);
    if (status == OT_OK)
        status = put_readme(path, written, err);
    return status == OT_OK ? ot_mount_dir_each(dir, fill, arg, put_part, written, err)
                           : status;
}
