# orgtrust install: markers in text files, and the transaction, killed at every call.
unit_test(install_markers LIBS ot_cli)
unit_test(install_transaction LIBS ot_cli SOURCES starve.c strike.c)
foreach(call write fsync renameat getrandom mkdirat fchmod fchown futimens unlinkat symlinkat
        malloc calloc realloc strdup asprintf __asprintf_chk)
  target_link_options(unit_install_transaction PRIVATE -Wl,--wrap=${call})
endforeach()
