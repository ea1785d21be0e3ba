#include "cache/search.h"
