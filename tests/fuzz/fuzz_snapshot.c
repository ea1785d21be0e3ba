/* A constant database of any bytes with a trailer that fits it, so that the reader's
 * other checks are reached: no crash, no read outside the file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/search.h"
#include "cache/snapshot_format.h"
#include "fetch/snapshot_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void write_file(const uint8_t *data, size_t size)
{
    uint8_t trailer[OT_FORMAT_TRAILER_LEN];
    int fd;

    if (path[0] == '\0') {
        strcpy(path, "/tmp/orgtrust-fuzz-XXXXXX");
        if (mkdtemp(path) == NULL)
            abort();
        strcat(path, "/snapshot");
    }
    ot_snapshot_trailer(trailer, data, size);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
        write(fd, trailer, sizeof(trailer)) != (ssize_t)sizeof(trailer))
        abort();
    close(fd);
}

static void search(struct ot_snapshot *snapshot, const struct ot_query *query)
{
    struct ot_search search;
    struct ot_record record;
    enum ot_status status;

    if (ot_search_init(&search, snapshot, query, 1750000000, NULL) != OT_OK)
        return;
    do
        status = ot_search_next(&search, &record, NULL, NULL);
    while (status != OT_E_NOT_FOUND);
    ot_search_clear(&search);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_query all = {.state = OT_STATE_ALL, .digest = OT_DIGEST_COUNT}, one = all;
    struct ot_snapshot *snapshot;

    if (size < OT_FORMAT_DIRECTORY_LEN)
        return 0;
    write_file(data, size);
    if (ot_snapshot_open(&snapshot, path, NULL, NULL) == OT_OK) {
        ot_snapshot_verify(snapshot, NULL);
        search(snapshot, &all);
        one.alias = ot_span_str("cert_0");
        search(snapshot, &one);
        one = all;
        one.subject = ot_span_of("\x30\x00", 2);
        search(snapshot, &one);
        ot_snapshot_unref(snapshot);
    }
    return 0;
}
