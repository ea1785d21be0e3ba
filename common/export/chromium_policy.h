/* The text of our policy file for Chromium and its kin: three lists, of which each holds
 * certificates as DER in base64, and the word that lists of several files are to be put
 * together. The same certificates always give the same bytes. */
#ifndef OT_EXPORT_CHROMIUM_POLICY_H
#define OT_EXPORT_CHROMIUM_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_anchors;

enum ot_chromium_list {
    OT_CHROMIUM_TRUSTED,     /* CACertificates */
    OT_CHROMIUM_CONSTRAINED, /* CACertificatesWithConstraints */
    OT_CHROMIUM_DISTRUSTED,  /* CADistrustedCertificates */
    OT_CHROMIUM_LISTS
};

/* Their names, up to a NULL; and the policy that has a browser put them together with the
 * same lists of other files. */
extern const char *const ot_chromium_lists[];
#define OT_CHROMIUM_MERGE "PolicyListMultipleSourceMergeList"

/* What is between the brackets of each list; NULL: the list is not there. */
struct ot_chromium_policy {
    char *items[OT_CHROMIUM_LISTS];
};

/* Of anchors: one whose name constraints permit DNS names or addresses goes into the
 * second list, with the same as constraints from outside, and any other into the first.
 * What Chromium's constraints cannot express (mail, what is excluded, a kind that is not
 * permitted at all) the certificate itself says, and Chromium holds it to that. */
enum ot_status ot_chromium_policy_trust(struct ot_chromium_policy *policy,
                                        const struct ot_anchors *anchors,
                                        struct ot_error *err);
/* Of what is distrusted: Chromium refuses every certificate of the same key. */
enum ot_status ot_chromium_policy_distrust(struct ot_chromium_policy *policy,
                                           const struct ot_anchors *distrusted,
                                           struct ot_error *err);

/* One list becomes what it is in text, which is ours. */
enum ot_status ot_chromium_policy_keep(struct ot_chromium_policy *policy,
                                       enum ot_chromium_list list, const char *text,
                                       struct ot_error *err);

/* NULL: out of memory. The caller frees it. */
char *ot_chromium_policy_text(const struct ot_chromium_policy *policy);
bool ot_chromium_policy_is_ours(const char *text);
void ot_chromium_policy_clear(struct ot_chromium_policy *policy);

#endif
