fuzz_target(pem LIBS ot_change)
fuzz_target(cert LIBS ot_change)
fuzz_target(fitness LIBS ot_change)
