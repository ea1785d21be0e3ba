# Between cpack's installation into a tree for each package and the packing: what Debian
# wants of a package that an installation by hand does not need.
set(conf ${CPACK_ORGTRUST_SOURCE_DIR}/conf/packages)
set(readable FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
set(runnable ${readable} OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)

# compress(FROM TO): without a name and a time, so that the same text is the same file.
function(compress from to)
  get_filename_component(dir ${to} DIRECTORY)
  file(MAKE_DIRECTORY ${dir})
  execute_process(COMMAND gzip -9 -n -c INPUT_FILE ${from} OUTPUT_FILE ${to}
    COMMAND_ERROR_IS_FATAL ANY)
  file(CHMOD ${to} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

foreach(package IN LISTS CPACK_COMPONENTS_ALL)
  set(tree ${CPACK_TEMPORARY_DIRECTORY}/${package})
  set(doc ${tree}/usr/share/doc/${package})

  file(GLOB pages ${tree}/usr/share/man/man*/*)
  foreach(page IN LISTS pages)
    compress(${page} ${page}.gz)
    file(REMOVE ${page})
  endforeach()
  compress(${conf}/changelog ${doc}/changelog.Debian.gz)
  compress(${CPACK_ORGTRUST_SOURCE_DIR}/CHANGELOG.md ${doc}/changelog.gz)
  file(COPY ${conf}/copyright DESTINATION ${doc} ${readable})
  if(EXISTS ${conf}/${package}/package-wiring) # what its scripts, and others', share
    file(COPY ${conf}/${package}/package-wiring DESTINATION ${tree}/usr/lib/orgtrust
      ${runnable})
  endif()
  if(EXISTS ${conf}/${package}/overrides)
    set(overrides ${tree}/usr/share/lintian/overrides)
    file(COPY ${conf}/${package}/overrides DESTINATION ${overrides} ${readable})
    file(RENAME ${overrides}/overrides ${overrides}/${package})
  endif()
  # Whoever builds, and by whatever umask.
  execute_process(COMMAND find ${tree} -type d -exec chmod 755 "{}" +
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
