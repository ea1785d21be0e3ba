/* Deletes what a URI names, as a program with OSSL_STORE_delete does:
 *
 *   store_delete MODULE URI key|config|empty|cancel|no-method
 *
 * The last says how the passphrase method answers; the key is the first line of standard
 * input. To standard output go what does it and the prompt, to standard error what is on
 * the error queue; 1: failed. libcrypto has the function from 3.2 on. With an older one
 * the provider's own table is asked, by a core that can do nothing but take errors. */
#include <dlfcn.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_DELETE 9 /* OSSL_FUNC_STORE_DELETE of OpenSSL 3.2 */

typedef int delete_fn(const char *uri, OSSL_LIB_CTX *libctx, const char *properties,
                      const UI_METHOD *method, void *method_data,
                      const OSSL_PARAM params[]);
typedef int provider_delete_fn(void *provctx, const char *uri, const OSSL_PARAM params[],
                               OSSL_PASSPHRASE_CALLBACK *passphrase, void *arg);

static const char *how;
static char answer[8192];

static int ask(UI *ui, UI_STRING *string)
{
    if (UI_get_string_type(string) != UIT_PROMPT)
        return 1;
    printf("%s\n", UI_get0_output_string(string));
    if (strcmp(how, "cancel") == 0)
        return -1;
    return UI_set_result(ui, string, answer) == 0;
}

static int by_libcrypto(delete_fn *delete, const char *uri)
{
    UI_METHOD *method = NULL;
    int ok;

    if (strcmp(how, "no-method") != 0) {
        method = UI_create_method("test");
        if (method == NULL || UI_method_set_reader(method, ask) != 0)
            abort();
    }
    ok = delete (uri, NULL, NULL, method, NULL, NULL);
    ERR_print_errors_fp(stderr);
    UI_destroy_method(method);
    return ok;
}

/* The core that an older libcrypto cannot be. */

static OSSL_FUNC_provider_get_reason_strings_fn *reason_strings;

static void new_error(const OSSL_CORE_HANDLE *handle)
{
    (void)handle;
}

__attribute__((format(printf, 3, 0))) static void
vset_error(const OSSL_CORE_HANDLE *handle, uint32_t reason, const char *fmt, va_list args)
{
    const OSSL_ITEM *item = reason_strings(NULL);

    (void)handle;
    while (item->ptr != NULL && item->id != reason)
        item++;
    fprintf(stderr, "orgtrust:%s:", item->ptr != NULL ? (const char *)item->ptr : "?");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

static int passphrase(char *text, size_t size, size_t *len, const OSSL_PARAM params[],
                      void *arg)
{
    const OSSL_PARAM *info = params;

    (void)arg;
    if (strcmp(how, "no-method") == 0)
        return 0;
    while (info->key != NULL && strcmp(info->key, OSSL_PASSPHRASE_PARAM_INFO) != 0)
        info++;
    if (info->key != NULL && info->data_type == OSSL_PARAM_UTF8_STRING)
        printf("Enter pass phrase for %.*s:\n", (int)info->data_size,
               (const char *)info->data);
    *len = strlen(answer);
    if (strcmp(how, "cancel") == 0 || *len >= size)
        return 0;
    memcpy(text, answer, *len);
    return 1;
}

static void (*function_of(const OSSL_DISPATCH *table, int id))(void)
{
    for (; table->function_id != 0; table++)
        if (table->function_id == id)
            return table->function;
    fprintf(stderr, "the table has no function %d\n", id);
    exit(99);
}

static int by_the_table(const char *module, const char *uri)
{
    static const OSSL_DISPATCH core[] = {
        {OSSL_FUNC_CORE_NEW_ERROR, (void (*)(void))new_error},
        {OSSL_FUNC_CORE_VSET_ERROR, (void (*)(void))vset_error},
        {0, NULL},
    };
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    const OSSL_ALGORITHM *stores;
    OSSL_provider_init_fn *init;
    const OSSL_DISPATCH *table;
    void *provctx;
    int no_cache, ok;

    init = library != NULL ? (OSSL_provider_init_fn *)dlsym(library, "OSSL_provider_init")
                           : NULL;
    if (init == NULL || init(NULL, core, &table, &provctx) != 1)
        exit(99);
    reason_strings = (OSSL_FUNC_provider_get_reason_strings_fn *)function_of(
        table, OSSL_FUNC_PROVIDER_GET_REASON_STRINGS);
    stores = ((OSSL_FUNC_provider_query_operation_fn *)function_of(
        table, OSSL_FUNC_PROVIDER_QUERY_OPERATION))(provctx, OSSL_OP_STORE, &no_cache);
    ok = ((provider_delete_fn *)function_of(stores[0].implementation, STORE_DELETE))(
        provctx, uri, NULL, passphrase, NULL);
    ((OSSL_FUNC_provider_teardown_fn *)function_of(table, OSSL_FUNC_PROVIDER_TEARDOWN))(
        provctx);
    dlclose(library);
    return ok;
}

static void read_answer(void)
{
    if (strcmp(how, "key") == 0 && fgets(answer, sizeof(answer), stdin) == NULL)
        exit(99);
    answer[strcspn(answer, "\n")] = '\0';
    if (strcmp(how, "config") == 0)
        strcpy(answer, how);
}

int main(int argc, char **argv)
{
    delete_fn *delete = (delete_fn *)dlsym(RTLD_DEFAULT, "OSSL_STORE_delete");
    int ok;

    if (argc != 4)
        return 99;
    how = argv[3];
    /* Under valgrind the start of a child copies this process, and its end flushes. */
    setvbuf(stdout, NULL, _IONBF, 0);
    read_answer();
    puts(delete != NULL ? "OSSL_STORE_delete" : "the provider's own table");
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    ok = delete != NULL ? by_libcrypto(delete, argv[2]) : by_the_table(argv[1], argv[2]);
    OPENSSL_cleanse(answer, sizeof(answer));
    return ok == 1 ? 0 : 1;
}
