#include "cache/text.h"
