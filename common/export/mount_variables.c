/* Which runtimes read which variable. A row is what the runtime's own documents say:
 * nothing stands here that only makes a program ask for more than it did, such as
 * PGSSLROOTCERT, with which libpq refuses servers that it had not checked before. */
#include <stdio.h>
#include <string.h>

#include "export/mount_dir.h"

const struct ot_mount_variable ot_mount_variables[] = {
    /* OpenSSL, and so python's ssl, ruby, php; Go, .NET, rustls-native-certs, uv. */
    {"SSL_CERT_FILE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"SSL_CERT_DIR", OT_MOUNT_HASHED, true, NULL, NULL},
    {"NODE_EXTRA_CA_CERTS", OT_MOUNT_OURS, false, NULL, NULL}, /* node, npm, bun */
    {"DENO_CERT", OT_MOUNT_OURS, false, NULL, NULL},
    {"REQUESTS_CA_BUNDLE", OT_MOUNT_BUNDLE, true, NULL, NULL}, /* requests, az, conda */
    {"CURL_CA_BUNDLE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"GIT_SSL_CAINFO", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"AWS_CA_BUNDLE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"PIP_CERT", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"CARGO_HTTP_CAINFO", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"COMPOSER_CAFILE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"HEX_CACERTS_PATH", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"JULIA_SSL_CA_ROOTS_PATH", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"PERL_LWP_SSL_CA_FILE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"HTTPLIB2_CA_CERTS", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"WEBSOCKET_CLIENT_CA_BUNDLE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"NIX_SSL_CERT_FILE", OT_MOUNT_BUNDLE, true, NULL, NULL},
    {"LDAPTLS_CACERT", OT_MOUNT_BUNDLE, true, NULL, NULL},
    /* Every JVM, which says so on standard error. */
    {"JAVA_TOOL_OPTIONS", OT_MOUNT_STORE, true,
     "-Djavax.net.ssl.trustStore=", " -Djavax.net.ssl.trustStoreType=PKCS12"},
    {0},
};

char *ot_mount_value(const struct ot_mount_variable *variable, const char *dir)
{
    const char *before = variable->before != NULL ? variable->before : "";
    const char *after = variable->after != NULL ? variable->after : "";
    /* A JVM takes its options apart at blanks that are not quoted. */
    const char *quote =
        variable->before != NULL && strpbrk(dir, " \t") != NULL ? "\"" : "";
    char *value;

    return asprintf(&value, "%s%s%s/%s%s%s", quote, before, dir, variable->file, quote,
                    after) < 0
               ? NULL
               : value;
}
