/* Processor modes, banked registers, status registers and exceptions: DDI 0100 A2.2 to A2.6. */
#include <string.h>

#include "cpu.h"

/* The bits that ARMv5TE defines; the others read as zero and ignore writes (DDI 0100 A4.1.39, UnallocMask). */
#define PSR_DEFINED (PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q | 0xffu)
#define PSR_USER_WRITABLE 0xff000000u

static bool is_mode(uint32_t psr) {
    switch (psr & PSR_MODE) {
    case MODE_USR:
    case MODE_FIQ:
    case MODE_IRQ:
    case MODE_SVC:
    case MODE_ABT:
    case MODE_UND:
    case MODE_SYS: return true;
    default: return false;
    }
}

enum arm_bank arm_bank_of(uint32_t psr) {
    switch (psr & PSR_MODE) {
    case MODE_FIQ: return BANK_FIQ;
    case MODE_IRQ: return BANK_IRQ;
    case MODE_SVC: return BANK_SVC;
    case MODE_ABT: return BANK_ABT;
    case MODE_UND: return BANK_UND;
    default: return BANK_USR;
    }
}

static void change_bank(struct arm_core *core, enum arm_bank from, enum arm_bank to) {
    if (from == to) {
        return;
    }
    core->banked_r13[from] = core->r[13];
    core->banked_r14[from] = core->r[14];
    core->r[13] = core->banked_r13[to];
    core->r[14] = core->banked_r14[to];
    if (from == BANK_FIQ) {
        memcpy(core->fiq_r8_r12, core->r + 8, sizeof core->fiq_r8_r12);
        memcpy(core->r + 8, core->usr_r8_r12, sizeof core->usr_r8_r12);
    } else if (to == BANK_FIQ) {
        memcpy(core->usr_r8_r12, core->r + 8, sizeof core->usr_r8_r12);
        memcpy(core->r + 8, core->fiq_r8_r12, sizeof core->fiq_r8_r12);
    }
}

/* An undefined mode number is UNPREDICTABLE in the manual; here the mode then stays as it is. */
void arm_write_cpsr(struct arm_core *core, uint32_t value) {
    value &= PSR_DEFINED;
    if (!is_mode(value)) {
        value = (value & ~PSR_MODE) | (core->cpsr & PSR_MODE);
    }
    change_bank(core, arm_bank_of(core->cpsr), arm_bank_of(value));
    core->cpsr = value;
}

/* Enters an exception (DDI 0100 A2.6): vectors are at 0, the ARM968E-S's high vectors are not modelled. */
enum flow arm_exception(struct arm_core *core, enum arm_vector vector, uint32_t return_address) {
    uint32_t mode = MODE_UND;
    uint32_t masked = PSR_I;
    switch (vector) {
    case VECTOR_UNDEFINED: mode = MODE_UND; break;
    case VECTOR_SWI: mode = MODE_SVC; break;
    case VECTOR_PREFETCH_ABORT:
    case VECTOR_DATA_ABORT: mode = MODE_ABT; break;
    case VECTOR_IRQ: mode = MODE_IRQ; break;
    case VECTOR_FIQ:
        mode = MODE_FIQ;
        masked = PSR_I | PSR_F;
        break;
    }
    uint32_t saved = core->cpsr;
    arm_write_cpsr(core, (saved & ~(PSR_MODE | PSR_T)) | mode | masked);
    core->spsr[arm_bank_of(mode)] = saved;
    core->r[14] = return_address;
    core->r[15] = vector;
    core->cycles += vector >= VECTOR_IRQ ? COST_INTERRUPT : COST_BRANCH;
    return JUMPED;
}

/* MOVS pc and its like, LDM with pc and ^: user and system mode have no SPSR (UNPREDICTABLE), there only pc changes. */
enum flow arm_return_from_exception(struct arm_core *core, uint32_t target) {
    enum arm_bank bank = arm_bank_of(core->cpsr);
    if (bank != BANK_USR) {
        arm_write_cpsr(core, core->spsr[bank]);
    }
    return branch(core, target);
}

uint32_t arm_user_register(const struct arm_core *core, unsigned index) {
    enum arm_bank bank = arm_bank_of(core->cpsr);
    if (bank == BANK_FIQ && index >= 8 && index <= 12) {
        return core->usr_r8_r12[index - 8];
    }
    if (bank != BANK_USR && index == 13) {
        return core->banked_r13[BANK_USR];
    }
    if (bank != BANK_USR && index == 14) {
        return core->banked_r14[BANK_USR];
    }
    return core->r[index];
}

void arm_set_user_register(struct arm_core *core, unsigned index, uint32_t value) {
    enum arm_bank bank = arm_bank_of(core->cpsr);
    if (bank == BANK_FIQ && index >= 8 && index <= 12) {
        core->usr_r8_r12[index - 8] = value;
    } else if (bank != BANK_USR && index == 13) {
        core->banked_r13[BANK_USR] = value;
    } else if (bank != BANK_USR && index == 14) {
        core->banked_r14[BANK_USR] = value;
    } else {
        core->r[index] = value;
    }
}

/* DDI 0100 A4.1.39. MSR cannot change the T bit of the CPSR (UNPREDICTABLE there, ignored here). */
void arm_msr(struct arm_core *core, uint32_t instruction, uint32_t operand) {
    uint32_t fields = 0;
    for (unsigned byte = 0; byte < 4; byte++) {
        if (instruction >> (16u + byte) & 1u) {
            fields |= 0xffu << (8u * byte);
        }
    }
    if (instruction >> 22 & 1u) {
        enum arm_bank bank = arm_bank_of(core->cpsr);
        if (bank != BANK_USR) {
            fields &= PSR_DEFINED;
            core->spsr[bank] = (core->spsr[bank] & ~fields) | (operand & fields);
        }
        return;
    }
    fields &= ~PSR_T;
    if ((core->cpsr & PSR_MODE) == MODE_USR) {
        fields &= PSR_USER_WRITABLE;
    }
    arm_write_cpsr(core, (core->cpsr & ~fields) | (operand & fields));
}
