// Izhikevich's cell with exponential synaptic currents.
#define CELL izhikevich_exp
#define NAME "izhikevich_exp"
#include "izhikevich.h"
