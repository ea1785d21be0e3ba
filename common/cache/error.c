#include "cache/error.h"
