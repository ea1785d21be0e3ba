#include "fetch/json.h"
