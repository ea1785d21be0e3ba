# The parts of cli/ and its completion that need no program around them.
unit_test(cli_options LIBS ot_cli)
unit_test(cli_output LIBS ot_cli)
unit_test(cli_watch LIBS ot_cli)
