fuzz_target(json LIBS ot_fetch)
fuzz_target(api_parse LIBS ot_fetch)
