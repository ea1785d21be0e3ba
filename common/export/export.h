/* Files that the configuration wants kept in step with snapshots, and the commands to be
 * run after a change: what they are, bringing them up to date, and how that went.
 *
 * Everything is decided by what lies on the disk, not by what this process has just done:
 * whoever comes next finishes what a dead one began. Beside the snapshots of the first
 * source the directory .exports holds, for each export, KIND-HASH.done (what is in place)
 * and KIND-HASH.state (as cache/state.h, why it is not), and the locks. */
#ifndef OT_EXPORT_EXPORT_H
#define OT_EXPORT_EXPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "export/format.h"

struct ot_config;
struct ot_source;
struct ot_state;

enum ot_export_kind {
    OT_EXPORT_BUNDLE,
    OT_EXPORT_DIR,
    OT_EXPORT_JAVA,
    OT_EXPORT_CONTAINERS, /* a directory as mount_dir.h says */
    OT_EXPORT_SYSTEM,
    OT_EXPORT_CHROMIUM,
    OT_EXPORT_ON_CHANGE, /* after all others */
    OT_EXPORT_KIND_COUNT
};

enum ot_export_outcome {
    OT_EXPORT_UNCHANGED, /* as it should be already; a command: not due */
    OT_EXPORT_WRITTEN,   /* a command: run */
    OT_EXPORT_KEPT,      /* left as it was, why says for what reason; no failure */
    OT_EXPORT_FAILED
};

struct ot_export {
    enum ot_export_kind kind;
    const char *target; /* path or command, of a source; NULL for the machine's:
                           the system's store and the browsers' policies */
    uint64_t sources;   /* bit i: ot_config_at(config, i) takes part */
    bool says_no;       /* of these two: a source that distrusts wants it, too */
    enum ot_export_outcome outcome; /* this and what follows after ot_exports_run */
    size_t anchors;
    struct ot_error why; /* of KEPT and FAILED */
};

struct ot_exports {
    const struct ot_config *config;
    char dir[PATH_MAX]; /* .exports; set when count > 0 */
    size_t count;
    struct ot_export items[]; /* room for one of each kind for each source */
};

_Static_assert(OT_SOURCES_MAX <= 64, "a bit for each source");

struct ot_exports_options {
    /* Bit i: that nothing is active in source i any more was confirmed. */
    uint64_t believe_empty;
    bool accept_empty; /* an export may become empty, whatever the reason */
    const volatile int *stop;
    /* Called once where another process has the exports: who. May be NULL. */
    void (*waits)(void *arg, const char *holder);
    void *arg;
};

/* The exports that the configuration, which must outlive them, wants; none is OT_OK.
 * Sources that name the same target have their anchors in it together. OT_E_CONFIG:
 * these would not agree in what they are trusted for, or one target is of two kinds. The
 * caller frees *out with free(). */
enum ot_status ot_exports_new(struct ot_exports **out, const struct ot_config *config,
                              struct ot_error *err);

/* Whether the system was told a no that is this configuration's to take back, or nobody's
 * any more. Only root's. */
bool ot_exports_say_no(const struct ot_exports *exports);

/* Takes up, if nothing else does, the system's anchors and the browsers' policies that no
 * source wants any more. */
void ot_exports_add_abandoned(struct ot_exports *exports);

/* Brings every export up to date, then runs the commands that are due. One that goes
 * wrong does not stop the others; returns the status of the first FAILED one that is not
 * a command, err is then empty, or of what kept all of them from being done. That is
 * OT_E_BUSY where the files of the configuration say something else by now: under the
 * lock they are looked at before the first change and after the last. */
enum ot_status ot_exports_run(struct ot_exports *exports,
                              const struct ot_exports_options *options,
                              struct ot_error *err);

/* The same for what the configuration says now, however often it is changed meanwhile.
 * *config was loaded by the caller, and is replaced, by NULL where there is none any
 * more; *out is the caller's to free, and NULL after some failures. */
enum ot_status ot_exports_follow(struct ot_exports **out, struct ot_config **config,
                                 const struct ot_exports_options *options,
                                 struct ot_error *err);

/* How the last attempt went: state->failures is 0 when all is well. */
enum ot_status ot_exports_state(const struct ot_exports *exports,
                                const struct ot_export *item, struct ot_state *state,
                                struct ot_error *err);

/* From which place (OT_RECORD_WITHHELD_…) its readers take their anchors; with
 * OT_RECORD_NAMES_LIMITED where Java reads it, too: the system's store, where the
 * distribution makes that of the JDKs from it. */
uint32_t ot_export_place(enum ot_export_kind kind);

/* Whether the anchors of a source are kept from the system's store although it wants them
 * there: it has names, and Java's store is made of the system's. */
bool ot_export_spares_system(const struct ot_source *source);

/* In which format its file or directory is; OT_FORMAT_COUNT: it has none of its own. */
enum ot_export_format ot_export_format_of(enum ot_export_kind kind);

/* "bundle", "dir", "java", "containers", "system", "chromium", "on_change". */
const char *ot_export_word(enum ot_export_kind kind);
/* "bundle /path", "the system's anchors", "Chromium's policies", "on_change"; a command
 * is never shown. */
void ot_export_describe(char *buf, size_t size, const struct ot_export *item);

/* Whether a source of this configuration has a part in it: by its anchors, or by a no of
 * its own to those of others. */
bool ot_export_is_of(const struct ot_exports *exports, const struct ot_export *item,
                     const struct ot_source *source);

/* The bit of a source of this configuration. */
uint64_t ot_exports_bit(const struct ot_config *config, const struct ot_source *source);

#endif
