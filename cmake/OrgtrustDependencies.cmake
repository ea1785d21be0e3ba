# What orgtrust builds on; CONTRIBUTING.md gives the reason for each.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.88)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
if(BUILD_TESTING)
  pkg_check_modules(CUNIT REQUIRED IMPORTED_TARGET cunit)
endif()

# The plugins carry these two inside themselves, so that a host process gains no library.
find_library(ORGTRUST_CDB_PIC NAMES cdb_pic REQUIRED)
find_library(ORGTRUST_INIH NAMES libinih.a REQUIRED)
find_path(ORGTRUST_CDB_INCLUDE cdb.h REQUIRED)
find_path(ORGTRUST_INIH_INCLUDE ini.h REQUIRED)
find_path(ORGTRUST_XXHASH_INCLUDE xxhash.h REQUIRED)

# OpenSSL knows where its providers live.
pkg_get_variable(ORGTRUST_OPENSSL_MODULESDIR libcrypto modulesdir)
if(NOT ORGTRUST_OPENSSL_MODULESDIR)
  execute_process(COMMAND openssl version -m OUTPUT_VARIABLE out COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "\"([^\"]+)\"" unused "${out}")
  set(ORGTRUST_OPENSSL_MODULESDIR "${CMAKE_MATCH_1}")
endif()
set(ORGTRUST_PROVIDER_DIR "${ORGTRUST_OPENSSL_MODULESDIR}" CACHE PATH
    "where orgtrust.so is installed")
