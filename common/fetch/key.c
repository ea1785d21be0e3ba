#include "fetch/key.h"
