/* Row 51 of tests/faults: every allocation fails once, and so do all after it. */
#include "starve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "cache/spawn_internal.h"
#include "cache_fixture.h"
#include "config/config.h"
#include "config/source.h"
#include "errand/errand.h"
#include "files.h"
#include "snapshot/snapshot.h"
#include "unit.h"

#define ALLOCATIONS_MAX 1000

static void fault_51_configuration(void)
{
    struct ot_config *config = NULL;
    struct ot_error err;
    enum ot_status status;
    unsigned n;

    file_put_text(unit_path("conf"),
                  "timeout = 9s\nproject = proj_1\nadmin_key_file = /k\n"
                  "proxy = http://p\n[source a]\nca_file = /ca\n"
                  "base_url = https://x\ncache_dir = /c\n");
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        ot_error_clear(&err);
        starve_after(n);
        status = ot_config_load(&config, &err);
        if (!starve_end())
            break;
        CU_ASSERT_EQUAL(status, OT_E_NOMEM);
        CU_ASSERT_EQUAL(err.status, OT_E_NOMEM);
        CU_ASSERT_PTR_NULL(config);
    }
    CU_ASSERT(n > 20 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(status, OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    ot_config_free(config);
}

static void fault_51_a_new_cache(void)
{
    struct ot_cache *cache = NULL;
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;
    unsigned n;

    fixture_reset();
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        starve_after(n);
        status = ot_cache_new(&cache, &fixture_source, &err);
        if (!starve_end())
            break;
        CU_ASSERT_EQUAL(status, OT_E_NOMEM);
        CU_ASSERT_PTR_NULL(cache);
    }
    CU_ASSERT(n > 3 && n < ALLOCATIONS_MAX);
    ot_cache_free(cache);
}

static void fault_51_the_earlier_snapshot_stays(void)
{
    struct ot_snapshot *snapshot;
    struct ot_cache *cache;
    enum ot_status status;
    unsigned n;
    bool starved;

    fixture_reset();
    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    starve_after(1);
    status = ot_cache_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, &snapshot, NULL);
    CU_ASSERT(starve_end());
    CU_ASSERT_EQUAL(status, OT_E_NOMEM);
    CU_ASSERT_PTR_NULL(snapshot);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    fixture_write(fixture_snapshot, 4, 0);
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        unsigned count;

        starve_after(n);
        status = ot_cache_get(cache, OT_CACHE_REFRESH, &snapshot, NULL);
        starved = starve_end();
        CU_ASSERT_EQUAL_FATAL(status, OT_OK);
        count = fixture_read_all(snapshot);
        ot_snapshot_unref(snapshot);
        CU_ASSERT_EQUAL(count, starved ? 2 : 4);
        if (!starved)
            break;
    }
    CU_ASSERT(n > 1 && n < ALLOCATIONS_MAX);
    ot_cache_free(cache);
}

static void fault_51_spawning(void)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;
    int done = -1;
    unsigned n;

    fixture_reset();
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        starve_after(n);
        status = ot_spawn_sync(&fixture_source, &done, &err);
        if (!starve_end())
            break;
        CU_ASSERT_EQUAL(status, OT_E_NOMEM);
        CU_ASSERT_EQUAL(done, -1);
    }
    CU_ASSERT(n > 2 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(ot_spawn_wait(done, 60000, NULL), OT_OK);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
}

static void fault_51_an_errand(void)
{
    struct ot_errand errand = {.source = &fixture_source,
                               .arguments = {"delete", "--yes", "cert_1"},
                               .input = ot_span_str("input"),
                               .key = ot_span_str("sk-admin-starve"),
                               .timeout_ms = 60000};
    struct ot_errand_result result;
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;
    unsigned n;

    fixture_reset();
    fixture_source.origin = (char *)"orgtrust.conf:1";
    setenv("ORGTRUST_TEST_SAY", "status ok\nid cert_1\n", 1);
    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        starve_after(n);
        status = ot_errand_run(&errand, &result, &err);
        if (!starve_end())
            break;
        CU_ASSERT_EQUAL(status, OT_E_NOMEM);
        CU_ASSERT_FALSE(result.done);
    }
    unsetenv("ORGTRUST_TEST_SAY");
    CU_ASSERT(n > 2 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(status, OT_OK);
    CU_ASSERT_STRING_EQUAL(result.id, "cert_1");
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
}

static void fault_51_reading_the_state(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state;

    fixture_reset();
    fixture_write_state(fixture_state, "reason", 0, 10);
    starve_after(1);
    CU_ASSERT_EQUAL(ot_state_read(&state, fixture_state, &err), OT_E_NOMEM);
    CU_ASSERT(starve_end());
    CU_ASSERT_EQUAL(state.failures, 0);
}

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define CASE(name) {#name, name}
/* clang-format on */

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {CASE(fault_51_configuration),
                                             CASE(fault_51_a_new_cache),
                                             CASE(fault_51_the_earlier_snapshot_stays),
                                             CASE(fault_51_spawning),
                                             CASE(fault_51_an_errand),
                                             CASE(fault_51_reading_the_state),
                                             {NULL, NULL}};

    return unit_main("starve", cases, argc, argv);
}
