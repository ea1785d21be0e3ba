/* A constant database of any bytes with a head and checksums that fit it, so that the
 * reader's other checks are reached: no crash, no read outside the file. */
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

/* Makes the first entry a head, of the length that the bytes say where that can be. */
static void make_head(uint8_t *bytes, size_t size)
{
    uint8_t *entry = bytes + OT_FORMAT_DIRECTORY_LEN;
    size_t len = ot_get_u32(entry + 4), most = size - OT_FORMAT_HEAD_AT;

    if (len < OT_FORMAT_H_SCOPE || len > most)
        len = OT_FORMAT_H_SCOPE;
    ot_put_u32(entry, 1);
    ot_put_u32(entry + 4, (uint32_t)len);
    entry[OT_FORMAT_ENTRY_LEN] = 'H';
    ot_put_u32(bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_MAGIC, OT_FORMAT_MAGIC);
    ot_put_u32(bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_VERSION, OT_FORMAT_VERSION);
    if (ot_get_u32(bytes) > size) /* there the tables begin */
        ot_put_u32(bytes, (uint32_t)size);
}

static void write_file(const uint8_t *data, size_t size)
{
    size_t sums_len = (size / OT_FORMAT_BLOCK_LEN + 1) * OT_FORMAT_BLOCK_SUM_LEN;
    uint8_t *bytes = malloc(size), *sums = malloc(sums_len);
    int fd;

    if (bytes == NULL || sums == NULL)
        abort();
    if (path[0] == '\0') {
        strcpy(path, "/tmp/orgtrust-fuzz-XXXXXX");
        if (mkdtemp(path) == NULL)
            abort();
        strcat(path, "/snapshot");
    }
    memcpy(bytes, data, size);
    make_head(bytes, size);
    ot_snapshot_seal(bytes, size, sums);
    sums_len = ot_format_blocks(size - ot_get_u32(bytes)) * OT_FORMAT_BLOCK_SUM_LEN;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
        write(fd, sums, sums_len) != (ssize_t)sums_len)
        abort();
    close(fd);
    free(bytes);
    free(sums);
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

    if (size < OT_FORMAT_HEAD_AT + OT_FORMAT_H_SCOPE)
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
