/* Any sequence of calls of a PKCS#11 module, with handles, templates and buffers that are
 * right, nearly right and wrong, while snapshots come, go and break. Nothing may crash,
 * be read or written beyond its end, or leak; and what must hold after a call is checked.
 *
 * fuzz_p11 is made with the module that only reads, fuzz_p11_admin with the one for
 * administration, whose commands are carried out in here, and end as the input says. */
#include <ftw.h>
#include <openssl/asn1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "certs.h"
#include "config/config.h"
#include "config/source.h"
#include "config/source_path.h"
#include "errand/errand.h"
#include "files/path.h"
#include "functions_internal.h"
#include "snapshot/record.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

#define VARIANTS 4
#define HANDLES 8
#define OBJECTS 32
#define TEMPLATE_MAX 12
#define SLOTS 2
#define LIMITED_SLOT 2

static char directory[] = "/tmp/orgtrust-fuzz-p11-XXXXXX";
static const struct ot_functions *functions;
static bool is_admin; /* the module */

/* What the sequence has gathered so far. */
static struct {
    CK_SESSION_HANDLE sessions[HANDLES];
    CK_OBJECT_HANDLE objects[OBJECTS];
    unsigned session_turn, object_turn;
    bool initialised;
    unsigned users; /* C_Initialize without their C_Finalize */
} state;

/* The input, byte by byte; zeros behind its end. */
static const uint8_t *input;
static size_t input_len;

static uint8_t next(void)
{
    if (input_len == 0)
        return 0;
    input_len--;
    return *input++;
}

static void path_in(char *path, size_t size, const char *name)
{
    must(snprintf(path, size, "%s/%s", directory, name) < (int)size);
}

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void clean_up(void)
{
    nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void add(struct snapshot_builder *builder, const char *cn, long serial,
                const char *from, const char *to, bool is_ca, unsigned flags)
{
    X509 *x509 = certs_new(cn, serial);
    uint8_t *der;
    size_t len;

    certs_set_validity(x509, from, to);
    if (!is_ca)
        X509_EXTENSION_free(
            X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_basic_constraints, -1)));
    der = certs_finish(x509, &len);
    snapshot_builder_add(builder, der, len, cn, flags);
    if (serial % 2 == 1) /* the same certificate under a second id */
        snapshot_builder_add(builder, der, len, cn, flags);
    free(der);
}

/* Snapshots that differ in what they hold, to be put in place while searches run. */
static void make_variant(int variant, const char *scope)
{
    const char *past = "20200101000000Z", *now = "20210101000000Z",
               *future = "20900101000000Z";
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};
    struct ot_error err = OT_ERROR_INIT;
    char name[32], path[256], cn[32];

    for (int i = 0; i <= variant * 5; i++) {
        snprintf(cn, sizeof(cn), "Root %d", i / 2);
        add(&builder, cn, i + 1, past, i % 4 == 3 ? now : future, i % 5 != 4,
            i % 7 == 6 ? 0 : OT_RECORD_ACTIVE);
    }
    snapshot_builder_add_quarantined(&builder, "not a certificate");
    snprintf(name, sizeof(name), "variant.%d", variant);
    path_in(path, sizeof(path), name);
    must(ot_snapshot_write(path, scope, 0, builder.records, builder.count, time(NULL),
                           &err) == OT_OK);
    snapshot_builder_clear(&builder);
}

/* The module itself says what it is. */
static bool wants_login(void)
{
    CK_TOKEN_INFO token;

    must(functions->C_Initialize(NULL) == CKR_OK);
    must(functions->C_GetTokenInfo(1, &token) == CKR_OK);
    must(functions->C_Finalize(NULL) == CKR_OK);
    return (token.flags & CKF_LOGIN_REQUIRED) != 0;
}

static void make_world(void)
{
    char conf[256], *scope;
    const struct ot_source *source;
    struct ot_config *config;
    CK_INTERFACE *interface;
    FILE *file;

    must(mkdtemp(directory) != NULL);
    atexit(clean_up);
    path_in(conf, sizeof(conf), "orgtrust.conf");
    file = fopen(conf, "w");
    must(file != NULL);
    must(fprintf(file, "base_url = https://api.example.com/v1\nauto_refresh = no\n"
                       "[source default]\n"
                       "[source other]\npurposes = email\n") > 0);
    must(fclose(file) == 0 && chmod(conf, 0600) == 0);
    must(setenv("ORGTRUST_CONF", conf, 1) == 0);
    must(setenv("ORGTRUST_CACHE_DIR", directory, 1) == 0);
    must(setenv("ORGTRUST_COMMAND", "/bin/false", 1) == 0);
    unsetenv("OPENAI_ADMIN_KEY");
    must(ot_config_load(&config, NULL) == OT_OK);
    must(ot_config_find(config, NULL, &source, NULL) == OT_OK);
    scope = ot_source_scope(source);
    must(scope != NULL);
    for (int i = 0; i < VARIANTS; i++)
        make_variant(i, scope);
    free(scope);
    ot_config_free(config);
    must(C_GetInterface(NULL, NULL, &interface, 0) == CKR_OK);
    functions = interface->pFunctionList;
    is_admin = wants_login();
}

/* Puts a variant in place of a source's snapshot, damaged or whole; or takes it away. */
static void change_snapshot(void)
{
    uint8_t kind = next();
    const char *source = kind & 0x80 ? "other.snapshot" : "default.snapshot";
    char name[32], path[256], from[256], temporary[256];
    static uint8_t bytes[1 << 20];
    size_t len;
    FILE *file;

    path_in(path, sizeof(path), source);
    if (kind % 8 == 7) {
        (void)unlink(path);
        return;
    }
    snprintf(name, sizeof(name), "variant.%d", kind % VARIANTS);
    path_in(from, sizeof(from), name);
    path_in(temporary, sizeof(temporary), "temporary");
    file = fopen(from, "r");
    must(file != NULL);
    len = fread(bytes, 1, sizeof(bytes), file);
    must(len > 0 && len < sizeof(bytes) && fclose(file) == 0);
    if (kind & 0x40)
        bytes[((size_t)next() << 8 | next()) * len >> 16] ^= 1;
    file = fopen(temporary, "w");
    must(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
    must(chmod(temporary, 0600) == 0 && rename(temporary, path) == 0);
}

/* In the place of the real ones, which start a process. */
bool ot_errand_is_allowed(void)
{
    return true;
}

struct ot_span ot_errand_key(struct ot_span typed)
{
    return typed;
}

static void read_arguments(const struct ot_errand *errand)
{
    size_t i;

    must(is_admin && errand->source != NULL);
    must(strcmp(errand->source->name, "default") == 0 ||
         strcmp(errand->source->name, "other") == 0);
    must(errand->arguments[0] != NULL);
    for (i = 0; errand->arguments[i] != NULL; i++)
        must(ot_text_is_utf8(errand->arguments[i], strlen(errand->arguments[i])));
    must(i <= OT_ERRAND_ARGUMENTS_MAX);
    must(errand->key.len >= 1 && errand->key.len <= 255);
    for (i = 0; i < errand->key.len; i++)
        must(errand->key.data[i] > 0x20 && errand->key.data[i] < 0x7f);
    if (strcmp(errand->arguments[0], "upload") == 0)
        must(errand->input.len >= 2 && errand->input.data[0] == 0x30 &&
             errand->input.data[1] == errand->input.len - 2);
    else
        must(errand->input.data == NULL);
}

enum ot_status ot_errand_run(const struct ot_errand *errand,
                             struct ot_errand_result *result, struct ot_error *err)
{
    uint8_t kind = next();

    read_arguments(errand);
    memset(result, 0, sizeof(*result));
    if (kind & 0x10)
        change_snapshot();
    /* What another thread may do meanwhile: no lock may be held. */
    if ((kind & 0x28) == 0x20)
        (void)functions->C_Logout(state.sessions[kind % HANDLES]);
    else if ((kind & 0x28) == 0x28)
        (void)functions->C_CloseSession(state.sessions[kind % HANDLES]);
    snprintf(result->id, sizeof(result->id), "cert_%d", kind & 7);
    result->done = kind < 0xd0;
    if (kind < 0xc0)
        return OT_OK;
    return ot_error_set(err, (enum ot_status)(1 + next() % (OT_STATUS_COUNT - 1)), "no");
}

/* In the place of the line that the host's standard error would get. */
void __wrap_ot_tell(const char *text);
void __wrap_ot_tell(const char *text)
{
    must(ot_text_is_utf8(text, strlen(text)));
}

static CK_SESSION_HANDLE some_session(void)
{
    uint8_t byte = next();

    if (byte >= 0xf0)
        return (CK_SESSION_HANDLE)next() << (byte & 15u);
    return state.sessions[byte % HANDLES] ^ (byte >= 0xe8 ? 1u << 16 : 0);
}

static CK_OBJECT_HANDLE some_object(void)
{
    uint8_t byte = next();

    if (byte >= 0xf0)
        return (CK_OBJECT_HANDLE)next() << (byte & 15u);
    return state.objects[byte % OBJECTS] ^ (byte >= 0xe0 ? byte & 3u : 0);
}

static CK_ATTRIBUTE_TYPE some_type(void)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS,
                                              CKA_TOKEN,
                                              CKA_PRIVATE,
                                              CKA_LABEL,
                                              CKA_UNIQUE_ID,
                                              CKA_VALUE,
                                              CKA_CERTIFICATE_TYPE,
                                              CKA_ISSUER,
                                              CKA_SERIAL_NUMBER,
                                              CKA_TRUSTED,
                                              CKA_CERTIFICATE_CATEGORY,
                                              CKA_URL,
                                              CKA_HASH_OF_SUBJECT_PUBLIC_KEY,
                                              CKA_HASH_OF_ISSUER_PUBLIC_KEY,
                                              CKA_NAME_HASH_ALGORITHM,
                                              CKA_CHECK_VALUE,
                                              CKA_SUBJECT,
                                              CKA_ID,
                                              CKA_START_DATE,
                                              CKA_END_DATE,
                                              CKA_PUBLIC_KEY_INFO,
                                              CKA_MODIFIABLE,
                                              CKA_OBJECT_ID,
                                              OT_CKA_X_DISTRUSTED,
                                              OT_CKA_NSS_CERT_SHA1_HASH,
                                              OT_CKA_NSS_TRUST_SERVER_AUTH,
                                              OT_CKA_HASH_OF_CERTIFICATE,
                                              OT_CKA_TRUST_SERVER_AUTH,
                                              CKA_PROFILE_ID,
                                              CKA_MODULUS,
                                              (CK_ATTRIBUTE_TYPE)-1};

    return types[next() % (sizeof(types) / sizeof(types[0]))];
}

/* A value on the heap, as long as it says, so that reading beyond it is seen: what an
 * object has under this type, or bytes of the input. */
static void some_value(CK_ATTRIBUTE *attribute)
{
    uint8_t kind = next();
    CK_RV rv;

    attribute->pValue = NULL;
    attribute->ulValueLen = 0;
    if (kind < 0x80 && state.initialised) {
        rv = functions->C_GetAttributeValue(state.sessions[0],
                                            state.objects[kind % OBJECTS], attribute, 1);
        if (rv == CKR_OK) {
            attribute->pValue = malloc(attribute->ulValueLen + 1);
            must(attribute->pValue != NULL);
            must(functions->C_GetAttributeValue(state.sessions[0],
                                                state.objects[kind % OBJECTS], attribute,
                                                1) == CKR_OK);
            return;
        }
    }
    if (kind == 0xff) { /* a length without a value */
        attribute->ulValueLen = next();
        return;
    }
    attribute->ulValueLen = kind % 17;
    attribute->pValue = malloc(attribute->ulValueLen);
    for (CK_ULONG i = 0; i < attribute->ulValueLen && attribute->pValue != NULL; i++)
        ((uint8_t *)attribute->pValue)[i] = next();
}

static void free_template(CK_ATTRIBUTE *template, CK_ULONG count)
{
    for (CK_ULONG i = 0; template != NULL && i < count; i++)
        free(template[i].pValue);
    free(template);
}

static CK_ATTRIBUTE *some_template(CK_ULONG *count)
{
    CK_ATTRIBUTE *template;

    *count = next() % TEMPLATE_MAX;
    template = calloc(*count + 1, sizeof(*template));
    must(template != NULL);
    for (CK_ULONG i = 0; i < *count; i++) {
        template[i].type = some_type();
        some_value(&template[i]);
    }
    return template;
}

static void initialize(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = next() % 4};
    uint8_t kind = next();

    if (kind & 1)
        args.pReserved = (void *)1; /* never to be looked at */
    must(functions->C_Initialize(kind & 2 ? NULL : &args) == CKR_OK);
    state.users++;
    state.initialised = true;
}

static void finalize(void)
{
    CK_RV rv = functions->C_Finalize(next() == 1 ? &state : NULL);

    must(rv == CKR_OK || !state.initialised || rv == CKR_ARGUMENTS_BAD);
    if (rv == CKR_OK)
        state.initialised = --state.users > 0;
}

static void open_session(void)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    uint8_t kind = next();
    CK_FLAGS flags =
        (kind & 8) != 0 ? CKF_SERIAL_SESSION | CKF_RW_SESSION : CKF_SERIAL_SESSION;
    CK_RV rv = functions->C_OpenSession(kind % 4, kind < 0xc0 ? flags : kind, NULL, NULL,
                                        &session);

    must((rv == CKR_OK) == (session != CK_INVALID_HANDLE));
    must(rv != CKR_OK || (flags & CKF_RW_SESSION) == 0 || is_admin || kind >= 0xc0);
    must(state.initialised || rv == CKR_CRYPTOKI_NOT_INITIALIZED);
    if (rv == CKR_OK)
        state.sessions[state.session_turn++ % HANDLES] = session;
}

static void find_init(void)
{
    CK_ULONG count;
    CK_ATTRIBUTE *template = some_template(&count);
    uint8_t kind = next();

    (void)functions->C_FindObjectsInit(some_session(), kind == 0xff ? NULL : template,
                                       kind == 0xfe ? (CK_ULONG)-1 : count);
    free_template(template, count);
}

static void find(void)
{
    CK_ULONG max = next() % 24, count = 0;
    CK_OBJECT_HANDLE *objects = malloc(max * sizeof(*objects) + 1);

    must(objects != NULL);
    if (functions->C_FindObjects(some_session(), objects, max, &count) == CKR_OK) {
        must(count <= max);
        for (CK_ULONG i = 0; i < count; i++) {
            must(objects[i] != CK_INVALID_HANDLE);
            state.objects[state.object_turn++ % OBJECTS] = objects[i];
        }
    } else {
        must(count == 0);
    }
    free(objects);
}

/* The state of a session, which in the module that only reads is always the same; false:
 * it is none, or one of that module. */
static bool is_admin_session(CK_SESSION_HANDLE session, CK_STATE *session_state)
{
    CK_SESSION_INFO info;

    *session_state = CKS_RO_PUBLIC_SESSION;
    if (functions->C_GetSessionInfo(session, &info) != CKR_OK)
        return false;
    *session_state = info.state;
    must(info.slotID >= 1 && info.slotID <= SLOTS);
    must(is_admin || info.state == CKS_RO_PUBLIC_SESSION);
    return is_admin;
}

/* What p11-kit and GnuTLS do with a certificate: of the source with limited purposes each
 * has its extension, or damage is told. */
static void ask_for_extension(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_OBJECT_CLASS class = CKO_PROFILE, extension = OT_CKO_X_CERTIFICATE_EXTENSION;
    static uint8_t key[OT_CERT_DER_MAX];
    CK_ATTRIBUTE about[] = {{CKA_CLASS, &class, sizeof(class)},
                            {CKA_PUBLIC_KEY_INFO, key, sizeof(key)}};
    CK_OBJECT_HANDLE found;
    CK_ULONG count = 0;
    CK_RV rv;

    if (functions->C_GetAttributeValue(session, object, about, 2) != CKR_OK ||
        class != CKO_CERTIFICATE)
        return;
    about[0].pValue = &extension;
    rv = functions->C_FindObjectsInit(session, about, 2);
    must(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
    if (rv != CKR_OK)
        return;
    must(functions->C_FindObjects(session, &found, 1, &count) == CKR_OK);
    must(functions->C_FindObjectsFinal(session) == CKR_OK);
    must(count == 1);
    about[0] = (CK_ATTRIBUTE){CKA_VALUE, key, 64};
    must(functions->C_GetAttributeValue(session, found, about, 1) == CKR_OK);
    must(about[0].ulValueLen >= 2 && key[0] == 0x30 &&
         key[1] + 2u == about[0].ulValueLen);
}

static bool is_limited(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;

    return !is_admin && functions->C_GetSessionInfo(session, &info) == CKR_OK &&
           info.slotID == LIMITED_SLOT;
}

/* Everything of one search at once: no handle may come twice. */
static void find_all(void)
{
    CK_OBJECT_HANDLE seen[256];
    CK_SESSION_HANDLE session = some_session();
    CK_STATE session_state;
    CK_ULONG count = 0;

    if (functions->C_FindObjectsInit(session, NULL, 0) != CKR_OK)
        return;
    must(functions->C_FindObjects(session, seen, 256, &count) == CKR_OK);
    must(count < 256);
    if (!is_admin_session(session, &session_state))
        must(count > 0); /* the profile is always there */
    else if (session_state == CKS_RO_PUBLIC_SESSION ||
             session_state == CKS_RW_PUBLIC_SESSION)
        must(count == 0);
    for (CK_ULONG i = 0; i < count; i++)
        for (CK_ULONG k = 0; k < i; k++)
            must(seen[i] != seen[k]);
    for (CK_ULONG i = 0; i < count; i++)
        state.objects[state.object_turn++ % OBJECTS] = seen[i];
    must(functions->C_FindObjectsFinal(session) == CKR_OK);
    for (CK_ULONG i = 0; i < count && is_limited(session); i++)
        ask_for_extension(session, seen[i]);
}

/* Buffers of the caller's size only, and the answer that belongs to each. */
static void get_attributes(void)
{
    CK_ATTRIBUTE template[TEMPLATE_MAX];
    CK_ULONG count = next() % TEMPLATE_MAX, room[TEMPLATE_MAX], i;
    bool is_short = false, is_unknown = false;
    CK_RV rv;

    for (i = 0; i < count; i++) {
        template[i].type = some_type();
        room[i] = next();
        room[i] = room[i] > 0xe0 ? 4096 : room[i] % 33;
        template[i].ulValueLen = room[i];
        template[i].pValue = next() & 1 ? malloc(room[i]) : NULL;
    }
    rv = functions->C_GetAttributeValue(some_session(), some_object(),
                                        next() == 0xff ? NULL : template, count);
    for (i = 0; i < count; i++) {
        if (rv == CKR_OK)
            must(template[i].pValue == NULL || template[i].ulValueLen <= room[i]);
        is_short = is_short || rv == CKR_BUFFER_TOO_SMALL;
        is_unknown = is_unknown || template[i].ulValueLen == CK_UNAVAILABLE_INFORMATION;
        free(template[i].pValue);
    }
    must(!is_short || is_unknown);
    must(rv != CKR_OK || !is_unknown);
}

static void ask_about_token(void)
{
    CK_TOKEN_INFO token;
    CK_SLOT_INFO slot;
    CK_STATE session_state;
    CK_SLOT_ID *list;
    CK_ULONG count = next() % 4, room = count;
    CK_SLOT_ID id = next() % 4;

    if (functions->C_GetTokenInfo(id, &token) == CKR_OK)
        must(token.flags == (is_admin ? 0x40c : 0x402));
    if (functions->C_GetSlotInfo(id, &slot) == CKR_OK)
        must(slot.flags == CKF_TOKEN_PRESENT);
    (void)is_admin_session(some_session(), &session_state);
    list = calloc(count + 1, sizeof(*list));
    must(list != NULL);
    if (functions->C_GetSlotList(next() & 1, list, &count) == CKR_OK)
        must(count <= room);
    free(list);
}

static void log_in(CK_SESSION_HANDLE session, uint8_t kind)
{
    CK_ULONG len = next() % 48, i;
    uint8_t *pin = malloc(len + 1); /* not empty, so that leaks are seen, too */

    must(pin != NULL);
    for (i = 0; i < len; i++)
        pin[i] = kind & 0x40 ? next() : 'k';
    (void)functions->C_Login(session, kind & 1 ? CKU_USER : CKU_SO, pin, len);
    free(pin);
}

/* A template with what is needed, before what the input has. */
static void create(CK_SESSION_HANDLE session, uint8_t kind)
{
    CK_OBJECT_CLASS class = kind & 0x40 ? OT_CKO_NSS_TRUST : CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    CK_ULONG count;
    CK_ATTRIBUTE *more = some_template(&count);
    CK_ATTRIBUTE all[TEMPLATE_MAX + 4] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {kind & 0x40 ? OT_CKA_NSS_TRUST_SERVER_AUTH : CKA_CERTIFICATE_TYPE, &type,
         sizeof(type)},
        {CKA_VALUE, (void *)(kind & 0x20 ? "\x30\x02\x05\x00" : "\x30\x00"),
         kind & 0x20 ? 4 : 2}};
    CK_ULONG own = kind & 0x40 ? 3 : 4;
    CK_RV rv;

    if (kind & 0x10)
        type = OT_CKT_NSS_TRUSTED_DELEGATOR;
    memcpy(all + own, more, count * sizeof(*more));
    rv = functions->C_CreateObject(session, all, own + count, &object);
    must((rv == CKR_OK) == (object != CK_INVALID_HANDLE));
    if (rv == CKR_OK)
        state.objects[state.object_turn++ % OBJECTS] = object;
    free_template(more, count);
}

static void change(CK_SESSION_HANDLE session, uint8_t kind)
{
    CK_BBOOL truth = kind & 0x40 ? CK_TRUE : CK_FALSE;
    CK_ULONG count, without = kind & 0x10 ? 2 : kind & 1;
    CK_ATTRIBUTE *more = some_template(&count);
    CK_ATTRIBUTE all[TEMPLATE_MAX + 2] = {
        {CKA_LABEL, (void *)"Name", kind & 0x20 ? 4 : 2},
        {CKA_TRUSTED, &truth, sizeof(truth)}};

    memcpy(all + 2, more, count * sizeof(*more));
    (void)functions->C_SetAttributeValue(session, some_object(), all + without,
                                         count + 2 - without);
    free_template(more, count);
}

static void administer(void)
{
    CK_SESSION_HANDLE session = some_session();
    uint8_t kind = next();

    switch (kind >> 1 & 7) {
    case 0:
        (void)functions->C_Logout(session);
        break;
    case 1:
    case 2:
        log_in(session, kind);
        break;
    case 3:
    case 4:
        create(session, kind);
        break;
    case 5:
    case 6:
        change(session, kind);
        break;
    default:
        (void)functions->C_DestroyObject(session, some_object());
        break;
    }
}

/* Nothing of this works where nobody can log in, whatever it is given, and of
 * cryptography on none. */
static void try_to_write(void)
{
    CK_MECHANISM mechanism = {.mechanism = next()};
    CK_SESSION_HANDLE session = some_session();
    CK_OBJECT_HANDLE object = some_object();
    CK_ULONG count, len = 0;
    CK_ATTRIBUTE *template = some_template(&count);
    uint8_t *byte = malloc(1);
    CK_STATE session_state;
    bool may = is_admin_session(session, &session_state);

    must(byte != NULL);
    *byte = next();
    must(functions->C_CreateObject(session, template, count, &object) != CKR_OK || may);
    must(functions->C_CopyObject(session, object, template, count, &object) != CKR_OK);
    must(functions->C_SetAttributeValue(session, object, template, count) != CKR_OK ||
         may);
    must(functions->C_DestroyObject(session, object) != CKR_OK || may);
    must(functions->C_Login(session, *byte, byte, 1) != CKR_OK || may);
    must(functions->C_Logout(session) != CKR_OK || may);
    must(functions->C_EncryptInit(session, *byte & 1 ? &mechanism : NULL, object) !=
         CKR_OK);
    must(functions->C_Encrypt(session, byte, 1, byte, &len) != CKR_OK);
    must(functions->C_GenerateRandom(session, byte, 1) != CKR_OK);
    must(functions->C_VerifyMessage(session, byte, 1, byte, 1, byte, 1) != CKR_OK);
    must(functions->C_EncapsulateKey(session, &mechanism, object, template, count, NULL,
                                     &len, &object) != CKR_OK);
    must(functions->C_InitToken(*byte, byte, 1, byte) != CKR_OK);
    free(byte);
    free_template(template, count);
}

static void step(void)
{
    CK_ULONG size;

    switch (next() % 16) {
    case 0:
        initialize();
        break;
    case 1:
        if (next() > 0xc0) /* rarely, so that something lasts */
            finalize();
        break;
    case 2:
        open_session();
        break;
    case 3:
        (void)functions->C_CloseSession(some_session());
        break;
    case 4:
        if (next() > 0x80)
            (void)functions->C_CloseAllSessions(next() % 4);
        else
            administer();
        break;
    case 5:
    case 6:
        find_init();
        break;
    case 7:
    case 8:
        find();
        break;
    case 9:
        (void)functions->C_FindObjectsFinal(some_session());
        break;
    case 10:
        find_all();
        break;
    case 11:
    case 12:
        get_attributes();
        break;
    case 13:
        change_snapshot();
        break;
    case 14:
        ask_about_token();
        (void)functions->C_SessionCancel(some_session(), next());
        (void)functions->C_GetObjectSize(some_session(), some_object(), &size);
        break;
    default:
        try_to_write();
        break;
    }
}

/* Someone is logged in, mostly, and has seen what there is. */
static void begin_as_admin(void)
{
    CK_SESSION_HANDLE session;
    CK_ULONG count;

    must(functions->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                  &session) == CKR_OK);
    (void)functions->C_Login(session, CKU_USER, (uint8_t *)"sk-0123456789abcdefghij", 23);
    must(functions->C_FindObjectsInit(session, NULL, 0) == CKR_OK);
    must(functions->C_FindObjects(session, state.objects, OBJECTS, &count) == CKR_OK);
    must(functions->C_FindObjectsFinal(session) == CKR_OK);
    state.object_turn = (unsigned)count;
    for (unsigned i = 0; i < HANDLES / 2; i++)
        state.sessions[i] = session;
    state.session_turn = HANDLES / 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (functions == NULL)
        make_world();
    memset(&state, 0, sizeof(state));
    input = data;
    input_len = size;
    must(functions->C_Initialize(NULL) == CKR_OK);
    state.users = 1;
    state.initialised = true;
    /* By the last byte, so that this needs none of its own. */
    if (is_admin && size > 0 && data[size - 1] >= 0xb0)
        begin_as_admin();
    while (input_len > 0)
        step();
    for (; state.users > 0; state.users--)
        must(functions->C_Finalize(NULL) == CKR_OK);
    return 0;
}
