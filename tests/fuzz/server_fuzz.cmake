# All of the server but its main().
file(GLOB_RECURSE fuzz_server_sources ${PROJECT_SOURCE_DIR}/server/*.c)
list(REMOVE_ITEM fuzz_server_sources ${PROJECT_SOURCE_DIR}/server/main.c)
fuzz_target(server LIBS ot_change PkgConfig::MICROHTTPD PkgConfig::SQLITE
  Threads::Threads SOURCES ${fuzz_server_sources})
target_compile_definitions(fuzz_server PRIVATE ORGTRUST_VERSION="fuzz")
target_include_directories(fuzz_server PRIVATE ${PROJECT_SOURCE_DIR}/server)
