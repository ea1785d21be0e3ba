# pem, cert, lock, sync_list, sync.
unit_test(pem LIBS ot_fetch SOURCES certs.c)
unit_test(cert LIBS ot_fetch SOURCES certs.c)
