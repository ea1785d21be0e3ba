#include "sync/sync_partial_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "files/file.h"
#include "files/path.h"
#include "files/place.h"
#include "files/write_all.h"
#include "snapshot/snapshot_format.h"

#define MAGIC 0x5054524fu /* "ORTP" */
#define VERSION 1u

/* A frame: the checksum of what follows, the length of the value, the value. */
#define FRAME_AT_LEN 8
#define FRAME_AT_VALUE 12

/* A certificate: when it was made, the length of its id, id, DER. */
#define CERT_AT_ID_LEN 8
#define CERT_AT_ID 9

/* Longer than the longest frame; so much is written at a time. */
#define BUFFER_LEN ((size_t)4 * OT_CERT_DER_MAX)

struct kept {
    struct ot_span id, der;
    int64_t created_at;
};

struct ot_partial {
    const char *path, *scope;
    int fd;               /* of the file; -1: there is none of use */
    const uint8_t *bytes; /* mapped, as it was when it was loaded */
    size_t mapped;
    struct kept *kept; /* in the order of compare */
    size_t count;
    size_t len;     /* of the file that is whole frames */
    bool is_behind; /* fd stands at len, and nothing is behind it */
    bool is_given_up;
    size_t filled;
    uint8_t buffer[BUFFER_LEN]; /* frames that are not in the file yet */
};

enum ot_status ot_partial_new(struct ot_partial **out, const char *path,
                              const char *scope, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    (*out)->path = path;
    (*out)->scope = scope;
    (*out)->fd = -1;
    return OT_OK;
}

static void forget_partial(struct ot_partial *partial)
{
    if (partial->fd >= 0)
        close(partial->fd);
    if (partial->bytes != NULL)
        (void)munmap((void *)(uintptr_t)partial->bytes, partial->mapped);
    free(partial->kept);
    partial->fd = -1;
    partial->bytes = NULL;
    partial->kept = NULL;
    partial->mapped = partial->count = partial->len = partial->filled = 0;
    partial->is_behind = false;
}

void ot_partial_free(struct ot_partial *partial)
{
    if (partial != NULL)
        forget_partial(partial);
    free(partial);
}

/* By id and time of creation. */
static int compare_kept(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    size_t least = x->id.len < y->id.len ? x->id.len : y->id.len;
    int order = memcmp(x->id.data, y->id.data, least);

    if (order == 0)
        order = (x->id.len > y->id.len) - (x->id.len < y->id.len);
    return order != 0 ? order
                      : (x->created_at > y->created_at) - (x->created_at < y->created_at);
}

/* Takes the frame at the beginning of rest off; false: there is no whole one. */
static bool take_frame(struct ot_span *rest, struct ot_span *value)
{
    size_t len;

    if (rest->len < FRAME_AT_VALUE)
        return false;
    len = ot_get_u32(rest->data + FRAME_AT_LEN);
    if (len > rest->len - FRAME_AT_VALUE ||
        ot_get_u64(rest->data) !=
            ot_span_hash(ot_span_of(rest->data + FRAME_AT_LEN,
                                    FRAME_AT_VALUE - FRAME_AT_LEN + len)))
        return false;
    *value = ot_span_of(rest->data + FRAME_AT_VALUE, len);
    *rest = ot_span_of(value->data + len, rest->len - FRAME_AT_VALUE - len);
    return true;
}

/* Ends the frame whose value of so many bytes stands in the buffer behind what is filled.
 */
static void end_frame(struct ot_partial *partial, size_t len)
{
    uint8_t *frame = partial->buffer + partial->filled;

    ot_put_u32(frame + FRAME_AT_LEN, (uint32_t)len);
    ot_put_u64(frame, ot_span_hash(ot_span_of(frame + FRAME_AT_LEN,
                                              FRAME_AT_VALUE - FRAME_AT_LEN + len)));
    partial->filled += FRAME_AT_VALUE + len;
}

static bool parse_head(struct ot_span value, const char *scope)
{
    return value.len >= 8 && ot_get_u32(value.data) == MAGIC &&
           ot_get_u32(value.data + 4) == VERSION &&
           ot_span_equal(ot_span_of(value.data + 8, value.len - 8), ot_span_str(scope));
}

static bool parse_cert(struct ot_span value, struct kept *kept)
{
    size_t id_len;

    if (value.len < CERT_AT_ID)
        return false;
    id_len = value.data[CERT_AT_ID_LEN];
    if (id_len == 0 || id_len > OT_ID_MAX || value.len - CERT_AT_ID <= id_len ||
        value.len - CERT_AT_ID - id_len > OT_CERT_DER_MAX)
        return false;
    kept->created_at = (int64_t)ot_get_u64(value.data);
    kept->id = ot_span_of(value.data + CERT_AT_ID, id_len);
    kept->der = ot_span_of(kept->id.data + id_len, value.len - CERT_AT_ID - id_len);
    return true;
}

/* Frames up to the first that is not one. */
static void parse_certs(struct ot_partial *partial, struct ot_span rest)
{
    struct ot_span left = rest, value;
    struct kept kept;
    size_t count = 0;

    while (count < OT_CERTS_MAX && take_frame(&left, &value) && parse_cert(value, &kept))
        count++;
    partial->kept = calloc(count + 1, sizeof(*partial->kept));
    if (partial->kept == NULL) { /* for want of memory: as if there were no file */
        partial->is_given_up = true;
        count = 0;
    }
    for (; partial->count < count && take_frame(&rest, &value); partial->count++)
        parse_cert(value, &partial->kept[partial->count]);
    partial->len = partial->mapped - rest.len;
    if (partial->count > 0)
        qsort(partial->kept, partial->count, sizeof(*partial->kept), compare_kept);
}

/* Whether the file that is open may be used; if so it is mapped. */
static bool map_partial(struct ot_partial *partial)
{
    struct ot_span rest, head;
    struct stat st;
    void *bytes;

    if (fstat(partial->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        (uint64_t)st.st_size > OT_CONTENTS_BYTES_MAX ||
        ot_path_check_owner(partial->fd, &st, partial->path, NULL) != OT_OK)
        return false;
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, partial->fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    partial->bytes = bytes;
    partial->mapped = (size_t)st.st_size;
    rest = ot_span_of(partial->bytes, partial->mapped);
    if (!take_frame(&rest, &head) || !parse_head(head, partial->scope))
        return false;
    parse_certs(partial, rest);
    return true;
}

/* -1 and errno. */
static int open_partial(const struct ot_partial *partial, int flags)
{
    struct ot_place place;
    int fd, errnum;

    if (ot_place_open(&place, partial->path, false, NULL) != OT_OK) {
        errno = EACCES;
        return -1;
    }
    fd = openat(place.dir, place.name,
                O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, 0600);
    errnum = errno;
    ot_place_close(&place);
    errno = errnum;
    return fd;
}

void ot_partial_load(struct ot_partial *partial)
{
    forget_partial(partial);
    partial->fd = open_partial(partial, 0);
    if (partial->fd < 0 && errno == ENOENT)
        return;
    if (partial->fd < 0 || !map_partial(partial)) {
        forget_partial(partial);
        ot_file_remove(partial->path, NULL);
    }
}

bool ot_partial_find(const struct ot_partial *partial, const char *id, int64_t created_at,
                     struct ot_span *der)
{
    const struct kept wanted = {.id = ot_span_str(id), .created_at = created_at};
    const struct kept *found = NULL;

    if (partial->count > 0)
        found =
            bsearch(&wanted, partial->kept, partial->count, sizeof(wanted), compare_kept);
    if (found != NULL)
        *der = found->der;
    return found != NULL;
}

/* From here on nothing is kept; what is in the file stays as far as it is whole. */
static void give_up(struct ot_partial *partial)
{
    partial->is_given_up = true;
    partial->filled = 0;
    if (partial->fd >= 0 && partial->len == 0)
        ot_partial_remove(partial);
    else if (partial->fd >= 0 && ftruncate(partial->fd, (off_t)partial->len) != 0)
        partial->is_behind = false; /* what is torn is cut off when it is read */
}

/* Whether the file, which may have to be made, can be appended to. */
static bool go_behind(struct ot_partial *partial)
{
    if (partial->fd < 0)
        partial->fd = open_partial(partial, O_CREAT | O_EXCL);
    if (partial->fd >= 0 && !partial->is_behind)
        partial->is_behind =
            ftruncate(partial->fd, (off_t)partial->len) == 0 &&
            lseek(partial->fd, (off_t)partial->len, SEEK_SET) == (off_t)partial->len;
    return partial->is_behind;
}

void ot_partial_write(struct ot_partial *partial)
{
    if (partial->filled == 0)
        return;
    if (!go_behind(partial) ||
        !ot_write_all(partial->fd, partial->buffer, partial->filled)) {
        give_up(partial);
        return;
    }
    partial->len += partial->filled;
    partial->filled = 0;
}

static void add_head(struct ot_partial *partial)
{
    size_t scope_len = strlen(partial->scope);
    uint8_t *value = partial->buffer + FRAME_AT_VALUE;

    if (scope_len > OT_CERT_DER_MAX) {
        partial->is_given_up = true;
        return;
    }
    ot_put_u32(value, MAGIC);
    ot_put_u32(value + 4, VERSION);
    memcpy(value + 8, partial->scope, scope_len);
    end_frame(partial, 8 + scope_len);
}

void ot_partial_add(struct ot_partial *partial, const char *id, int64_t created_at,
                    struct ot_span der)
{
    size_t id_len = strlen(id), len = CERT_AT_ID + id_len + der.len;
    uint8_t *value;

    if (partial->len == 0 && partial->filled == 0 && !partial->is_given_up)
        add_head(partial);
    if (partial->filled + FRAME_AT_VALUE + len > BUFFER_LEN)
        ot_partial_write(partial);
    if (partial->is_given_up || len > BUFFER_LEN - FRAME_AT_VALUE ||
        partial->len + partial->filled + FRAME_AT_VALUE + len > OT_CONTENTS_BYTES_MAX)
        return;
    value = partial->buffer + partial->filled + FRAME_AT_VALUE;
    ot_put_u64(value, (uint64_t)created_at);
    value[CERT_AT_ID_LEN] = (uint8_t)id_len;
    memcpy(value + CERT_AT_ID, id, id_len);
    memcpy(value + CERT_AT_ID + id_len, der.data, der.len);
    end_frame(partial, len);
}

bool ot_partial_remove(struct ot_partial *partial)
{
    if (partial->fd < 0)
        return false;
    forget_partial(partial);
    ot_file_remove(partial->path, NULL);
    return true;
}
