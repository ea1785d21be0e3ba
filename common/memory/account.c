#include "memory/account.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/source.h"
#include "config/source_path.h"
#include "memory/account_internal.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

/* Numbers of a memory that begins anew are above those of an earlier one: no machine has
 * a million news in a second. */
#define NUMBERS_PER_SECOND 1000000u

static uint32_t trusting_places(const struct ot_record *record, int64_t now)
{
    static const uint32_t places[] = {OT_RECORD_WITHHELD_OPENSSL,
                                      OT_RECORD_WITHHELD_TOKEN, OT_RECORD_WITHHELD_FILES,
                                      OT_RECORD_WITHHELD_JAVA};
    uint32_t found = 0;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (ot_record_is_anchor(record, places[i], now))
            found |= places[i];
    return found;
}

static struct ot_known known_of(const struct ot_source *source,
                                const struct ot_record *record, int64_t now)
{
    struct ot_known known = {
        .id = record->field[OT_FIELD_ID],
        .name = record->field[OT_FIELD_NAME],
        .is_active = (record->flags & OT_RECORD_ACTIVE) != 0,
        .places = trusting_places(record, now),
    };
    struct ot_span digest = record->field[OT_FIELD_DIGESTS].data != NULL
                                ? ot_record_original_digest(record, OT_DIGEST_SHA2_256)
                                : OT_SPAN_ABSENT;

    known.has_sha256 = digest.data != NULL;
    if (ot_source_distrusts(source))
        known.places = known.is_active && known.has_sha256 ? OT_RECORD_DISTRUSTED : 0;
    if (known.has_sha256)
        memcpy(known.sha256, digest.data, OT_SHA256_LEN);
    return known;
}

/* When a certificate that is active begins or ceases to be valid, if that comes sooner
 * than again_at. */
static void look_ahead(int64_t *again_at, const struct ot_record *record, int64_t now)
{
    int64_t when = now < record->valid_at ? record->valid_at : record->expires_at + 1;

    if ((record->flags & OT_RECORD_ACTIVE) != 0 &&
        (record->flags & OT_RECORD_QUARANTINED) == 0 && when > now && when < *again_at)
        *again_at = when;
}

static int compare_known(const void *a, const void *b)
{
    const struct ot_known *x = a, *y = b;

    return ot_span_compare(x->id, y->id);
}

/* What a snapshot holds, by id, into the memory. */
static enum ot_status list_known(struct ot_memory *memory, const struct ot_source *source,
                                 struct ot_snapshot *snapshot, int64_t now,
                                 struct ot_error *err)
{
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    memory->again_at = INT64_MAX;
    if (status == OT_OK) {
        memory->known = calloc(all.count + 1u, sizeof(*memory->known));
        status = memory->known == NULL ? ot_error_nomem(err) : OT_OK;
    }
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status != OT_OK)
            break;
        memory->known[memory->known_count++] = known_of(source, &record, now);
        look_ahead(&memory->again_at, &record, now);
    }
    if (status == OT_OK && memory->known_count > 0)
        qsort(memory->known, memory->known_count, sizeof(*memory->known), compare_known);
    return status;
}

/* Whose account it is: the file that is mapped. */
static void name_snapshot(struct ot_memory *memory, const struct ot_source *source,
                          struct ot_snapshot *snapshot)
{
    char path[PATH_MAX];
    struct stat st;

    memory->written_at = ot_snapshot_info(snapshot)->written_at;
    if (ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK &&
        lstat(path, &st) == 0 && ot_snapshot_is_file(snapshot, &st)) {
        memory->inode = st.st_ino;
        memory->bytes = (uint64_t)st.st_size;
    }
}

/* Nothing can have changed: the same file, and no certificate's time has come. */
static bool is_accounted_for(struct ot_news_range *range, const struct ot_source *source,
                             struct ot_snapshot *snapshot, int64_t now)
{
    struct ot_memory head, wanted = {0};

    if (!ot_memory_read_head(&head, source))
        return false;
    name_snapshot(&wanted, source, snapshot);
    range->from = range->to = head.next;
    return wanted.bytes > 0 && head.inode == wanted.inode && head.bytes == wanted.bytes &&
           head.written_at == wanted.written_at && head.at <= now && now < head.again_at;
}

/* What was known before: by the memory, else by the snapshot of before. */
static enum ot_status read_before(struct ot_account *account,
                                  const struct ot_source *source,
                                  struct ot_snapshot *before, struct ot_error *err)
{
    struct ot_memory *memory = &account->before;
    enum ot_status status = ot_memory_read(memory, source, err);

    if (status == OT_E_CORRUPT) {
        ot_error_clear(err);
        status = OT_OK;
    }
    if (status != OT_OK || memory->is_there)
        return status;
    account->is_first = before == NULL;
    memory->began_at = account->now;
    memory->next.number = (uint64_t)account->now * NUMBERS_PER_SECOND;
    memory->last = memory->next;
    return before != NULL ? list_known(memory, source, before, account->now, err) : OT_OK;
}

/* The old news before the new, the oldest left out. */
static enum ot_status join_news(struct ot_account *account, struct ot_error *err)
{
    struct ot_memory *before = &account->before, *after = &account->after;
    size_t kept = OT_NEWS_KEPT_MAX - after->news_count;
    struct ot_news *all = calloc(OT_NEWS_KEPT_MAX, sizeof(*all));

    if (all == NULL)
        return ot_error_nomem(err);
    if (kept > before->news_count)
        kept = before->news_count;
    if (kept > 0)
        memcpy(all, before->news + (before->news_count - kept), kept * sizeof(*all));
    if (after->news_count > 0)
        memcpy(all + kept, after->news, after->news_count * sizeof(*all));
    free(after->news);
    after->news = all;
    after->news_count += kept;
    return OT_OK;
}

static enum ot_status account_for(struct ot_account *account, struct ot_news_range *range,
                                  const struct ot_source *source,
                                  struct ot_snapshot *before, struct ot_error *err)
{
    struct ot_memory *after = &account->after;
    enum ot_status status = read_before(account, source, before, err);

    if (status == OT_OK)
        status = list_known(after, source, account->snapshot, account->now, err);
    if (status != OT_OK)
        return status;
    after->began_at = account->before.began_at;
    after->next = account->before.next;
    after->at = account->now;
    name_snapshot(after, source, account->snapshot);
    status = ot_account_compare(account, err);
    if (status != OT_OK)
        return status;
    after->last = after->next.number > account->before.next.number ? account->before.next
                                                                   : account->before.last;
    status = join_news(account, err);
    if (status == OT_OK)
        status = ot_memory_write(after, source, err);
    if (status == OT_OK)
        *range = (struct ot_news_range){account->before.next, after->next};
    return status;
}

enum ot_status ot_memory_account(struct ot_news_range *range,
                                 const struct ot_source *source,
                                 struct ot_snapshot *snapshot, struct ot_snapshot *before,
                                 int64_t now, struct ot_error *err)
{
    struct ot_account account = {.source = source, .snapshot = snapshot, .now = now};
    enum ot_status status;

    if (is_accounted_for(range, source, snapshot, now))
        return OT_OK;
    *range = (struct ot_news_range){0};
    status = account_for(&account, range, source, before, err);
    ot_memory_clear(&account.after);
    ot_memory_clear(&account.before);
    return status;
}
