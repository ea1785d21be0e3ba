/* Puts a snapshot in place without an organization, for tests that need only the reading
 * side.
 *
 *   make_snapshot SOURCE AGE_SECONDS < list
 *
 * Each line of the list: id, "active", "inactive" or "unjudged" (an active authority,
 * whatever a sync would say of it), a PEM file, and a name or "-", parted by tabs. The
 * configuration says where the snapshot belongs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/span.h"
#include "cert/cert.h"
#include "cert/pem.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"

#define CERTS_MAX 200000

static struct ot_record records[CERTS_MAX];

static void must(enum ot_status status, const struct ot_error *err)
{
    if (status == OT_OK)
        return;
    fprintf(stderr, "make_snapshot: %s\n", err->message);
    exit(1);
}

/* What it makes lives as long as the program. */
static void read_certificate(struct ot_record *record, const char *path)
{
    static char pem[OT_CERT_PEM_MAX];
    struct ot_error err = OT_ERROR_INIT;
    FILE *file = fopen(path, "r");
    struct ot_cert *cert;
    uint8_t *der;
    size_t len;

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    len = fread(pem, 1, sizeof(pem), file);
    fclose(file);
    must(ot_pem_decode(&der, &len, pem, len, &err), &err);
    must(ot_cert_parse(&cert, der, len, &err), &err);
    free(der);
    ot_cert_fill(cert, record);
}

static void read_line(struct ot_record *record, char *line)
{
    char *state, *path, *name, *id = line;

    state = strchr(id, '\t');
    path = state != NULL ? strchr(state + 1, '\t') : NULL;
    name = path != NULL ? strchr(path + 1, '\t') : NULL;
    if (name == NULL) {
        fprintf(stderr, "make_snapshot: not four fields: %s\n", line);
        exit(1);
    }
    *state++ = *path++ = *name++ = '\0';
    read_certificate(record, path);
    record->field[OT_FIELD_ID] = ot_span_str(strdup(id));
    if (strcmp(name, "-") != 0)
        record->field[OT_FIELD_NAME] = ot_span_str(strdup(name));
    if (strcmp(state, "active") == 0)
        record->flags |= OT_RECORD_ACTIVE;
    else if (strcmp(state, "unjudged") == 0)
        record->flags = OT_RECORD_ACTIVE | OT_RECORD_CA;
}

int main(int argc, char **argv)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_source *source;
    struct ot_config *config;
    char line[8192], path[PATH_MAX];
    size_t count = 0;
    char *scope;

    if (argc != 3) {
        fprintf(stderr, "usage: make_snapshot SOURCE AGE_SECONDS < list\n");
        return 2;
    }
    must(ot_config_load(&config, &err), &err);
    must(ot_config_find(config, argv[1], &source, &err), &err);
    must(ot_source_path(path, source, OT_SOURCE_SNAPSHOT, &err), &err);
    scope = ot_source_scope(source);
    while (count < CERTS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        read_line(&records[count++], line);
    }
    must(ot_snapshot_write(path, scope, 0, records, count, time(NULL) - atol(argv[2]),
                           &err),
         &err);
    free(scope);
    ot_config_free(config);
    return 0;
}
