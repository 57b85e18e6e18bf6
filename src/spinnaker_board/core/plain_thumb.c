/* Thumb instructions: those without an ARM equivalent here, the others through their translation. */
#include "instructions.h"
#include "thumb.h"

static enum flow conditional_branch(struct arm_core *core, uint32_t thumb) {
    unsigned condition = thumb >> 8 & 15u;
    if (condition == 14) {
        return undefined_instruction(core);
    }
    if (!condition_holds(core->cpsr, condition)) {
        return SEQUENTIAL;
    }
    uint32_t offset = ((thumb & 0xffu) ^ 0x80u) - 0x80u;
    return branch(core, core->r[15] + (offset << 1));
}

/* BL and BLX come as two instructions: the first leaves the upper half of the target in r14 (DDI 0100 A7.1.17). */
static enum flow long_branch(struct arm_core *core, uint32_t thumb) {
    uint32_t offset = thumb & 0x7ffu;
    uint32_t return_address = next_instruction(core) | 1u;
    uint32_t target = core->r[14] + (offset << 1);
    switch (thumb >> 11 & 3u) {
    case 0: return branch(core, core->r[15] + (((offset ^ 0x400u) - 0x400u) << 1));
    case 1: /* BLX to ARM state */
        if (thumb & 1u) {
            return undefined_instruction(core);
        }
        core->r[14] = return_address;
        core->cpsr &= ~PSR_T;
        return branch(core, target);
    case 2: core->r[14] = core->r[15] + (((offset ^ 0x400u) - 0x400u) << 12); return SEQUENTIAL;
    default: core->r[14] = return_address; return branch(core, target);
    }
}

enum flow plain_thumb(struct arm_core *core, uint32_t thumb) {
    if (thumb >> 13 == 7) {
        return long_branch(core, thumb);
    }
    if (thumb >> 12 == 13 && (thumb >> 8 & 15u) != 15) {
        return conditional_branch(core, thumb);
    }
    uint32_t arm = thumb_as_arm(thumb);
    return arm ? plain_arm(core, arm) : undefined_instruction(core);
}
