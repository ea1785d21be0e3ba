fuzz_target(json LIBS ot_change)
fuzz_target(api_parse LIBS ot_change)
