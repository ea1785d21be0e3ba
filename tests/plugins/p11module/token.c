#include "token.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The modules, and the one that the functions below are about. */
static struct module {
    const char *path;
    void *library;
    const struct ot_functions *functions;
} trust = {ORGTRUST_PKCS11_MODULE, NULL, NULL},
  admin = {ORGTRUST_ADMIN_PKCS11_MODULE, NULL, NULL}, *module = &trust;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_lines[16384];

#define must(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "token: %s:%d: %s\n", __FILE__, __LINE__, #condition);       \
            abort();                                                                     \
        }                                                                                \
    } while (0)

/* In the place of libc's, for the module: what goes to /dev/log is kept. */
__attribute__((visibility("default"))) ssize_t sendto(int fd, const void *data,
                                                      size_t len, int flags,
                                                      const struct sockaddr *to,
                                                      socklen_t to_len)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)to;

    must(fd >= 0 && (flags & MSG_NOSIGNAL) != 0 && to_len == sizeof(*un));
    must(un->sun_family == AF_UNIX && strcmp(un->sun_path, "/dev/log") == 0);
    pthread_mutex_lock(&log_lock);
    if (strlen(log_lines) + len + 2 < sizeof(log_lines)) {
        strncat(log_lines, data, len);
        strcat(log_lines, "\n");
    }
    pthread_mutex_unlock(&log_lock);
    return (ssize_t)len;
}

/* As in a host that links libp11-kit: they must not find their way into our lists. */
#define DECOY __attribute__((visibility("default"))) CK_RV

DECOY C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    (void)list;
    return CKR_VENDOR_DEFINED;
}

DECOY C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
    (void)list;
    (void)count;
    return CKR_VENDOR_DEFINED;
}

DECOY C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
                     CK_FLAGS flags)
{
    (void)name;
    (void)version;
    (void)interface;
    (void)flags;
    return CKR_VENDOR_DEFINED;
}

const char *token_log(void)
{
    static char taken[sizeof(log_lines)];

    pthread_mutex_lock(&log_lock);
    strcpy(taken, log_lines);
    log_lines[0] = '\0';
    pthread_mutex_unlock(&log_lock);
    return taken;
}

static const struct ot_functions *load(struct module *wanted)
{
    CK_RV (*get)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
    CK_INTERFACE *interface;

    module = wanted;
    if (module->library != NULL)
        return module->functions;
    module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
    if (module->library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    must(module->library != NULL);
    *(void **)&get = dlsym(module->library, "C_GetInterface");
    must(get != NULL && get(NULL, NULL, &interface, 0) == CKR_OK);
    module->functions = interface->pFunctionList;
    return module->functions;
}

const struct ot_functions *token_load(void)
{
    return load(&trust);
}

const struct ot_functions *token_load_admin(void)
{
    return load(&admin);
}

void token_unload(void)
{
    must(module->library != NULL && dlclose(module->library) == 0);
    module->library = NULL;
    module->functions = NULL;
}

const struct ot_functions *token_start(CK_SESSION_HANDLE *session)
{
    token_load();
    must(module->functions->C_Initialize(NULL) == CKR_OK);
    *session = token_session(1);
    return module->functions;
}

void token_stop(void)
{
    must(module->functions->C_Finalize(NULL) == CKR_OK);
}

CK_SESSION_HANDLE token_session(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session;

    must(module->functions->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL,
                                          &session) == CKR_OK);
    return session;
}

CK_ULONG token_find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
                    CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX])
{
    CK_ULONG found = 0, n;

    must(module->functions->C_FindObjectsInit(session, template, count) == CKR_OK);
    do {
        /* in odd steps, so that a step ends between the objects of one certificate */
        must(module->functions->C_FindObjects(session, objects + found, 5, &n) == CKR_OK);
        found += n;
    } while (n > 0 && found + 5 < TOKEN_OBJECTS_MAX);
    must(module->functions->C_FindObjectsFinal(session) == CKR_OK);
    return found;
}

CK_ULONG token_count(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
    static _Thread_local CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};

    return token_find(session, template, class == (CK_OBJECT_CLASS)-1 ? 0 : 1, objects);
}

CK_OBJECT_HANDLE token_first(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
    static _Thread_local CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};

    must(token_find(session, template, 1, objects) > 0);
    return objects[0];
}

const char *token_labels(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                         CK_ULONG count)
{
    static _Thread_local CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    static _Thread_local char labels[8192];
    CK_ULONG found = token_find(session, template, count, objects), i;
    struct token_value label;

    labels[0] = '\0';
    for (i = 0; i < found; i++) {
        if (token_number(session, objects[i], CKA_CLASS) != CKO_CERTIFICATE)
            continue;
        label = token_get(session, objects[i], CKA_LABEL);
        must(strlen(labels) + label.len + 2 < sizeof(labels));
        strncat(labels, (const char *)label.data, label.len);
        strcat(labels, ";");
    }
    return labels;
}

struct token_value token_get(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE_TYPE type)
{
    static _Thread_local unsigned char buffers[8][8192];
    static _Thread_local unsigned turn;
    unsigned char *buffer = buffers[turn++ % 8];
    CK_ATTRIBUTE template[] = {{type, buffer, sizeof(buffers[0])}};

    must(module->functions->C_GetAttributeValue(session, object, template, 1) == CKR_OK);
    return (struct token_value){buffer, template[0].ulValueLen};
}

CK_ULONG token_number(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                      CK_ATTRIBUTE_TYPE type)
{
    struct token_value value = token_get(session, object, type);
    CK_ULONG number;

    must(value.len == sizeof(number));
    memcpy(&number, value.data, sizeof(number));
    return number;
}

bool token_truth(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                 CK_ATTRIBUTE_TYPE type)
{
    struct token_value value = token_get(session, object, type);

    must(value.len == sizeof(CK_BBOOL) && value.data[0] <= 1);
    return value.data[0] != 0;
}
