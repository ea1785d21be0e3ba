# pem, cert, cert_whole, lock, sync_list, sync.
unit_test(pem LIBS ot_fetch SOURCES certs.c)
unit_test(cert LIBS ot_fetch SOURCES certs.c)
unit_test(cert_whole LIBS ot_fetch SOURCES certs.c)
target_compile_definitions(unit_cert_whole PRIVATE
  CERT_CORPUS="${PROJECT_BINARY_DIR}/tests/fuzz/corpus/cert")
unit_test(extra LIBS ot_fetch)
unit_test(lock LIBS ot_fetch)
unit_test(sync_list LIBS ot_fetch)
unit_test(sync_partial LIBS ot_fetch)
unit_test(sync_resume LIBS ot_fetch SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync LIBS ot_fetch SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync_fault LIBS ot_fetch SOURCES certs.c fake_api.c sync_fixture.c)
unit_test(sync_place LIBS ot_fetch SOURCES certs.c fake_api.c sync_fixture.c)

unit_test(sync_crash LIBS ot_fetch SOURCES certs.c fake_api.c strike.c sync_fixture.c)
unit_wraps(sync_crash write fsync close renameat getrandom mkdirat fchmod futimens unlinkat lstat
  malloc calloc realloc strdup strndup)
