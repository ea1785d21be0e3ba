#include "cache/freshness.h"
