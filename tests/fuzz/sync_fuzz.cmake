fuzz_target(pem LIBS ot_fetch)
fuzz_target(cert LIBS ot_fetch)
fuzz_target(fitness LIBS ot_fetch)
