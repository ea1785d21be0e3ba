# orgtrust doctor: the judge, the throw-away world, the witness.
unit_test(doctor LIBS ot_cli)
unit_test(readers LIBS ot_cli SOURCES certs.c)
