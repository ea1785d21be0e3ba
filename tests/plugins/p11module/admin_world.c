#include "admin_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "unit.h"

#define must(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "admin_world: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                     \
        }                                                                                \
    } while (0)

static const struct ot_functions *f;
static char report[65536];
static int caught = -1, before = -1;

static void reset(void)
{
    unsetenv("ORGTRUST_TEST_FROM");
    unsetenv("ORGTRUST_TEST_TO");
    must(setenv("ORGTRUST_COMMAND", SYNC_PROBE, 1) == 0);
    must(setenv("ORGTRUST_TEST_REPORT", unit_path("report"), 1) == 0);
    must(setenv("ORGTRUST_TEST_ERRAND", "1", 1) == 0);
    (void)unlink(unit_path("report"));
    report[0] = '\0';
    admin_delay(0);
    admin_say(NULL);
}

const struct ot_functions *admin_start(void)
{
    struct world_cert certs[] = {
        {"cert_a", "Alpha", world_ca("Alpha"), true},
        {"cert_b", "Beta", world_ca("Beta"), false},
        {"cert_c", "Gamma", world_leaf("CN=Alpha", "Gamma"), true}};

    world_configure("[source next]\n");
    world_write("default", certs, 3, AGE_FRESH);
    world_write_roots("next", "Next", 1);
    reset();
    f = token_load_admin();
    must(f->C_Initialize(NULL) == CKR_OK);
    (void)token_log();
    return f;
}

CK_SESSION_HANDLE admin_session(bool is_read_write)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (is_read_write ? CKF_RW_SESSION : 0);
    CK_SESSION_HANDLE session;

    must(f->C_OpenSession(ADMIN_SLOT, flags, NULL, NULL, &session) == CKR_OK);
    return session;
}

CK_RV admin_try(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    size_t len = strlen(pin);
    CK_UTF8CHAR *copy = malloc(len + 1);
    CK_RV rv;

    must(copy != NULL);
    memcpy(copy, pin, len);
    rv = f->C_Login(session, user, copy, len);
    explicit_bzero(copy, len);
    free(copy);
    return rv;
}

CK_SESSION_HANDLE admin_login(bool is_read_write, CK_USER_TYPE user)
{
    CK_SESSION_HANDLE session = admin_session(is_read_write);

    must(admin_try(session, user, ADMIN_KEY) == CKR_OK);
    must(strncmp(admin_command(), "orgtrust sync ", 14) == 0);
    return session;
}

void admin_say(const char *text)
{
    must(setenv("ORGTRUST_TEST_SAY", text != NULL ? text : "status ok\n", 1) == 0);
}

void admin_fail(const char *status)
{
    char text[128];

    snprintf(text, sizeof(text), "error because of %s\nstatus %s\n", status, status);
    admin_say(text);
}

void admin_delay(unsigned ms)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", ms);
    must(setenv("ORGTRUST_TEST_DELAY_MS", text, 1) == 0);
}

void admin_replace(void)
{
    must(setenv("ORGTRUST_TEST_FROM", world_path("next", "snapshot"), 1) == 0);
    must(setenv("ORGTRUST_TEST_TO", world_path("default", "snapshot"), 1) == 0);
}

static void read_report(void)
{
    FILE *file = fopen(unit_path("report"), "re");

    memset(report, 0, sizeof(report));
    if (file == NULL)
        return;
    must(fread(report, 1, sizeof(report) - 1, file) > 0);
    fclose(file);
    must(unlink(unit_path("report")) == 0);
}

const char *admin_command(void)
{
    static char command[4096];
    char *line, *rest;
    static char copy[sizeof(report)];

    read_report();
    memcpy(copy, report, sizeof(copy));
    command[0] = '\0';
    for (line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "arg ", 4) != 0)
            continue;
        must(strlen(command) + strlen(line) < sizeof(command));
        if (command[0] != '\0')
            strcat(command, " ");
        strcat(command, line + 4);
    }
    return command;
}

const char *admin_given(int fd)
{
    static char given[256];
    char start[16];
    const char *at;

    snprintf(start, sizeof(start), "\nread %d ", fd);
    at = strstr(report, start);
    must(at != NULL);
    at += strlen(start);
    snprintf(given, sizeof(given), "%.*s", (int)strcspn(at, "\n"), at);
    return given;
}

bool admin_environment_has(const char *text)
{
    return strstr(report, text) != NULL;
}

void admin_catch_stderr(void)
{
    must(fflush(stderr) == 0);
    before = dup(STDERR_FILENO);
    caught = open(unit_path("stderr"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(before >= 0 && caught >= 0 && dup2(caught, STDERR_FILENO) == STDERR_FILENO);
}

const char *admin_caught(void)
{
    static char text[4096];
    ssize_t n;

    must(dup2(before, STDERR_FILENO) == STDERR_FILENO);
    close(before);
    n = pread(caught, text, sizeof(text) - 1, 0);
    must(n >= 0);
    text[n] = '\0';
    close(caught);
    return text;
}

CK_SESSION_HANDLE admin_trust_start(const struct ot_functions **trust)
{
    CK_SESSION_HANDLE session;

    *trust = token_start(&session);
    return session;
}

void admin_trust_stop(void)
{
    token_stop();
    f = token_load_admin();
}

CK_OBJECT_HANDLE admin_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                            const char *label)
{
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_LABEL, (void *)label, strlen(label)}};

    return token_find(session, template, 2, objects) > 0 ? objects[0] : 0;
}

struct token_value admin_der(X509 *x509)
{
    static unsigned char buffer[4096];
    unsigned char *der;
    size_t len;

    der = certs_finish(x509, &len);
    must(len <= sizeof(buffer));
    memcpy(buffer, der, len);
    free(der);
    return (struct token_value){buffer, len};
}
