/* Certificates for tests, made on the spot. */
#ifndef OT_TESTS_TLS_FILES_H
#define OT_TESTS_TLS_FILES_H

#include <stdbool.h>

/* Writes the certificate of a new CA, and a certificate that it issued with its key, as
 * PEM files. alt_name is "IP:127.0.0.1" or "DNS:localhost". Aborts where OpenSSL fails.
 */
void tls_files_make(const char *ca_file, const char *cert_file, const char *key_file,
                    const char *alt_name, bool expired);

#endif
