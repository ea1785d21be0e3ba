#include "fetch/api.h"
