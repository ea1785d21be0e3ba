# Where the packages' files lie is compiled into the programs.
if(NOT CPACK_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "packages are built with -DCMAKE_INSTALL_PREFIX=/usr, as "
    "`cmake --preset package` does; not with ${CPACK_INSTALL_PREFIX}")
endif()
