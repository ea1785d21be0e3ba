# Configuration, files, freshness, the background sync and what a plugin gets to see.
unit_test(path LIBS ot_cache)
unit_test(freshness LIBS ot_cache)
unit_test(confinement LIBS ot_cache)
unit_test(state LIBS ot_cache)
unit_test(uri LIBS ot_cache)

unit_test(config_value LIBS ot_cache)

# A second copy of the reader, with a system directory that the test may write.
foreach(name config config_refusal)
  unit_test(${name} LIBS ot_cache
    SOURCES config_fixture.c
            ${PROJECT_SOURCE_DIR}/common/config/config.c
            ${PROJECT_SOURCE_DIR}/common/config/config_read.c)
  target_compile_definitions(unit_${name} PRIVATE
    ORGTRUST_SYSCONFDIR="${CMAKE_CURRENT_BINARY_DIR}/${name}-etc"
    ORGTRUST_EXAMPLE="${PROJECT_SOURCE_DIR}/conf/orgtrust.conf.example")
endforeach()

# What the tests have started in place of the command.
add_executable(sync_probe sync_probe.c)
unit_test(spawn LIBS ot_cache)
target_compile_definitions(unit_spawn PRIVATE SYNC_PROBE="$<TARGET_FILE:sync_probe>")
add_dependencies(unit_spawn sync_probe)

unit_test(errand LIBS ot_errand)
target_compile_definitions(unit_errand PRIVATE SYNC_PROBE="$<TARGET_FILE:sync_probe>")
add_dependencies(unit_errand sync_probe)

unit_test(cache LIBS ot_change SOURCES cache_fixture.c certs.c snapshots.c)
target_compile_definitions(unit_cache PRIVATE SYNC_PROBE="$<TARGET_FILE:sync_probe>")
add_dependencies(unit_cache sync_probe)

add_executable(secure_probe secure_probe.c)
target_link_libraries(secure_probe PRIVATE ot_errand)
unit_test(cache_host LIBS ot_change SOURCES cache_fixture.c certs.c snapshots.c)
target_compile_definitions(unit_cache_host PRIVATE SYNC_PROBE="$<TARGET_FILE:sync_probe>"
  SECURE_PROBE="$<TARGET_FILE:secure_probe>")
add_dependencies(unit_cache_host sync_probe secure_probe)

unit_test(starve LIBS ot_errand ot_change SOURCES cache_fixture.c certs.c snapshots.c)
target_compile_definitions(unit_starve PRIVATE SYNC_PROBE="$<TARGET_FILE:sync_probe>")
unit_starves(starve)
add_dependencies(unit_starve sync_probe)
