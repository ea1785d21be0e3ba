#include "doctor/clients_internal.h"

#include <stdio.h>

#include "base/error.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "files/file.h"

enum ot_status ot_client_openssl(const struct ot_bench *bench, enum ot_trials_kind kind,
                                 struct ot_three_trials *trials, struct ot_error *err)
{
    char address[32];
    const char *const argv[] = {"openssl",
                                "s_client",
                                "-connect",
                                address,
                                "-servername",
                                "localhost",
                                "-verify_hostname",
                                "localhost",
                                "-verify_return_error",
                                "-brief",
                                "-no-CAfile",
                                "-no-CApath",
                                "-CAstore",
                                "orgtrust:///",
                                NULL};

    snprintf(address, sizeof(address), "127.0.0.1:%u", ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, NULL, NULL, trials, err);
}

enum ot_status ot_client_gnutls(const struct ot_bench *bench, enum ot_trials_kind kind,
                                struct ot_three_trials *trials, struct ot_error *err)
{
    char port[16];
    const char *const argv[] = {"gnutls-cli",
                                "--x509cafile",
                                "pkcs11:token=orgtrust",
                                "--port",
                                port,
                                "--sni-hostname",
                                "localhost",
                                "--verify-hostname",
                                "localhost",
                                "127.0.0.1",
                                NULL};

    snprintf(port, sizeof(port), "%u", ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, NULL, NULL, trials, err);
}

enum ot_status ot_client_nss(const struct ot_bench *bench, enum ot_trials_kind kind,
                             const char *database, struct ot_three_trials *trials,
                             struct ot_error *err)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char port[16], path[OT_SCRATCH_PATH_MAX];
    const char *const argv[] = {"tstclnt",   "-4", "-d", database, "-h",
                                "localhost", "-p", port, "-V",     "tls1.2:tls1.3",
                                "-A",        path, NULL};
    enum ot_status status;

    /* Without one it would wait for more input than there is. */
    ot_scratch_path(path, &bench->scratch, "request");
    status = ot_file_replace(path, request, sizeof(request) - 1, 0600, err);
    snprintf(port, sizeof(port), "%u", ot_tls_server_port(bench->server));
    if (status == OT_OK)
        status = ot_bench_try(bench, kind, argv, NULL, NULL, trials, err);
    return status;
}
