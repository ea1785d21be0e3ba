#include "cache/snapshot.h"
