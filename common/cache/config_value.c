#include "cache/config.h"
