/* The one certificate of a snapshot that a person names, and since when it is trusted. */
#ifndef OT_CLI_COMMANDS_SNAPSHOT_CERT_INTERNAL_H
#define OT_CLI_COMMANDS_SNAPSHOT_CERT_INTERNAL_H

#include "base/limits.h"
#include "commands/source_use.h"
#include "snapshot/record.h"

/* By its id, else by its name or label where no other has that, else by the beginning of
 * its id where no other begins so; also one that is quarantined. OT_E_NOT_FOUND, or
 * OT_E_USAGE with the ids of those that share the name. The record lies in the snapshot.
 */
enum ot_status ot_snapshot_cert_find(struct ot_record *record,
                                     const struct ot_snapshot_use *use, const char *what,
                                     struct ot_error *err);

/* The id of that certificate in the snapshot of a source (NULL: the source `default`);
 * what itself where that is not to be found: the certificate may be gone. */
const char *ot_snapshot_cert_id(char id[OT_ID_MAX + 1], const char *source,
                                const char *what);

/* Since when this machine trusts a certificate of a source, in Unix seconds; 0: it does
 * not, or did before it began to remember. */
int64_t ot_trusted_since(const struct ot_source *source, struct ot_span id);

#endif
