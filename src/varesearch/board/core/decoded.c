/* Entry of the processor; the decoded engine comes here. */
#include <stddef.h>

#include "cpu.h"

int arm_init(struct arm_core *core)
{
    core->decoded = NULL;
    return 0;
}

void arm_free(struct arm_core *core) { core->decoded = NULL; }

void arm_itcm_written(struct arm_core *core, uint32_t offset, uint32_t bytes)
{
    (void)core;
    (void)offset;
    (void)bytes;
}

void arm_run(struct arm_core *core, uint64_t until) { arm_run_plain(core, until); }
