# The transport, its JSON and the API on top of it.
set(http_peer peer.c tls_files.c http_client.c)
unit_test(json LIBS ot_change)
unit_test(key LIBS ot_change)
unit_test(http LIBS ot_change SOURCES ${http_peer})
unit_test(http_fault LIBS ot_change SOURCES ${http_peer})
unit_test(http_retry LIBS ot_change)
unit_test(http_pace LIBS ot_change)
unit_test(api_parse LIBS ot_change)
unit_test(api LIBS ot_change SOURCES ${http_peer} api_fixture.c)
unit_test(api_fault LIBS ot_change SOURCES ${http_peer} api_fixture.c)

# A provider that tells whether openssl.cnf was obeyed. Without sanitizers: the openssl
# program loads it too.
add_library(mark_provider MODULE mark_provider.c)
target_compile_options(mark_provider PRIVATE -fno-sanitize=all)
target_link_options(mark_provider PRIVATE -fno-sanitize=all)
unit_test(http_tls LIBS ot_change SOURCES ${http_peer})
target_compile_definitions(unit_http_tls PRIVATE
  MARK_PROVIDER="$<TARGET_FILE:mark_provider>")
add_dependencies(unit_http_tls mark_provider)
