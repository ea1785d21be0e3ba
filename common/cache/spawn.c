#include "cache/spawn.h"
