# The transport, its JSON and the API on top of it.
set(http_peer peer.c tls_files.c http_client.c)
unit_test(json LIBS ot_fetch)
unit_test(key LIBS ot_fetch)
unit_test(http LIBS ot_fetch SOURCES ${http_peer})
unit_test(http_fault LIBS ot_fetch SOURCES ${http_peer})
unit_test(http_retry LIBS ot_fetch)
