/* The parts that ot_fitness_check looks at, each strictly as RFC 5280 has it. */
#ifndef OT_CERT_FITNESS_PARTS_INTERNAL_H
#define OT_CERT_FITNESS_PARTS_INTERNAL_H

#include "base/span.h"

struct ot_der_value;
struct ot_fitness;

/* What is wrong with the contents of a Name (§4.1.2.4), as words that follow "its
 * issuer"; NULL: nothing. An empty one is a Name. */
const char *ot_fitness_name_fault(struct ot_span content);

/* One RelativeDistinguishedName's contents. */
const char *ot_fitness_rdn_fault(struct ot_span content);

/* Where a GeneralName stands (§4.2.1.6, §4.2.1.10): its rules differ. */
enum ot_general_name_use {
    OT_GENERAL_NAME_PLAIN,
    OT_GENERAL_NAME_READ,   /* in a critical extension: Java parses what is in it */
    OT_GENERAL_NAME_SUBTREE /* a name constraint */
};
bool ot_fitness_is_general_name(const struct ot_der_value *value,
                                enum ot_general_name_use use);

/* One or more of them, contents of a GeneralNames. */
bool ot_fitness_is_general_names(struct ot_span content, enum ot_general_name_use use);

/* Extensions' contents, those of the [3] in TBSCertificate; a SubjectPublicKeyInfo's; an
 * AlgorithmIdentifier's. */
void ot_fitness_check_extensions(struct ot_fitness *out, struct ot_span content);
void ot_fitness_check_key(struct ot_fitness *out, struct ot_span content);
void ot_fitness_check_algorithm(struct ot_fitness *out, struct ot_span content);

#endif
