# pem, cert, cert_whole, lock, sync_list, sync.
unit_test(pem LIBS ot_change SOURCES certs.c)
unit_test(cert LIBS ot_change SOURCES certs.c)
unit_test(cert_whole LIBS ot_change SOURCES certs.c)
target_compile_definitions(unit_cert_whole PRIVATE
  CERT_CORPUS="${PROJECT_BINARY_DIR}/tests/fuzz/corpus/cert")
unit_test(extra LIBS ot_change)
unit_test(file_lock LIBS ot_change)
unit_test(sync_list LIBS ot_change)
unit_test(sync_partial LIBS ot_change)
unit_test(sync_resume LIBS ot_change SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync LIBS ot_change SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync_fault LIBS ot_change SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync_place LIBS ot_change SOURCES certs.c fake_api.c sync_fixture.c)

unit_test(sync_crash LIBS ot_change SOURCES certs.c fake_api.c strike.c sync_fixture.c)
unit_wraps(sync_crash write fsync close renameat getrandom mkdirat fchmod futimens unlinkat lstat
  malloc calloc realloc strdup strndup)
