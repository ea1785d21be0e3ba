/* Programs are tried with an anchor of doctor's own. Besides, limits hold where the
 * limited anchor is all that a program trusts of its key: who trusts the same key without
 * them, by the system's store, a database or another source, believes everything that it
 * signs. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "cache/cache.h"
#include "config/config.h"
#include "config/source.h"
#include "config/source_path.h"
#include "doctor/check_internal.h"
#include "doctor/databases_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/hold_internal.h"
#include "doctor/java_internal.h"
#include "doctor/scratch_internal.h"
#include "files/file.h"
#include "files/place.h"
#include "install/firefox.h"
#include "install/tool.h"
#include "machine/machine_trust.h"
#include "machine/system_store.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

#define PART "limits"

/* A list of nicknames, and one certificate in PEM. */
#define OUTPUT_BYTES ((size_t)4 << 20)

/* The anchors of one source as they are handed out, and how often they were found to be
 * trusted without their limits. */
struct limited {
    struct ot_doctor *doctor;
    const struct ot_source *source;
    struct ot_ca_marks marks;
    size_t places; /* that were looked at */
    bool is_void, is_unknown;
};

static enum ot_status add_anchors(struct ot_ca_marks *marks,
                                  const struct ot_source *source, struct ot_error *err)
{
    struct ot_cache *cache = NULL;
    struct ot_snapshot *snapshot = NULL;
    struct ot_positions all;
    enum ot_status status = ot_cache_new(&cache, source, err);

    if (status == OT_OK)
        status = ot_cache_get(cache, 0, &snapshot, err);
    if (status == OT_OK)
        status = ot_snapshot_all(snapshot, &all, err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_ca_mark mark = {0};
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK &&
            ot_record_is_anchor(&record, OT_RECORD_WITHHELD_OPENSSL, time(NULL)))
            status = ot_ca_mark_make(&mark, record.field[OT_FIELD_DER].data,
                                     record.field[OT_FIELD_DER].len, err);
        else
            continue;
        if (status == OT_OK)
            status = ot_ca_marks_add(marks, &mark, err);
    }
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
    ot_ca_marks_sort(marks);
    return status;
}

/* Of a place: which of our keys it trusts by another certificate than ours. */
static void compare_place(struct limited *limited, const struct ot_ca_marks *place,
                          const char *where, const char *way_out)
{
    size_t count = 0;
    char first[2 * OT_SHA256_LEN + 1] = "";

    limited->places++;
    for (size_t i = 0; i < place->count; i++) {
        const struct ot_ca_mark *mark = &place->items[i];

        if (!ot_ca_marks_has_key(&limited->marks, mark->key) ||
            ot_ca_marks_find(&limited->marks, mark->der, OT_SHA256_LEN) != NULL)
            continue;
        if (count++ == 0)
            ot_hex_write(first, mark->der, OT_SHA256_LEN);
    }
    if (count == 0)
        return;
    limited->is_void = true;
    ot_finding_add(&limited->doctor->findings, PART, OT_VERDICT_FAILS,
                   limited->source->name, NULL,
                   "the limits are void for who trusts %s: it has %zu of the same keys "
                   "without them, the first as the certificate with the SHA-256 %s; %s",
                   where, count, first, way_out);
}

/* A place that is there and was not compared. */
static void add_unread_place(struct limited *limited, const char *where, const char *why)
{
    limited->is_unknown = true;
    ot_finding_add(&limited->doctor->findings, PART, OT_VERDICT_NOT_PROVED,
                   limited->source->name, NULL,
                   "what %s trusts is not known, and may be the same keys without the "
                   "limits: %s",
                   where, why);
}

static enum ot_status look_at_bundle(struct limited *limited, struct ot_error *err)
{
    const char *bundle = ot_machine_bundle();
    struct ot_ca_marks place = {0};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status;

    if (bundle == NULL)
        return OT_OK;
    status = ot_ca_marks_add_file(&place, bundle, &why);
    if (status == OT_OK)
        compare_place(limited, &place, bundle,
                      "take it out of the system's store, as root");
    else if (status != OT_E_NOMEM)
        add_unread_place(limited, bundle, why.message);
    ot_ca_marks_clear(&place);
    return status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
}

/* Who put something into it by hand, or had it made anew, keeps what the system's store
 * lost. */
static enum ot_status look_at_java_store(struct limited *limited, struct ot_error *err)
{
    char path[OT_SCRATCH_PATH_MAX];
    struct ot_ca_marks place = {0};
    enum ot_status status = ot_java_store_read(path, &limited->doctor->bench, err);

    if (status == OT_OK)
        status = ot_ca_marks_add_file(&place, path, err);
    if (status == OT_OK)
        compare_place(limited, &place, OT_JAVA_STORE, OT_JAVA_STORE_ANEW);
    ot_ca_marks_clear(&place);
    if (status != OT_E_CORRUPT)
        return status == OT_E_NOT_FOUND ? OT_OK : status;
    add_unread_place(limited, OT_JAVA_STORE, err->message);
    ot_error_clear(err);
    return OT_OK;
}

/* OT_E_CORRUPT: it cannot read the database. */
static enum ot_status see_certutil(const struct limited *limited, const char *const *argv,
                                   char *text, struct ot_error *err)
{
    int exit_status;
    enum ot_status status;

    text[0] = '\0';
    status = ot_bench_run_real(&limited->doctor->bench, argv, limited->source->cache_dir,
                               text, OUTPUT_BYTES, &exit_status, err);
    return status == OT_OK && exit_status != 0
               ? ot_error_set(err, OT_E_CORRUPT, "certutil cannot read it")
               : status;
}

/* One certificate of a database, by its nickname. */
static enum ot_status add_nickname(const struct limited *limited, const char *database,
                                   const char *nickname, struct ot_ca_marks *place,
                                   struct ot_error *err)
{
    const char *const argv[] = {"certutil", "-L",     "-d", database,
                                "-n",       nickname, "-a", NULL};
    char path[OT_SCRATCH_PATH_MAX], *text = malloc(OUTPUT_BYTES);
    enum ot_status status;

    if (text == NULL)
        return ot_error_nomem(err);
    status = see_certutil(limited, argv, text, err);
    ot_scratch_path(path, &limited->doctor->bench.scratch, "of-database");
    if (status == OT_OK)
        status = ot_file_replace(path, text, strlen(text), 0600, err);
    if (status == OT_OK)
        status = ot_ca_marks_add_file(place, path, err);
    free(text);
    return status;
}

static void cut_blanks(char *line)
{
    for (size_t len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
        line[len - 1] = '\0';
}

/* "NICKNAME   CT,C,C  ": NICKNAME, where the flags say that it is a trusted authority. */
static bool cut_nickname(char *line)
{
    char *flags;

    cut_blanks(line);
    flags = strrchr(line, ' ');
    if (flags == NULL || strspn(flags + 1, "pPcCTuwg,") != strlen(flags + 1) ||
        strpbrk(flags, "CT") == NULL || strchr(flags, ',') == NULL)
        return false;
    *flags = '\0';
    cut_blanks(line);
    return line[0] != '\0';
}

/* Root does not load what another user's database names. */
static bool may_open_database(const char *dir)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof(path), "%s/cert9.db", dir) < PATH_MAX &&
           access(path, R_OK) == 0 &&
           (geteuid() != 0 || ot_place_check(dir, NULL) == OT_OK);
}

static enum ot_status look_at_database(void *arg, const char *dir, struct ot_error *err)
{
    struct limited *limited = arg;
    char *database = NULL, *text = malloc(OUTPUT_BYTES), *rest = text, *line;
    const char *argv[] = {"certutil", "-L", "-d", NULL, NULL};
    struct ot_ca_marks place = {0};
    enum ot_status status = OT_OK;

    if (!may_open_database(dir)) {
        free(text);
        return OT_OK;
    }
    if (text == NULL || asprintf(&database, "sql:%s", dir) < 0) {
        free(text);
        return ot_error_nomem(err);
    }
    argv[3] = database;
    status = see_certutil(limited, argv, text, err);
    while (status == OT_OK && (line = strsep(&rest, "\n")) != NULL)
        if (cut_nickname(line))
            status = add_nickname(limited, database, line, &place, err);
    if (status == OT_OK)
        compare_place(limited, &place, database,
                      "certutil -D, with its nickname, takes it out");
    if (status == OT_E_CORRUPT) {
        add_unread_place(limited, database, err->message);
        ot_error_clear(err);
        status = OT_OK;
    }
    ot_ca_marks_clear(&place);
    free(database);
    free(text);
    return status;
}

static enum ot_status look_at_databases(struct limited *limited, struct ot_error *err)
{
    const struct ot_install_env *env = &limited->doctor->env;
    enum ot_status status = ot_databases_each(env, look_at_database, limited, err);

    return status == OT_OK ? ot_firefox_profiles_each(env, look_at_database, limited, err)
                           : status;
}

/* Programs that trust one source trust the others as well: NSS all tokens, files those
 * that share a place. */
static enum ot_status look_at_sources(struct limited *limited, struct ot_error *err)
{
    const struct ot_config *config = limited->doctor->config;
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_config_count(config); i++) {
        const struct ot_source *other = ot_config_at(config, i);
        struct ot_error why = OT_ERROR_INIT;
        struct ot_ca_marks place = {0};
        char where[OT_SOURCE_NAME_MAX + 16];

        if (other == limited->source || ot_source_distrusts(other))
            continue;
        snprintf(where, sizeof(where), "the source %s", other->name);
        if (add_anchors(&place, other, &why) == OT_OK)
            compare_place(limited, &place, where, "give it the same names and not_after");
        else if (why.status == OT_E_NOMEM)
            status = ot_error_nomem(err);
        ot_ca_marks_clear(&place);
    }
    return status;
}

static enum ot_status check_limited(struct ot_doctor *doctor,
                                    const struct ot_source *source, struct ot_error *err)
{
    struct limited limited = {.doctor = doctor, .source = source};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = add_anchors(&limited.marks, source, &why);

    if (status != OT_OK && status != OT_E_NOMEM) {
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, source->name,
                       ot_fix_sync(doctor), "what is limited is not known: %s",
                       why.message);
        ot_ca_marks_clear(&limited.marks);
        return OT_OK;
    }
    if (status == OT_OK)
        status = look_at_bundle(&limited, err);
    if (status == OT_OK)
        status = look_at_java_store(&limited, err);
    if (status == OT_OK && ot_tool_exists("certutil"))
        status = look_at_databases(&limited, err);
    if (status == OT_OK)
        status = look_at_sources(&limited, err);
    if (status == OT_OK && !limited.is_void && !limited.is_unknown)
        ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_PROVED, source->name, NULL,
            "nothing else here (%zu of the system's bundle, Java's store, this "
            "user's NSS databases and Firefox profiles, and other sources "
            "were compared) trusts one of its %zu anchors' keys without the limits",
            limited.places, limited.marks.count);
    if (status == OT_OK && source->names != NULL)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, source->name, NULL,
                       "Java holds no anchor to its names: it is given none of these%s",
                       ot_system_makes_java()
                           ? ", and nor is the system's store, of which its own is made"
                           : "");
    ot_ca_marks_clear(&limited.marks);
    return status;
}

static enum ot_status check_all_limits(struct ot_doctor *doctor, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    size_t count = ot_config_count(doctor->config);
    bool found = false;

    for (size_t i = 0; status == OT_OK && i < count; i++) {
        const struct ot_source *source = ot_config_at(doctor->config, i);

        if (ot_source_limits(source) == 0)
            continue;
        found = true;
        status = check_limited(doctor, source, err);
    }
    if (!found)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "no source has names or not_after");
    return status == OT_OK ? ot_hold_try(doctor, PART, OT_TRIALS_NAMES, err) : status;
}

const struct ot_check ot_check_limits = {
    PART, "whether programs hold to the limits of a source, and all that they trust does",
    check_all_limits, true};
