/* Where programs look for authorities by default, and what makes them look elsewhere.
 *
 * A row is a fact about a program as distributions and its makers ship it; one that was
 * built otherwise may differ, which is why nothing here is ever called proved. The table
 * in docs/clients.md shows the same rows. */
#include "doctor/programs_internal.h"

#include <stddef.h>

const struct ot_program_row ot_program_rows[] = {
    /* The file of the system's store, /etc/ssl/certs/ca-certificates.crt or its kin. */
    {"curl", OT_READS_SYSTEM, "CURL_CA_BUNDLE", true, NULL},
    {"wget", OT_READS_SYSTEM, NULL, false, "wget --ca-certificate=FILE"},
    {"git", OT_READS_SYSTEM, "GIT_SSL_CAINFO", false, NULL},
    {"openssl", OT_READS_SYSTEM, "SSL_CERT_FILE", true, "-CAstore orgtrust:///"},
    {"php", OT_READS_SYSTEM, "SSL_CERT_FILE", true, "openssl.cafile in php.ini"},
    {"ruby", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"bundle", OT_READS_SYSTEM, "SSL_CERT_FILE", true, "bundle config ssl_ca_cert FILE"},
    {"socat", OT_READS_SYSTEM, "SSL_CERT_FILE", true, "the option cafile=FILE"},
    /* crypto/x509 of Go: a list of places, the system's store first. */
    {"go", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"gh", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"kubectl", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"helm", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"terraform", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    {"podman", OT_READS_SYSTEM, "SSL_CERT_FILE", true, NULL},
    /* Its daemon reads them once, and what runs in a container has a store of its own. */
    {"docker", OT_READS_SYSTEM, NULL, false,
     "/etc/docker/certs.d/HOST/ca.crt; a container has a store of its own"},
    {"cargo", OT_READS_SYSTEM, "CARGO_HTTP_CAINFO", true, NULL},
    /* The ssl module; what brings certifi has the row below. */
    {"python3", OT_READS_SYSTEM, "SSL_CERT_FILE", true,
     "requests and others that bring certifi: REQUESTS_CA_BUNDLE=FILE"},
    /* Lists of their own, compiled in or installed with them. */
    {"pip", OT_READS_OWN, "PIP_CERT", true,
     "Debian's pip, and pip from 24.2 on, read the system's store"},
    {"node", OT_READS_OWN, "NODE_EXTRA_CA_CERTS", false,
     "Debian's node reads the system's store"},
    {"bun", OT_READS_OWN, "NODE_EXTRA_CA_CERTS", false, NULL},
    {"deno", OT_READS_OWN, "DENO_CERT", false, "DENO_TLS_CA_STORE=system"},
    {"uv", OT_READS_OWN, "SSL_CERT_FILE", true, "uv --native-tls"},
    {"conda", OT_READS_OWN, "REQUESTS_CA_BUNDLE", true,
     "conda config --set ssl_verify FILE"},
    {"aws", OT_READS_OWN, "AWS_CA_BUNDLE", true, NULL},
    {"az", OT_READS_OWN, "REQUESTS_CA_BUNDLE", true, NULL},
    {"gcloud", OT_READS_OWN, NULL, false,
     "gcloud config set core/custom_ca_certs_file FILE"},
    /* libpq believes anybody unless it is told whom. */
    {"psql", OT_READS_OWN, "PGSSLROOTCERT", true, "sslmode=verify-full sslrootcert=FILE"},
    /* Their programs see files of theirs, not those of the machine. */
    {"snap", OT_READS_INSIDE, NULL, false,
     "a browser from a Debian package in place of the snap"},
    {"flatpak", OT_READS_INSIDE, NULL, false,
     "a browser from a Debian package in place of the flatpak"},
    {0},
};
