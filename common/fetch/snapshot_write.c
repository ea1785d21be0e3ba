#include "fetch/snapshot_write.h"
