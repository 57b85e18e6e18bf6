// Izhikevich's cell with exponential synaptic conductances.
#define CELL izhikevich_cond_exp
#define NAME "izhikevich_cond_exp"
#define CONDUCTANCES
#include "izhikevich.h"
