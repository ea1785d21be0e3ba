# The same calls of both modules.
function(p11_fuzz_target name)
  fuzz_target(${name} LIBS ${ARGN} ot_p11module ot_change FROM fuzz_p11.c
    SOURCES ${PROJECT_SOURCE_DIR}/tests/unit/certs.c
            ${PROJECT_SOURCE_DIR}/tests/unit/snapshots.c)
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit
    ${PROJECT_SOURCE_DIR}/common)
  target_link_libraries(fuzz_${name} PRIVATE PkgConfig::CUNIT)
  # The line for the user, of which a fuzzer would make too many.
  target_link_options(fuzz_${name} PRIVATE -Wl,--wrap=ot_tell)
endfunction()
p11_fuzz_target(p11 ot_p11read_only)
p11_fuzz_target(p11_admin ot_p11admin)
