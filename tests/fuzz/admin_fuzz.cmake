fuzz_target(cert_input LIBS ot_change)
