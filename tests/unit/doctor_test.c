/* What orgtrust doctor rests on: whom it believes, what a program gets to see, and the
 * server that watches it. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/report_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "export/program.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "unit.h"
#include "view/output.h"

static void only_refused_believed_refused_is_proof(void)
{
    const enum ot_trial n = OT_TRIAL_NONE, b = OT_TRIAL_BELIEVED, r = OT_TRIAL_REFUSED,
                        u = OT_TRIAL_UNCLEAR;
    const struct {
        enum ot_trial before, active, after;
        enum ot_trials_outcome expected;
    } rows[] = {
        {r, b, r, OT_TRIALS_PROVED},  {b, n, n, OT_TRIALS_ALWAYS},
        {b, b, b, OT_TRIALS_ALWAYS},  {r, b, b, OT_TRIALS_ALWAYS},
        {u, b, b, OT_TRIALS_ALWAYS},  {r, r, n, OT_TRIALS_NEVER},
        {u, u, n, OT_TRIALS_NEVER},   {r, u, n, OT_TRIALS_NEVER},
        {n, n, n, OT_TRIALS_NEVER},   {u, b, r, OT_TRIALS_UNCLEAR},
        {r, b, u, OT_TRIALS_UNCLEAR}, {r, b, n, OT_TRIALS_UNCLEAR},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ot_three_trials trials = {
            .each = {rows[i].before, rows[i].active, rows[i].after}};

        CU_ASSERT_EQUAL(ot_trials_outcome_of(&trials), rows[i].expected);
    }
}

static void the_worst_finding_counts(void)
{
    struct ot_findings findings = {.items = NULL};

    CU_ASSERT_EQUAL(ot_findings_verdict(&findings, "a"), OT_VERDICT_ABSENT);
    CU_ASSERT_PTR_NOT_NULL(
        ot_finding_add(&findings, "a", OT_VERDICT_PROVED, "one", NULL, "%d", 1));
    ot_finding_add(&findings, "a", OT_VERDICT_NOTE, NULL, "do", "two");
    ot_finding_add(&findings, "b", OT_VERDICT_FAILS, NULL, NULL, "three");
    CU_ASSERT_EQUAL(ot_findings_verdict(&findings, "a"), OT_VERDICT_PROVED);
    CU_ASSERT_EQUAL(ot_findings_verdict(&findings, "b"), OT_VERDICT_FAILS);
    CU_ASSERT_STRING_EQUAL(findings.items[0].sentence, "1");
    CU_ASSERT_STRING_EQUAL(findings.items[1].fix, "do");
    ot_findings_clear(&findings);
}

static void a_sentence_is_said_once_of_all_that_it_is_of(void)
{
    static const struct ot_check check = {.name = "a"};
    struct ot_doctor doctor = {.config = NULL};
    struct ot_output out = {.stream = NULL};
    char *text = NULL;
    size_t len;

    ot_finding_add(&doctor.findings, "a", OT_VERDICT_NOTE, "x", NULL, "reads");
    ot_finding_add(&doctor.findings, "a", OT_VERDICT_NOTE, "y", NULL, "reads");
    ot_finding_add(&doctor.findings, "b", OT_VERDICT_NOTE, "z", NULL, "reads");
    ot_finding_add(&doctor.findings, "a", OT_VERDICT_FAILS, "u", NULL, "reads");
    ot_finding_add(&doctor.findings, "a", OT_VERDICT_FAILS, "v", "do", "reads");
    ot_finding_add(&doctor.findings, "a", OT_VERDICT_NOTE, NULL, NULL, "one");
    ot_finding_add(&doctor.findings, "a", OT_VERDICT_NOTE, NULL, NULL, "one");
    out.stream = open_memstream(&text, &len);
    ot_doctor_print(&out, &doctor, &check);
    fclose(out.stream);
    CU_ASSERT_STRING_EQUAL(text, "a          note        x, y: reads\n"
                                 "a          fails       u: reads\n"
                                 "a          fails       v: reads\n"
                                 "                       -> do\n"
                                 "a          note        one\n"
                                 "a          note        one\n");
    free(text);
    ot_findings_clear(&doctor.findings);
}

static bool vouches(X509 *root, X509 *leaf)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool good;

    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), "localhost", 0);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    good = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return good;
}

static void the_authority_vouches_and_the_bystander_does_not(void)
{
    struct ot_authority a, b;

    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&a, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&b, NULL), OT_OK);
    CU_ASSERT_TRUE(vouches(a.root, a.leaf));
    CU_ASSERT_FALSE(vouches(a.bystander, a.leaf));
    CU_ASSERT_FALSE(vouches(b.root, a.leaf));
    CU_ASSERT_NOT_EQUAL(
        X509_NAME_cmp(X509_get_subject_name(a.root), X509_get_subject_name(b.root)), 0);
    ot_authority_clear(&a);
    ot_authority_clear(&b);
}

static bool is_active(const struct ot_scratch *scratch, const char *id)
{
    struct ot_snapshot *snapshot;
    struct ot_positions all;
    struct ot_record record;
    bool found = false;

    CU_ASSERT_EQUAL_FATAL(
        ot_snapshot_open(&snapshot, scratch->snapshot, scratch->scope, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_verify(snapshot, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_all(snapshot, &all, NULL), OT_OK);
    CU_ASSERT_EQUAL(all.count, 2);
    for (uint32_t i = 0; i < all.count; i++)
        if (ot_snapshot_record(snapshot, &all, i, &record, NULL) == OT_OK &&
            ot_span_equal(record.field[OT_FIELD_ID], ot_span_str(id)))
            found = (record.flags & OT_RECORD_ACTIVE) != 0;
    ot_snapshot_unref(snapshot);
    return found;
}

static const char *variable(const struct ot_scratch *scratch, const char *name)
{
    for (size_t i = 0; scratch->environment[i] != NULL; i++)
        if (strncmp(scratch->environment[i], name, strlen(name)) == 0 &&
            scratch->environment[i][strlen(name)] == '=')
            return strchr(scratch->environment[i], '=') + 1;
    return NULL;
}

static void the_scratch_source_is_private_and_goes(void)
{
    struct ot_authority authority;
    struct ot_scratch scratch;
    struct stat st;
    char dir[OT_SCRATCH_DIR_MAX];

    setenv("TMPDIR", unit_dir(), 1);
    setenv("OPENAI_ADMIN_KEY", "sk-admin-secret", 1);
    setenv("SSL_CERT_FILE", "/nowhere", 1);
    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&authority, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_scratch_open(&scratch, NULL), OT_OK);
    snprintf(dir, sizeof(dir), "%s", scratch.dir);
    CU_ASSERT_PTR_EQUAL(strstr(dir, unit_dir()), dir);
    CU_ASSERT_EQUAL(stat(dir, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
    CU_ASSERT_PTR_NULL(variable(&scratch, "OPENAI_ADMIN_KEY"));
    CU_ASSERT_PTR_NULL(variable(&scratch, "SSL_CERT_FILE"));
    CU_ASSERT_PTR_NOT_NULL(variable(&scratch, "PATH"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(variable(&scratch, "ORGTRUST_CONF"));
    CU_ASSERT_PTR_EQUAL(strstr(variable(&scratch, "ORGTRUST_CONF"), dir),
                        variable(&scratch, "ORGTRUST_CONF"));
    for (int active = 0; active < 2; active++) {
        CU_ASSERT_EQUAL(ot_scratch_set(&scratch, &authority,
                                       active == 1 ? OT_SCENE_ACTIVE : OT_SCENE_INACTIVE,
                                       NULL),
                        OT_OK);
        CU_ASSERT_EQUAL(is_active(&scratch, "cert_doctor"), active == 1);
        CU_ASSERT_TRUE(is_active(&scratch, "cert_bystander"));
    }
    ot_scratch_close(&scratch);
    CU_ASSERT_NOT_EQUAL(stat(dir, &st), 0);
    ot_authority_clear(&authority);
}

/* The root as the scratch source hands it out. */
static X509 *handed_out(const struct ot_scratch *scratch)
{
    struct ot_snapshot *snapshot;
    struct ot_positions all;
    struct ot_record record;
    X509 *root = NULL;

    CU_ASSERT_EQUAL_FATAL(
        ot_snapshot_open(&snapshot, scratch->snapshot, scratch->scope, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_all(snapshot, &all, NULL), OT_OK);
    for (uint32_t i = 0; i < all.count; i++)
        if (ot_snapshot_record(snapshot, &all, i, &record, NULL) == OT_OK &&
            ot_span_equal(record.field[OT_FIELD_ID], ot_span_str("cert_doctor"))) {
            const unsigned char *der = record.field[OT_FIELD_DER].data;

            root = d2i_X509(NULL, &der, (long)record.field[OT_FIELD_DER].len);
        }
    ot_snapshot_unref(snapshot);
    return root;
}

static void limits_permit_the_server_in_one_scene_only(void)
{
    static const struct {
        enum ot_scene scene;
        bool vouches;
    } rows[] = {{OT_SCENE_ACTIVE, true},
                {OT_SCENE_OTHER_NAME, false},
                {OT_SCENE_ITS_NAMES, true},
                {OT_SCENE_NO_ADDRESS, false},
                {OT_SCENE_DISTRUSTED, true}};
    struct ot_authority authority;
    struct ot_scratch scratch;
    char path[OT_SCRATCH_PATH_MAX];

    setenv("TMPDIR", unit_dir(), 1);
    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&authority, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_scratch_open(&scratch, NULL), OT_OK);
    ot_scratch_path(path, &scratch, "cache/no.snapshot");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *root;

        CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
        CU_ASSERT_EQUAL(ot_scratch_set(&scratch, &authority, rows[i].scene, NULL), OT_OK);
        root = handed_out(&scratch);
        CU_ASSERT_PTR_NOT_NULL_FATAL(root);
        CU_ASSERT_EQUAL(vouches(root, authority.leaf), rows[i].vouches);
        X509_free(root);
    }
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    ot_scratch_close(&scratch);
    ot_authority_clear(&authority);
}

static void each_kind_of_trial_has_words_of_its_own(void)
{
    CU_ASSERT_STRING_EQUAL(ot_trials_step(OT_TRIALS_FOLLOW, 1), "active");
    CU_ASSERT_STRING_EQUAL(ot_trials_step(OT_TRIALS_NAMES, 1), "inside");
    CU_ASSERT_STRING_EQUAL(ot_trials_step(OT_TRIALS_NO, 1), "trusted");
}

/* -1 with errno: nobody listens there. */
static int try_address(const struct ot_tls_server *server, in_addr_t address)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)ot_tls_server_port(server)),
                             .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to(const struct ot_tls_server *server)
{
    int fd = try_address(server, INADDR_LOOPBACK);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void the_server_is_for_this_machine_alone(void)
{
    struct ot_tls_server *server;
    struct ot_authority authority;

    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&authority, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_tls_server_start(&server, &authority, NULL), OT_OK);
    close(connect_to(server));
    /* One that listened everywhere would be here, too. */
    CU_ASSERT_EQUAL(try_address(server, INADDR_LOOPBACK + 1), -1);
    ot_tls_server_stop(server);
    ot_authority_clear(&authority);
}

/* Whether a client that trusts root finishes; request may be NULL. */
static bool visit(const struct ot_tls_server *server, X509 *root, const char *request)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    char answer[256];
    bool good;
    int fd = connect_to(server);

    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_set_fd(ssl, fd);
    good = SSL_connect(ssl) == 1;
    if (good && request != NULL) {
        CU_ASSERT_EQUAL(SSL_write(ssl, request, (int)strlen(request)),
                        (int)strlen(request));
        CU_ASSERT_TRUE(SSL_read(ssl, answer, sizeof(answer)) > 0);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return good;
}

static void takes(struct ot_tls_server *server, unsigned begun, unsigned completed,
                  unsigned asked)
{
    struct ot_tls_seen seen;

    CU_ASSERT_EQUAL(ot_tls_server_take(server, &seen, NULL), OT_OK);
    CU_ASSERT_EQUAL(seen.begun, begun);
    CU_ASSERT_EQUAL(seen.completed, completed);
    CU_ASSERT_EQUAL(seen.asked, asked);
}

static void the_server_tells_who_believed(void)
{
    struct ot_tls_server *server;
    struct ot_authority authority;
    int fd;

    CU_ASSERT_EQUAL_FATAL(ot_authority_make(&authority, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_tls_server_start(&server, &authority, NULL), OT_OK);
    takes(server, 0, 0, 0);
    CU_ASSERT_TRUE(visit(server, authority.root, NULL));
    takes(server, 1, 1, 0);
    CU_ASSERT_TRUE(visit(server, authority.root, "GET / HTTP/1.0\r\n\r\n"));
    takes(server, 1, 1, 1);
    CU_ASSERT_FALSE(visit(server, authority.bystander, "x"));
    takes(server, 1, 0, 0);
    close(connect_to(server)); /* who says nothing has not begun */
    takes(server, 0, 0, 0);
    fd = connect_to(server);
    CU_ASSERT_EQUAL(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    takes(server, 1, 0, 0);
    close(fd);
    fd = connect_to(server); /* who stays does not keep it from ending */
    ot_tls_server_stop(server);
    close(fd);
    ot_authority_clear(&authority);
}

static void a_programs_words_and_end_are_kept(void)
{
    static const char *const environment[] = {"ONLY=this", NULL};
    const char *const argv[] = {"sh", "-c", "echo $ONLY $HOME; echo and that >&2; exit 3",
                                NULL};
    char text[64], small[8];
    struct ot_program_output output = {.text = text, .size = sizeof(text)};
    struct ot_program program = {.path = "/bin/sh",
                                 .argv = argv,
                                 .what = "sh",
                                 .environment = environment,
                                 .output = &output,
                                 .timeout_ms = 60000};

    setenv("HOME", "/somewhere", 1);
    CU_ASSERT_EQUAL(ot_program_run(&program, NULL), OT_E_IO);
    CU_ASSERT_EQUAL(output.exit_status, 3);
    CU_ASSERT_STRING_EQUAL(text, "this\nand that\n");
    output = (struct ot_program_output){.text = small, .size = sizeof(small)};
    CU_ASSERT_EQUAL(ot_program_run(&program, NULL), OT_E_IO);
    CU_ASSERT_STRING_EQUAL(small, "this\nan");
}

static void a_programs_end_is_not_one_when_it_is_ended(void)
{
    const char *const argv[] = {"sh", "-c", "while :; do echo more; done", NULL};
    char text[64];
    struct ot_program_output output = {.text = text, .size = sizeof(text)};
    const struct ot_program program = {.path = "/bin/sh",
                                       .argv = argv,
                                       .what = "sh",
                                       .output = &output,
                                       .timeout_ms = 100};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_program_run(&program, &err), OT_E_IO);
    CU_ASSERT_EQUAL(output.exit_status, -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "was ended"));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"only refused, believed, refused is proof",
         only_refused_believed_refused_is_proof},
        {"the worst finding counts", the_worst_finding_counts},
        {"a sentence is said once of all that it is of",
         a_sentence_is_said_once_of_all_that_it_is_of},
        {"the authority vouches and the bystander does not",
         the_authority_vouches_and_the_bystander_does_not},
        {"the scratch source is private and goes",
         the_scratch_source_is_private_and_goes},
        {"limits permit the server in one scene only",
         limits_permit_the_server_in_one_scene_only},
        {"each kind of trial has words of its own",
         each_kind_of_trial_has_words_of_its_own},
        {"the server is for this machine alone", the_server_is_for_this_machine_alone},
        {"the server tells who believed", the_server_tells_who_believed},
        {"a program's words and end are kept", a_programs_words_and_end_are_kept},
        {"a program's end is not one when it is ended",
         a_programs_end_is_not_one_when_it_is_ended},
        {NULL, NULL},
    };

    return unit_main("doctor", cases, argc, argv);
}
