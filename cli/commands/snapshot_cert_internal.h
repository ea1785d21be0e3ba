/* The one certificate of a snapshot that a person names, and since when it is trusted. */
#ifndef OT_CLI_COMMANDS_SNAPSHOT_CERT_INTERNAL_H
#define OT_CLI_COMMANDS_SNAPSHOT_CERT_INTERNAL_H

#include "commands/source_use.h"
#include "snapshot/record.h"

/* By its id, or by its name or label where no other has that; also one that is
 * quarantined. OT_E_NOT_FOUND, or OT_E_USAGE with the ids of those that share the name.
 * The record lies in the snapshot. */
enum ot_status ot_snapshot_cert_find(struct ot_record *record,
                                     const struct ot_snapshot_use *use, const char *what,
                                     struct ot_error *err);

/* Since when this machine trusts a certificate of a source, in Unix seconds; 0: it does
 * not, or did before it began to remember. */
int64_t ot_trusted_since(const struct ot_source *source, struct ot_span id);

#endif
