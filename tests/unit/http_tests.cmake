# The transport, its JSON and the API on top of it.
unit_test(json LIBS ot_fetch)
unit_test(key LIBS ot_fetch)
