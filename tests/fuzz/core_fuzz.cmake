fuzz_target(name LIBS ot_change)
fuzz_target(snapshot LIBS ot_change)
