/* Which certificates the sources of a configuration say no to (meaning = distrust), and
 * for which purposes: one that is active there, and every other with the same name and
 * the same key.
 *
 * Found out when a certificate is read and not at a sync: so a no counts whenever and in
 * whatever order the sources were synced, and for what was trusted long before. A
 * configuration without such a source costs nothing.
 *
 * Thread-safe, also in a forked child, as a cache is. */
#ifndef OT_CACHE_DISTRUST_H
#define OT_CACHE_DISTRUST_H

#include <stdbool.h>

#include "base/error.h"

struct ot_config;
struct ot_record;
struct ot_snapshot;
struct ot_source;

struct ot_distrust;

/* The configuration must outlive it. NULL in *out, and OT_OK, where no source distrusts.
 * Touches no file. */
enum ot_status ot_distrust_new(struct ot_distrust **out, const struct ot_config *config,
                               struct ot_error *err);
void ot_distrust_free(struct ot_distrust *distrust); /* NULL is fine */

/* Looks for newer snapshots of these sources: one stat for each. flags: enum
 * ot_cache_flag. One that cannot be read leaves what was known of it, and has no say
 * where nothing was: it must not cost the trust of others. NULL is fine. */
void ot_distrust_look(struct ot_distrust *distrust, unsigned flags);

/* The same of what they say as ot_cache_changes of a cache. NULL: 0. */
unsigned ot_distrust_changes(const struct ot_distrust *distrust);

/* Whether the last look has found, or an earlier one had, what each of these sources says
 * no to. NULL: yes. */
bool ot_distrust_is_known(struct ot_distrust *distrust);

/* Whether some of these sources deny some purposes only. NULL: none. */
bool ot_distrust_is_partial(const struct ot_distrust *distrust);

/* The purposes (enum ot_purpose) for which sources say no to a certificate, as of the
 * last look; 0: for none. *by, which may be NULL, is the first of them, or NULL. Where a
 * snapshot is damaged at the very place that would tell, it does. Touches no file. */
unsigned ot_distrust_purposes(struct ot_distrust *distrust,
                              const struct ot_record *record,
                              const struct ot_source **by);

/* The first source that says no to it where nothing remains of these purposes; else NULL.
 */
const struct ot_source *ot_distrust_source(struct ot_distrust *distrust,
                                           const struct ot_record *record,
                                           unsigned purposes);

/* Hands on what is active in these sources and denied for all of these purposes, as of
 * the last look, until func fails; the record's spans lie in the snapshot. */
enum ot_status ot_distrust_each(struct ot_distrust *distrust, unsigned purposes,
                                enum ot_status (*func)(void *arg,
                                                       struct ot_snapshot *snapshot,
                                                       const struct ot_record *record,
                                                       struct ot_error *err),
                                void *arg, struct ot_error *err);

/* Marks a record, of a source with these purposes, as withheld from those that must not
 * have it: from everybody where nothing remains of them, else from files, which cannot
 * tell what their anchors are for. The reason lives as long as distrust. Returns what is
 * denied of these purposes, which is in the record's flags, too (OT_RECORD_DENIED). */
unsigned ot_distrust_mark(struct ot_distrust *distrust, struct ot_record *record,
                          unsigned purposes);

#endif
