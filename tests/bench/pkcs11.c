/* The PKCS#11 module beside p11-kit-trust.so with the same anchors, called as an
 * application calls them.
 *
 *   bench_pkcs11 WORK ROUNDS SIDE DIRECTORY MODULE PEER
 *
 * WORK  start      C_Initialize, a certificate found by its subject and read, C_Finalize
 *       enumerate  the same with every certificate
 *       find       a certificate found by its subject and read, in a session
 *       attribute  each attribute that GnuTLS asks a certificate for, first its length,
 * then its value, in a session memory     what the first of these left in the process, as
 * `SIDE RSS PRIVATE` in KiB; ROUNDS is of no account SIDE  orgtrust, p11-kit, or all
 * (memory: one of them). DIRECTORY is bench_make's. */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define OBJECTS 256
#define VALUE_MAX 8192

struct token {
    CK_FUNCTION_LIST *functions;
    CK_C_INITIALIZE_ARGS args;
    unsigned char *subject;
    CK_ULONG subject_len;
    unsigned repeat, expected;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object; /* found last */
};

/* What its import of a token's certificates asks of each; some it has not. */
static const CK_ATTRIBUTE_TYPE asked[] = {
    CKA_CLASS,
    CKA_ID,
    CKA_LABEL,
    CKA_CERTIFICATE_TYPE,
    CKA_VALUE,
    CKA_SUBJECT,
    CKA_ISSUER,
    CKA_TRUSTED,
    CKA_CERTIFICATE_CATEGORY,
    CKA_SERIAL_NUMBER,
    CKA_PRIVATE,
    CKA_KEY_GEN_MECHANISM,
    CKA_ALWAYS_AUTHENTICATE,
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static void ok(CK_RV rv, const char *call)
{
    char text[32];

    snprintf(text, sizeof(text), "0x%lx", rv);
    bench_must(rv == CKR_OK, call, text);
}

static void load(struct token *token, const char *path)
{
    CK_C_GetFunctionList get_list;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    bench_must(library != NULL, "cannot load", path);
    *(void **)&get_list = dlsym(library, "C_GetFunctionList");
    bench_must(get_list != NULL, "no C_GetFunctionList", path);
    ok(get_list(&token->functions), "C_GetFunctionList");
}

/* On the first slot with a token. */
static void open_session(void *arg)
{
    struct token *token = arg;
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;

    ok(token->functions->C_Initialize(&token->args), "C_Initialize");
    ok(token->functions->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    bench_must(count > 0, "no slot", "C_GetSlotList");
    ok(token->functions->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL,
                                       &token->session),
       "C_OpenSession");
}

static void close_session(void *arg)
{
    struct token *token = arg;

    ok(token->functions->C_CloseSession(token->session), "C_CloseSession");
    ok(token->functions->C_Finalize(NULL), "C_Finalize");
}

static void read_value(struct token *token, CK_OBJECT_HANDLE object)
{
    unsigned char value[VALUE_MAX];
    CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof(value)};

    ok(token->functions->C_GetAttributeValue(token->session, object, &attribute, 1),
       "C_GetAttributeValue");
    bench_must(attribute.ulValueLen > 0, "no value", "CKA_VALUE");
}

/* Every object that matches, each of them read; how many. */
static unsigned find(struct token *token, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_OBJECT_HANDLE objects[OBJECTS];
    CK_ULONG found, i;
    unsigned total = 0;

    ok(token->functions->C_FindObjectsInit(token->session, template, count),
       "C_FindObjectsInit");
    do {
        ok(token->functions->C_FindObjects(token->session, objects, OBJECTS, &found),
           "C_FindObjects");
        for (i = 0; i < found; i++)
            read_value(token, token->object = objects[i]);
        total += (unsigned)found;
    } while (found > 0);
    ok(token->functions->C_FindObjectsFinal(token->session), "C_FindObjectsFinal");
    return total;
}

static void find_by_subject(struct token *token)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_SUBJECT, token->subject, token->subject_len}};

    bench_must(find(token, template, 2) == 1, "not found", "an anchor");
}

static void work_start(void *arg)
{
    struct token *token = arg;
    unsigned i;

    for (i = 0; i < token->repeat; i++) {
        open_session(token);
        find_by_subject(token);
        close_session(token);
    }
}

static void work_enumerate(void *arg)
{
    struct token *token = arg;
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};

    open_session(token);
    bench_must(find(token, template, 1) == token->expected, "not all", "anchors");
    close_session(token);
}

/* What is put off until the first search, as p11-kit-trust puts off its reading, is done.
 */
static void open_searched(void *arg)
{
    open_session(arg);
    find_by_subject(arg);
}

static void work_find(void *arg)
{
    struct token *token = arg;
    unsigned i;

    for (i = 0; i < token->repeat; i++)
        find_by_subject(token);
}

static void work_attribute(void *arg)
{
    struct token *token = arg;
    CK_FUNCTION_LIST *functions = token->functions;
    unsigned char value[VALUE_MAX];
    unsigned i, j;

    for (i = 0; i < token->repeat; i++)
        for (j = 0; j < ASKED; j++) {
            CK_ATTRIBUTE attribute = {asked[j], NULL, 0};
            CK_RV rv = functions->C_GetAttributeValue(token->session, token->object,
                                                      &attribute, 1);

            attribute.pValue = value;
            bench_must(rv == functions->C_GetAttributeValue(token->session, token->object,
                                                            &attribute, 1),
                       "its length and its value differ", "an attribute");
        }
}

/* The sum of a field of the kernel's account of this process's memory, in KiB. */
static long memory_of(const char *field)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long total = 0;

    bench_must(file != NULL, "cannot read", "/proc/self/smaps_rollup");
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            total += strtol(line + strlen(field), NULL, 10);
    fclose(file);
    return total;
}

static void measure_memory(struct token *token, const char *side, const char *path)
{
    long rss = memory_of("Rss:"), own = memory_of("Private_Dirty:");

    rss = memory_of("Rss:"); /* reading it took some, too */
    own = memory_of("Private_Dirty:");
    load(token, path);
    open_session(token);
    find_by_subject(token);
    printf("%s %ld %ld\n", side, memory_of("Rss:") - rss,
           memory_of("Private_Dirty:") - own);
    close_session(token);
}

/* The subject of the anchor that vouches for the leaf, and how many anchors there are. */
static void describe(struct token tokens[2], const char *directory)
{
    char *leaf_path = bench_path(directory, "leaf.pem");
    char *bundle = bench_path(directory, "bundle.pem");
    char *reserved;
    X509 *leaf = bench_read_cert(leaf_path);
    unsigned i;

    bench_must(asprintf(&reserved, "paths='%s'", bundle) > 0, "no memory", bundle);
    tokens[1].args.pReserved = reserved;
    for (i = 0; i < 2; i++) {
        tokens[i].args.flags = CKF_OS_LOCKING_OK;
        tokens[i].subject_len =
            (CK_ULONG)i2d_X509_NAME(X509_get_issuer_name(leaf), &tokens[i].subject);
    }
    X509_free(leaf);
    free(leaf_path);
    free(bundle);
}

static unsigned count_anchors(const char *directory)
{
    char *bundle = bench_path(directory, "bundle.pem");
    FILE *file = fopen(bundle, "r");
    char line[256];
    unsigned n = 0;

    bench_must(file != NULL, "cannot read", bundle);
    while (fgets(line, sizeof(line), file) != NULL)
        n += strncmp(line, "-----BEGIN", 10) == 0;
    fclose(file);
    free(bundle);
    return n;
}

static void run(struct token tokens[2], char **argv)
{
    const char *const names[] = {"orgtrust", "p11-kit"};
    struct bench_side sides[2] = {0};
    unsigned i, anchors = count_anchors(argv[4]);

    for (i = 0; i < 2; i++) {
        tokens[i].expected = anchors;
        load(&tokens[i], argv[5 + i]);
        sides[i].name = names[i];
        sides[i].arg = &tokens[i];
        if (strcmp(argv[1], "start") == 0) {
            tokens[i].repeat = i == 0 ? 50 : 1;
            sides[i].work = work_start;
            sides[i].operations = tokens[i].repeat;
        } else if (strcmp(argv[1], "enumerate") == 0) {
            sides[i].work = work_enumerate;
            sides[i].operations = anchors;
        } else if (strcmp(argv[1], "attribute") == 0) {
            tokens[i].repeat = 100;
            sides[i].prepare = open_searched;
            sides[i].work = work_attribute;
            sides[i].clean = close_session;
            sides[i].operations = tokens[i].repeat * ASKED * 2;
        } else {
            tokens[i].repeat = i == 0 ? 1000 : 100;
            sides[i].prepare = open_searched;
            sides[i].work = work_find;
            sides[i].clean = close_session;
            sides[i].operations = tokens[i].repeat;
        }
    }
    bench_run(sides, 2, bench_number(argv[2]), argv[3]);
}

int main(int argc, char **argv)
{
    struct token tokens[2] = {0};
    unsigned peer;

    bench_must(argc == 7, "usage", "bench_pkcs11 WORK ROUNDS SIDE DIRECTORY MODULE PEER");
    describe(tokens, argv[4]);
    peer = strcmp(argv[3], "p11-kit") == 0;
    if (strcmp(argv[1], "memory") == 0)
        measure_memory(&tokens[peer], argv[3], argv[5 + peer]);
    else
        run(tokens, argv);
    OPENSSL_free(tokens[0].subject);
    OPENSSL_free(tokens[1].subject);
    free(tokens[1].args.pReserved);
    return 0;
}
