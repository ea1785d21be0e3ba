/* Every allocation of the provider fails once: the result is an error or whole, and the
 * next search is as if nothing had been. */
#include "allocations.h"
#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"
#define ROOTS 12 /* more than one step of the growing list */

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

        allocations_fail(n);
        walk = world_walk(libctx, URI, 0, search);
        reached = allocations_end();
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
        allocations_count();
        libctx = world_context();
        for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
            (void)world_walk(libctx, uris[i], 0, NULL);
            (void)world_walk(libctx, uris[i], 0, by_subject(name));
        }
        CU_ASSERT(allocations_alive() > 0);
        world_context_free(libctx);
        CU_ASSERT_EQUAL(allocations_stop(), 0);
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
