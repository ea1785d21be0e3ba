# What orgtrust builds on; CONTRIBUTING.md gives the reason for each.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(CURL REQUIRED libcurl>=7.88)
# Not linked but loaded by this name, with the first request (common/http/curl_on_demand.c).
set(ORGTRUST_LIBCURL "libcurl.so.4" CACHE STRING "name or absolute path of libcurl")
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq>=15)
if(BUILD_TESTING)
  pkg_check_modules(CUNIT REQUIRED IMPORTED_TARGET cunit)
endif()

# The plugins carry it inside themselves, so that a host process gains no library.
# Debian 12 has cdb twice, and only libcdb_pic.a fits into a plugin; since Debian 13 the one
# libcdb.a does. A name is looked for in every directory before the next one is.
find_library(ORGTRUST_CDB NAMES libcdb_pic.a libcdb.a REQUIRED)
find_path(ORGTRUST_CDB_INCLUDE cdb.h REQUIRED)
find_path(ORGTRUST_XXHASH_INCLUDE xxhash.h REQUIRED)

# Said here and in words, rather than by the linker at the end of the build.
include(CheckCSourceCompiles)
block()
  set(CMAKE_REQUIRED_INCLUDES ${ORGTRUST_CDB_INCLUDE})
  set(CMAKE_REQUIRED_LINK_OPTIONS -shared)
  set(CMAKE_REQUIRED_LIBRARIES -Wl,--whole-archive ${ORGTRUST_CDB} -Wl,--no-whole-archive)
  check_c_source_compiles("#include <cdb.h>
    int main(void) { return cdb_init(0, 0); }" ORGTRUST_FITS_INTO_PLUGINS)
endblock()
if(NOT ORGTRUST_FITS_INTO_PLUGINS)
  unset(ORGTRUST_FITS_INTO_PLUGINS CACHE) # another file may be named the next time
  message(FATAL_ERROR "${ORGTRUST_CDB} does not link into a shared library: the plugins "
    "carry it, so it must be position-independent code. Debian's libcdb-dev is; "
    "-DORGTRUST_CDB=FILE names another.")
endif()

# OpenSSL knows where its providers live.
pkg_get_variable(ORGTRUST_OPENSSL_MODULESDIR libcrypto modulesdir)
if(NOT ORGTRUST_OPENSSL_MODULESDIR)
  execute_process(COMMAND openssl version -m OUTPUT_VARIABLE out COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "\"([^\"]+)\"" unused "${out}")
  set(ORGTRUST_OPENSSL_MODULESDIR "${CMAKE_MATCH_1}")
endif()
set(ORGTRUST_PROVIDER_DIR "${ORGTRUST_OPENSSL_MODULESDIR}" CACHE PATH
    "where orgtrust.so is installed")
