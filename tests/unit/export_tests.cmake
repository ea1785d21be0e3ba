# Exports; and killed, on a full disk and out of memory at every call.
unit_test(place LIBS ot_export)
unit_test(export LIBS ot_export ot_sync SOURCES certs.c export_fixture.c snapshots.c)
unit_test(export_crash LIBS ot_export ot_sync
  SOURCES certs.c export_fixture.c snapshots.c strike.c)
unit_wraps(export_crash write fsync renameat getrandom fchmod mkdirat unlinkat
  malloc calloc reallocarray strdup)
