fuzz_target(name LIBS ot_fetch)
fuzz_target(snapshot LIBS ot_fetch)
