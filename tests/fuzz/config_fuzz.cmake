fuzz_target(uri LIBS ot_cache)
fuzz_target(config LIBS ot_cache)
fuzz_target(state LIBS ot_cache)
