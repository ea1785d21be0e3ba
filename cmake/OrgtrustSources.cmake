# Every C file of the project is in the list of a target: one that was forgotten is a test that
# never runs, or a part of the product that is not in it.

# not_built(FILE...): this configuration has no target for them, for a reason that stands there.
function(not_built)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    set_property(GLOBAL APPEND PROPERTY ORGTRUST_NOT_BUILT ${source})
  endforeach()
endfunction()

# The sources of all targets in and below a directory, as absolute paths.
function(sources_below directory result)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(sources ${target} SOURCES)
    foreach(source ${sources})
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${directory} NORMALIZE)
      list(APPEND ${result} ${source})
    endforeach()
  endforeach()
  get_property(below DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(subdirectory ${below})
    sources_below(${subdirectory} ${result})
  endforeach()
  set(${result} ${${result}} PARENT_SCOPE)
endfunction()

# every_source_is_listed(FOLDER...): fails where a C file in or below these is in no list.
function(every_source_is_listed)
  list(TRANSFORM ARGN APPEND "/*.c")
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${ARGN})
  list(TRANSFORM found PREPEND ${PROJECT_SOURCE_DIR}/)
  sources_below(${PROJECT_SOURCE_DIR} listed)
  get_property(not_built GLOBAL PROPERTY ORGTRUST_NOT_BUILT)
  list(REMOVE_ITEM found ${listed} ${not_built})
  if(found)
    list(JOIN found "\n  " found)
    message(FATAL_ERROR "in no CMakeLists.txt:\n  ${found}")
  endif()
endfunction()
