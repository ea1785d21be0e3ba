/* Programs that read a whole file of certificates, as the libraries do that others trust
 * by: GnuTLS and Java throw a whole store away for one certificate that they cannot
 * parse. How many each of them counts is compared with how many there are. */
#ifndef OT_CLI_DOCTOR_READERS_INTERNAL_H
#define OT_CLI_DOCTOR_READERS_INTERNAL_H

#include "base/error.h"
#include "export/format.h"

struct ot_anchors;
struct ot_doctor;
struct ot_whole_set;

#define OT_READERS_NAMES_MAX 64

/* A real file, for a finding of this part and subject. */
struct ot_real_file {
    const char *part, *subject, *fix; /* the latter two may be NULL */
    const char *path;                 /* NULL: a directory; its files are read as one */
    enum ot_export_format format;     /* PEM or P12 */
    const struct ot_whole_set *set;   /* what is in it */
};

/* Has each reader that is installed read it. names: of those that read it whole, as text
 * for a sentence; "": none, or nothing is in it. For each that does not, adds a finding
 * that says how many it reads and, where one alone is the reason, over which it stumbles;
 * *good is then false. */
enum ot_status ot_readers_try(struct ot_doctor *doctor, const struct ot_real_file *file,
                              char names[OT_READERS_NAMES_MAX], bool *good,
                              struct ot_error *err);

/* Over which one of the certificates this program stumbles when it reads them in a file
 * of this format, into odd; "": over no single one of them. */
#define OT_READERS_ODD_MAX 256
enum ot_status ot_readers_find_odd(struct ot_doctor *doctor, const char *program,
                                   enum ot_export_format format,
                                   const struct ot_anchors *certs,
                                   char odd[OT_READERS_ODD_MAX], struct ot_error *err);

/* Of what a program wrote: the number behind the last of these words, 0 without them; and
 * how many entries keytool lists. */
size_t ot_readers_number(const char *text, const char *words);
size_t ot_readers_entries(const char *text);

#endif
