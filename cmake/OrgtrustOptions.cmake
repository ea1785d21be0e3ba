# How everything is compiled: one language level, one set of warnings, the sanitizers.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "kind of build" FORCE)
endif()

option(BUILD_TESTING "build the tests" ON)
option(ORGTRUST_WERROR "a warning is an error" OFF)
set(ORGTRUST_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes
                    -Wmissing-prototypes -Wpointer-arith -Wformat=2)
if(ORGTRUST_WERROR)
  add_compile_options(-Werror)
endif()
if(ORGTRUST_SANITIZE)
  add_compile_options(-fsanitize=${ORGTRUST_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${ORGTRUST_SANITIZE})
  if(ORGTRUST_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
else()
  # In sections, so that the plugins leave behind what they do not use of common/cache.
  add_compile_options(-fstack-protector-strong -ffunction-sections -fdata-sections)
  add_link_options(-Wl,-z,relro,-z,now)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
endif()

# In a release what is loaded into other people's programs is optimised as a whole: a call
# between two of its files then costs nothing, and one of libc's takes no stub on its way:
# all are bound when it is loaded. Its parts hold ordinary code, too, which tests are
# linked from.
set(ORGTRUST_PART_OPTIONS "")
set(ORGTRUST_WHOLE_OPTIONS "")
set(ORGTRUST_TEST_OPTIONS "")
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_C_COMPILER_ID STREQUAL "GNU"
   AND NOT ORGTRUST_SANITIZE)
  set(ORGTRUST_PART_OPTIONS -flto=auto -ffat-lto-objects -fno-plt)
  set(ORGTRUST_WHOLE_OPTIONS -flto=auto)
  set(ORGTRUST_TEST_OPTIONS -fno-lto)
endif()
function(parts_of_plugins)
  foreach(part ${ARGN})
    target_compile_options(${part} PRIVATE ${ORGTRUST_PART_OPTIONS})
  endforeach()
endfunction()
function(optimised_as_a_whole plugin)
  target_link_options(${plugin} PRIVATE ${ORGTRUST_WHOLE_OPTIONS})
endfunction()

option(ORGTRUST_FUZZ "build the fuzz targets (clang only)" OFF)
if(ORGTRUST_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "ORGTRUST_FUZZ needs clang: set CMAKE_C_COMPILER=clang")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Where a plugin finds the command that syncs for it.
set(ORGTRUST_COMMAND_PATH "${CMAKE_INSTALL_FULL_BINDIR}/orgtrust" CACHE STRING
    "absolute path of the installed orgtrust command")
