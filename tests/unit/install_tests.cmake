# orgtrust install: markers in text files, and the transaction, killed at every call.
unit_test(install_markers LIBS ot_cli)
unit_test(install_transaction LIBS ot_cli SOURCES strike.c)
unit_wraps(install_transaction write fsync renameat getrandom mkdirat fchmod fchown futimens
  unlinkat symlinkat)
unit_starves(install_transaction)
