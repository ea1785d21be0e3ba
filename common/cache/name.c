#include "cache/name.h"
