/* Every allocation of the provider fails once: the result is an error or whole, and the
 * next search is as if nothing had been. */
#include <dlfcn.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"
#define ROOTS 12 /* more than one step of the growing list */

/* glibc's own, under the names that are not replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

/* 0: let everything pass; n: the n-th allocation from now fails. */
static _Thread_local unsigned countdown;

/* Our own calls, and those of libc on our behalf (strdup); not libcrypto's. */
static bool is_ours(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
           (strstr(info.dli_fname, "orgtrust.so") != NULL ||
            strstr(info.dli_fname, "/libc.so") != NULL);
}

static bool fails(const void *caller)
{
    unsigned n = countdown;
    bool counts;

    if (n == 0)
        return false;
    countdown = 0; /* dladdr may allocate */
    counts = is_ours(caller);
    countdown = counts ? n - 1 : n;
    return counts && n == 1;
}

/* The allocations of ours that are alive, while counting. A call to free may be a tail
 * call, and then seems to come from elsewhere: so they are known by address. */
static _Thread_local bool counting;
static void *alive[4096];
static size_t alive_count;

static void forget(const void *memory)
{
    size_t i;

    for (i = 0; counting && memory != NULL && i < alive_count; i++)
        if (alive[i] == memory) {
            alive[i] = alive[--alive_count];
            return;
        }
}

static void *note(void *memory, const void *caller)
{
    if (!counting || memory == NULL)
        return memory;
    counting = false; /* dladdr may allocate */
    if (is_ours(caller) && alive_count < sizeof(alive) / sizeof(alive[0]))
        alive[alive_count++] = memory;
    counting = true;
    return memory;
}

#define INTERPOSED __attribute__((visibility("default")))

INTERPOSED void *malloc(size_t size)
{
    const void *caller = __builtin_return_address(0);

    return fails(caller) ? NULL : note(__libc_malloc(size), caller);
}

INTERPOSED void *calloc(size_t number, size_t size)
{
    const void *caller = __builtin_return_address(0);

    return fails(caller) ? NULL : note(__libc_calloc(number, size), caller);
}

INTERPOSED void *realloc(void *old, size_t size)
{
    const void *caller = __builtin_return_address(0);

    if (fails(caller))
        return NULL;
    forget(old);
    return note(__libc_realloc(old, size), caller);
}

INTERPOSED void free(void *memory)
{
    forget(memory);
    __libc_free(memory);
}

static OSSL_STORE_SEARCH *by_subject(X509_NAME *name)
{
    return name != NULL ? OSSL_STORE_SEARCH_by_name(name) : NULL;
}

/* Lets the n-th allocation of a walk fail, for every n there is; returns how many. */
static unsigned fail_each(const char *config, X509_NAME *name, unsigned whole)
{
    const struct walk *walk;
    OSSL_LIB_CTX *libctx;
    bool reached = true;
    unsigned n;

    for (n = 1; reached; n++) {
        world_configure(config);
        libctx = world_context();
        OSSL_STORE_SEARCH *search = by_subject(name);

        countdown = n;
        walk = world_walk(libctx, URI, 0, search);
        reached = countdown == 0;
        countdown = 0;
        if (name == NULL || !reached) /* a look-up may go without, in silence */
            CU_ASSERT(walk->errors > 0 || walk->count == whole);
        CU_ASSERT(walk->count <= whole);
        CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, by_subject(name))->count, whole);
        world_context_free(libctx);
    }
    return n - 2;
}

static void fault_51_each_allocation_of_an_enumeration(void)
{
    world_configure("");
    world_write_roots("default", "Root", ROOTS);
    CU_ASSERT(fail_each("", NULL, ROOTS) > 10);
}

static void fault_51_each_allocation_of_restricted_anchors(void)
{
    world_configure("");
    world_write_roots("default", "Root", ROOTS);
    CU_ASSERT(fail_each("purposes = client\n", NULL, ROOTS) > 10 + ROOTS);
}

static void fault_51_each_allocation_of_a_look_up(void)
{
    X509_NAME *name = world_name("CN=Root 1", MBSTRING_UTF8);

    world_configure("");
    world_write_roots("default", "Root", ROOTS);
    CU_ASSERT(fail_each("", name, 1) > 10);
    X509_NAME_free(name);
}

/* Whatever a context was used for, and however it failed. */
static void fault_47_a_context_gives_back_all_it_took(void)
{
    static const char *const uris[] = {URI,
                                       URI "cert_1",
                                       URI "cert_nosuch",
                                       "orgtrust:///?x",
                                       "orgtrust://nosuch/",
                                       "orgtrust://empty/"};
    X509_NAME *name = world_name("CN=Root 1", MBSTRING_UTF8);
    OSSL_LIB_CTX *libctx;
    size_t i, round;

    world_configure("purposes = email\n[source empty]\n");
    world_write_roots("default", "Root", ROOTS);
    for (round = 0; round < 10; round++) {
        counting = true;
        alive_count = 0;
        libctx = world_context();
        for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
            (void)world_walk(libctx, uris[i], 0, NULL);
            (void)world_walk(libctx, uris[i], 0, by_subject(name));
        }
        CU_ASSERT(alive_count > 0);
        world_context_free(libctx);
        counting = false;
        CU_ASSERT_EQUAL(alive_count, 0);
    }
    X509_NAME_free(name);
}

static const struct unit_case cases[] = {
    {"fault_47_a context gives back all it took",
     fault_47_a_context_gives_back_all_it_took},
    {"fault_51_each allocation of an enumeration",
     fault_51_each_allocation_of_an_enumeration},
    {"fault_51_each allocation of restricted anchors",
     fault_51_each_allocation_of_restricted_anchors},
    {"fault_51_each allocation of a look-up", fault_51_each_allocation_of_a_look_up},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("provider memory", cases, argc, argv);
}
