fuzz_target(p11 LIBS ot_p11module ot_fetch
  SOURCES ${PROJECT_SOURCE_DIR}/tests/unit/certs.c
          ${PROJECT_SOURCE_DIR}/tests/unit/snapshots.c)
target_include_directories(fuzz_p11 PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit)
target_link_libraries(fuzz_p11 PRIVATE PkgConfig::CUNIT)
# The line for the user, of which a fuzzer would make too many.
target_link_options(fuzz_p11 PRIVATE -Wl,--wrap=ot_log_tell)
