/* A source: one scope of one API, and how it is fetched and used; a section of the
 * configuration. */
#ifndef OT_CONFIG_SOURCE_H
#define OT_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ot_purpose {
    OT_PURPOSE_SERVER = 1u << 0,
    OT_PURPOSE_CLIENT = 1u << 1,
    OT_PURPOSE_EMAIL = 1u << 2,
    OT_PURPOSE_CODE = 1u << 3
};
#define OT_PURPOSES_TLS (OT_PURPOSE_SERVER | OT_PURPOSE_CLIENT)
#define OT_PURPOSES_ALL (OT_PURPOSES_TLS | OT_PURPOSE_EMAIL | OT_PURPOSE_CODE)

/* What it says of a certificate that is active there. */
enum ot_meaning {
    OT_MEANING_TRUST,
    OT_MEANING_DISTRUST /* nobody on this machine believes it, whoever else trusts it */
};

#define OT_NEVER INT64_MAX /* max_stale = never */

/* Who named base_url. */
enum ot_url_origin { OT_URL_CONFIGURED, OT_URL_ENVIRONMENT, OT_URL_DEFAULT };

struct ot_source {
    char *name;     /* [A-Za-z0-9][A-Za-z0-9._-]*, at most OT_SOURCE_NAME_MAX */
    char *base_url; /* https, or http to a loopback address; no trailing slash */
    char
        *admin_key_file; /* NULL: the key comes from OPENAI_ADMIN_KEY, or there is none */
    char *project;       /* NULL: the organization */
    char *cache_dir;     /* absolute */
    char *ca_file;       /* PEM file or hashed directory; NULL: the system's bundle */
    char *proxy;         /* NULL: none */
    /* Shown to an API that asks for a client certificate: PEM files or "pkcs11:" URIs; a
     * key that is NULL is in the certificate's file. */
    char *client_cert, *client_key;
    char *openai_organization, *openai_project; /* headers of each request; NULL: none */
    char *export_bundle, *export_dir, *export_java, *export_containers; /* NULL: none */
    char *on_change; /* for /bin/sh -c; NULL: none */
    char *probe; /* servers to try before a removal, by ot_endpoint_next; NULL: none */
    char *notify_url;         /* as base_url; NULL: nobody is told */
    char *notify_secret_file; /* NULL: nothing is sent, for it is signed */
    char *metrics_file;       /* of node_exporter; NULL: none is written */
    char *host_name;          /* in its reports; NULL: made of the machine's id */
    char *names; /* as ot_name_limits_text has them; NULL: anchors vouch for every name */
    char *origin; /* "file:line" of the section, or "environment", for messages */
    int64_t refresh_interval_s, max_stale_s;
    int64_t not_after_s; /* Unix seconds, when its anchors end at the latest; 0: whenever
                            they do themselves */
    int64_t connect_timeout_ms, timeout_ms;
    unsigned purposes; /* enum ot_purpose, never 0: what its anchors are for, or what the
                          source denies them */
    enum ot_meaning meaning;
    bool auto_refresh, export_system, export_chromium;
    bool report;               /* to an API that takes reports, what this host has */
    bool wait;                 /* at an API that holds questions, until it has changed */
    bool is_users_cache;       /* cache_dir is a user's own, which nobody named */
    bool metrics_certificates; /* and in it the end of each active one */
    bool probe_connections;    /* and those that the machine is connected to */
    bool inherit; /* a project's source holds what is active in the organization, too */
    enum ot_url_origin base_url_origin;
};

/* Every field that is the same for all sources when nobody says otherwise. */
void ot_source_init(struct ot_source *source);
void ot_source_clear(struct ot_source *source);

/* Whether it says no: its certificates are no anchors anywhere, and it has no limits. */
bool ot_source_distrusts(const struct ot_source *source);

/* Whether it is a project's source that holds the organization's active certificates. One
 * that distrusts never does: a no is said to each, and not to all that is trusted. */
bool ot_source_inherits(const struct ot_source *source);

/* Whether it has what is active in the project; NULL: in the organization. */
bool ot_source_sees_scope(const struct ot_source *source, const char *project);

/* Whether a sync of the one does what a sync of the other would: what is fetched, from
 * where, by which key and trust, what limits it gets, and where it is put. */
bool ot_source_fetches_alike(const struct ot_source *a, const struct ot_source *b);

/* Whose API it is: the host in base_url, and whether that is the hosted API's or a name
 * below it. */
const char *ot_source_host(const struct ot_source *source, size_t *len);
bool ot_source_is_hosted(const struct ot_source *source);

/* Whether both say the same, in the same places. */
bool ot_source_equal(const struct ot_source *a, const struct ot_source *b);

#endif
