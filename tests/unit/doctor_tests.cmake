# orgtrust doctor: the judge, the throw-away world, the witness.
unit_test(doctor LIBS ot_cli)
