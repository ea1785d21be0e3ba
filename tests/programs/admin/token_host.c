/* A host of the PKCS#11 module for administration that does what it is told, with one
 * session.
 *
 *   token_host < commands
 *
 * One command a line, with one line of answer: the CK_RV in hexadecimal, then what was
 * asked for. A LABEL or NAME is the rest of the line; FILE is a certificate, DER. slots
 * every token's label and flags, each followed by ";" open ro|rw LABEL             a
 * session with that token close login user|so KEYFILE        the PIN is the first line;
 * no copy of it stays here logout list                         "+" (trusted) or "-" and
 * the label of each certificate count                        objects of all classes find
 * LABEL                   the handle of that certificate upload plain|trusted FILE NAME
 * the new object's handle; NAME may be absent trust delegator|unknown FILE     writes a
 * trust object as NSS does: its handle name HANDLE NAME mark HANDLE plain|trusted destroy
 * HANDLE log                          what went to the system's log since, lines end with
 * ";" finalize, initialize abort                        dumps core where that is allowed
 */
#include <fcntl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "token.h"

#define LINE_MAX_LEN 4096
#define DER_MAX 65536
#define SLOTS_MAX 16

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static char text[65536]; /* what follows the CK_RV */

static unsigned char der[DER_MAX];

static void give_up(const char *what, const char *on)
{
    fprintf(stderr, "token_host: %s: %s\n", what, on);
    exit(2);
}

static void add_text(const char *bytes, size_t len)
{
    size_t used = strlen(text);

    if (used + len >= sizeof(text))
        give_up("too much to say", text);
    memcpy(text + used, bytes, len);
    text[used + len] = '\0';
}

/* The word at *at, which then stands behind it. */
static char *take_word(char **at)
{
    char *word = strsep(at, " ");

    if (word == NULL || *word == '\0')
        give_up("a word is missing", "in a command");
    return word;
}

static bool take_choice(char **at, const char *yes, const char *no)
{
    const char *word = take_word(at);

    if (strcmp(word, yes) != 0 && strcmp(word, no) != 0)
        give_up("neither one nor the other", word);
    return strcmp(word, yes) == 0;
}

static CK_ULONG take_number(char **at)
{
    return strtoul(take_word(at), NULL, 10);
}

static CK_ULONG read_der(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL)
        give_up("cannot read", path);
    len = fread(der, 1, sizeof(der), file);
    fclose(file);
    return len;
}

/* A token's label without its padding. */
static size_t label_len(const CK_TOKEN_INFO *token)
{
    size_t len = sizeof(token->label);

    while (len > 0 && token->label[len - 1] == ' ')
        len--;
    return len;
}

static CK_RV for_each_token(CK_RV (*act)(CK_SLOT_ID slot, const CK_TOKEN_INFO *token,
                                         void *arg),
                            void *arg)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX, i;
    CK_TOKEN_INFO token;
    CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);

    for (i = 0; rv == CKR_OK && i < count; i++) {
        rv = f->C_GetTokenInfo(slots[i], &token);
        if (rv == CKR_OK)
            rv = act(slots[i], &token, arg);
    }
    return rv;
}

static CK_RV describe(CK_SLOT_ID slot, const CK_TOKEN_INFO *token, void *arg)
{
    char flags[32];

    (void)slot;
    (void)arg;
    add_text((const char *)token->label, label_len(token));
    snprintf(flags, sizeof(flags), " %#lx;", token->flags);
    add_text(flags, strlen(flags));
    return CKR_OK;
}

struct wanted {
    const char *label;
    CK_SLOT_ID slot;
    bool found;
};

static CK_RV match(CK_SLOT_ID slot, const CK_TOKEN_INFO *token, void *arg)
{
    struct wanted *wanted = (struct wanted *)arg;
    size_t len = strlen(wanted->label);

    if (len == label_len(token) && memcmp(token->label, wanted->label, len) == 0) {
        wanted->slot = slot;
        wanted->found = true;
    }
    return CKR_OK;
}

static CK_RV slots(char *rest)
{
    (void)rest;
    return for_each_token(describe, NULL);
}

static CK_RV open_session(char *rest)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION;
    struct wanted wanted = {0};
    CK_RV rv;

    if (take_choice(&rest, "rw", "ro"))
        flags |= CKF_RW_SESSION;
    wanted.label = rest;
    rv = for_each_token(match, &wanted);
    if (rv == CKR_OK && !wanted.found)
        give_up("no token", rest);
    return rv != CKR_OK ? rv : f->C_OpenSession(wanted.slot, flags, NULL, NULL, &session);
}

static CK_RV close_session(char *rest)
{
    (void)rest;
    return f->C_CloseSession(session);
}

/* By read(2), into memory that is wiped: a buffer of stdio's would keep the key. */
static CK_RV login(char *rest)
{
    static unsigned char pin[1024];
    CK_USER_TYPE user = take_choice(&rest, "user", "so") ? CKU_USER : CKU_SO;
    int fd = open(rest, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, pin, sizeof(pin));
    CK_RV rv;

    if (n < 0)
        give_up("cannot read", rest);
    close(fd);
    if (n > 0 && pin[n - 1] == '\n')
        n--;
    rv = f->C_Login(session, user, pin, (CK_ULONG)n);
    explicit_bzero(pin, sizeof(pin));
    return rv;
}

static CK_RV logout(char *rest)
{
    (void)rest;
    return f->C_Logout(session);
}

static CK_RV list(char *rest)
{
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG n = token_find(session, template, 1, objects), i;
    struct token_value label;

    (void)rest;
    for (i = 0; i < n; i++) {
        add_text(token_truth(session, objects[i], CKA_TRUSTED) ? "+" : "-", 1);
        label = token_get(session, objects[i], CKA_LABEL);
        add_text((const char *)label.data, label.len);
        add_text(";", 1);
    }
    return CKR_OK;
}

static CK_RV say_handle(CK_RV rv, CK_OBJECT_HANDLE object)
{
    if (rv == CKR_OK)
        snprintf(text, sizeof(text), "%lu", object);
    return rv;
}

static CK_RV count_all(char *rest)
{
    (void)rest;
    return say_handle(CKR_OK, token_count(session, (CK_OBJECT_CLASS)-1));
}

static CK_RV find(char *rest)
{
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_LABEL, rest, strlen(rest)}};

    if (token_find(session, template, 2, objects) != 1)
        give_up("not one certificate", rest);
    return say_handle(CKR_OK, objects[0]);
}

static CK_RV upload(char *rest)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[6] = {{CKA_CLASS, &class, sizeof(class)},
                                {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
                                {CKA_TOKEN, &yes, sizeof(yes)},
                                {CKA_VALUE, der, 0}};
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 4;
    CK_RV rv;

    if (take_choice(&rest, "trusted", "plain"))
        template[count++] = (CK_ATTRIBUTE){CKA_TRUSTED, &yes, sizeof(yes)};
    template[3].ulValueLen = read_der(take_word(&rest));
    if (rest != NULL)
        template[count++] = (CK_ATTRIBUTE){CKA_LABEL, rest, strlen(rest)};
    rv = f->C_CreateObject(session, template, count, &object);
    return say_handle(rv, object);
}

/* As certutil's -A and -M have it written. */
static CK_RV trust(char *rest)
{
    CK_OBJECT_CLASS class = OT_CKO_NSS_TRUST;
    CK_ULONG server = take_choice(&rest, "delegator", "unknown")
                          ? OT_CKT_NSS_TRUSTED_DELEGATOR
                          : OT_CKT_NSS_MUST_VERIFY;
    const unsigned char *at = der;
    X509 *x509 = d2i_X509(NULL, &at, (long)read_der(rest));
    unsigned char *issuer = NULL, *serial = NULL;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE object = 0;
    CK_RV rv;

    if (x509 == NULL)
        give_up("no certificate", rest);
    int issuer_len = i2d_X509_NAME(X509_get_issuer_name(x509), &issuer);
    int serial_len = i2d_ASN1_INTEGER(X509_get_serialNumber(x509), &serial);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_TOKEN, &yes, sizeof(yes)},
                               {CKA_ISSUER, issuer, (CK_ULONG)issuer_len},
                               {CKA_SERIAL_NUMBER, serial, (CK_ULONG)serial_len},
                               {OT_CKA_NSS_TRUST_SERVER_AUTH, &server, sizeof(server)}};
    rv = f->C_CreateObject(session, template, 5, &object);
    OPENSSL_free(issuer);
    OPENSSL_free(serial);
    X509_free(x509);
    return say_handle(rv, object);
}

static CK_RV set_name(char *rest)
{
    CK_OBJECT_HANDLE object = take_number(&rest);
    CK_ATTRIBUTE template[] = {{CKA_LABEL, rest, strlen(rest)}};

    return f->C_SetAttributeValue(session, object, template, 1);
}

static CK_RV mark(char *rest)
{
    CK_OBJECT_HANDLE object = take_number(&rest);
    CK_BBOOL trusted = take_choice(&rest, "trusted", "plain") ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE template[] = {{CKA_TRUSTED, &trusted, sizeof(trusted)}};

    return f->C_SetAttributeValue(session, object, template, 1);
}

static CK_RV destroy(char *rest)
{
    return f->C_DestroyObject(session, take_number(&rest));
}

static CK_RV say_log(char *rest)
{
    const char *log = token_log();
    char *at;

    (void)rest;
    add_text(log, strlen(log));
    for (at = text; (at = strchr(at, '\n')) != NULL;)
        *at = ';';
    return CKR_OK;
}

static CK_RV finalize(char *rest)
{
    (void)rest;
    return f->C_Finalize(NULL);
}

static CK_RV initialize(char *rest)
{
    (void)rest;
    return f->C_Initialize(NULL);
}

static CK_RV fork_child(char *rest)
{
    pid_t child = fork();

    (void)rest;
    while (child == 0)
        pause();
    if (child < 0)
        give_up("cannot fork", "a child");
    return say_handle(CKR_OK, (CK_ULONG)child);
}

static CK_RV dump_core(char *rest)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    (void)rest;
    if (setrlimit(RLIMIT_CORE, &all) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        give_up("no core", "of this process");
    raise(SIGABRT);
    return CKR_OK;
}

static const struct {
    const char *word;
    CK_RV (*act)(char *rest);
} commands[] = {
    {"slots", slots},           {"open", open_session}, {"close", close_session},
    {"login", login},           {"logout", logout},     {"list", list},
    {"count", count_all},       {"find", find},         {"upload", upload},
    {"trust", trust},           {"name", set_name},     {"mark", mark},
    {"destroy", destroy},       {"log", say_log},       {"finalize", finalize},
    {"initialize", initialize}, {"fork", fork_child},   {"abort", dump_core}};

static CK_RV obey(char *line)
{
    const char *word = take_word(&line);
    size_t i;

    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].word, word) == 0)
            return commands[i].act(line);
    give_up("no such command", word);
    return CKR_GENERAL_ERROR;
}

int main(void)
{
    static char line[LINE_MAX_LEN];
    CK_RV rv;

    f = token_load_admin();
    if (f->C_Initialize(NULL) != CKR_OK)
        give_up("C_Initialize", "failed");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        text[0] = '\0';
        rv = obey(line);
        printf("%lx %s\n", rv, text);
        fflush(stdout);
    }
    return 0;
}
