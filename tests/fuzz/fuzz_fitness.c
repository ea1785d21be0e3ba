/* The rules of fitness on any bytes, whether OpenSSL takes them or not: no crash, a
 * reason exactly where something is withheld, the same answer twice; and what they call
 * fit for every place, OpenSSL reads whole, and as we do where we read it ourselves. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "cert/fitness_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "cert/reading_internal.h"
#include "snapshot/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void check_fit(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    X509 *x509 = d2i_X509(NULL, &at, (long)size);

    must(x509 != NULL && at == data + size);
    X509_free(x509);
    ERR_clear_error();
}

static void check_plain(struct ot_span der)
{
    struct ot_reading plain, whole;
    uint8_t *held = NULL;

    if (!ot_reading_plain(&plain, der))
        return;
    must(ot_reading_by_openssl(&whole, &held, der, NULL) == OT_OK);
    must(ot_span_equal(plain.key, whole.key));
    must(ot_span_equal(plain.key_id, whole.key_id));
    must(ot_span_equal(plain.authority_key_id, whole.authority_key_id));
    must(plain.barred == whole.barred && plain.is_ca == whole.is_ca);
    must(plain.names_own_key == whole.names_own_key && plain.is_sound == whole.is_sound);
    free(held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_fitness first, second;

    ot_fitness_check(&first, ot_span_of(data, size), OT_SPAN_ABSENT);
    ot_fitness_check(&second, ot_span_of(data, size), OT_SPAN_ABSENT);
    must((first.withheld != 0) == (first.reason[0] != '\0'));
    must((first.withheld & ~(uint32_t)OT_RECORD_WITHHELD) == 0);
    must(first.withheld == second.withheld && strcmp(first.reason, second.reason) == 0);
    if (first.withheld == 0) {
        check_fit(data, size);
        check_plain(ot_span_of(data, size));
    }
    return 0;
}
