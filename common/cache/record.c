#include "cache/record.h"
