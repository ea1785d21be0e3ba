#include "cache/state.h"
