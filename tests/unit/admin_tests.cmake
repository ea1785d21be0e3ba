# Administration: what is uploaded, what is there, what is changed.
set(fake_org peer.c tls_files.c http_client.c certs.c fake_org.c)
unit_test(cert_input LIBS ot_change SOURCES certs.c)
unit_test(admin LIBS ot_change SOURCES ${fake_org})
unit_test(change LIBS ot_change SOURCES ${fake_org})
