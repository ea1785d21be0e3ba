/* The rules of fitness on any bytes, whether OpenSSL takes them or not: no crash, a
 * reason exactly where something is withheld, the same answer twice; and what they call
 * fit for every place, OpenSSL reads whole. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "cert/fitness_internal.h"
#include "cert/fitness_verdict_internal.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_fitness first, second;

    ot_fitness_check(&first, ot_span_of(data, size), true, true, OT_SPAN_ABSENT);
    ot_fitness_check(&second, ot_span_of(data, size), true, true, OT_SPAN_ABSENT);
    must((first.withheld != 0) == (first.reason[0] != '\0'));
    must((first.withheld & ~(uint32_t)OT_RECORD_WITHHELD) == 0);
    must(first.withheld == second.withheld && strcmp(first.reason, second.reason) == 0);
    if (first.withheld == 0)
        check_fit(data, size);
    return 0;
}
