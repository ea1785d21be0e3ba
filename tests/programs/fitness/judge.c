/* For each DER file that is named, a line: the file, the places that it is withheld from
 * ("-" for none, "quarantined"), whether it is a CA, and why; parted by tabs. */
#include <stdio.h>
#include <stdlib.h>

#include "cert/cert.h"
#include "snapshot/record.h"

static uint8_t bytes[1 << 20];

static const struct {
    uint32_t place;
    const char *word;
} places[] = {{OT_RECORD_WITHHELD_OPENSSL, "openssl"},
              {OT_RECORD_WITHHELD_TOKEN, "token"},
              {OT_RECORD_WITHHELD_FILES, "files"},
              {OT_RECORD_WITHHELD_JAVA, "java"}};

static void judge(const char *path, size_t len)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_record record = {.flags = 0};
    struct ot_cert *cert = NULL;
    const char *before = "";

    if (ot_cert_parse(&cert, bytes, len, &err) != OT_OK) {
        printf("%s\tquarantined\tno\t%s\n", path, err.message);
        return;
    }
    ot_cert_fill(cert, &record);
    printf("%s\t", path);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if ((record.flags & places[i].place) != 0) {
            printf("%s%s", before, places[i].word);
            before = ",";
        }
    printf("%s\t%s\t%.*s\n", before[0] == '\0' ? "-" : "",
           (record.flags & OT_RECORD_CA) != 0 ? "yes" : "no",
           (int)record.field[OT_FIELD_WITHHELD].len,
           record.field[OT_FIELD_WITHHELD].data != NULL
               ? (const char *)record.field[OT_FIELD_WITHHELD].data
               : "");
    ot_cert_free(cert);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");

        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        judge(argv[i], fread(bytes, 1, sizeof(bytes), file));
        fclose(file);
    }
    return 0;
}
