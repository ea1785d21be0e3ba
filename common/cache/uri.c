#include "cache/uri.h"
