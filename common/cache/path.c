#include "cache/path.h"
