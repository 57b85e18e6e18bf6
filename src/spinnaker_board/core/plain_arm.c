/* Decoding of ARM instructions, DDI 0100 A3.1 (instruction set map), and the instructions that are neither data
 * processing nor transfers. */
#include "cpu.h"

/* ARM968E-S TRM (DDI 0311), chapter on the system control coprocessor. */
#define CP15_MAIN_ID 0x41059680u
#define CP15_CONTROL 0x0000107cu /* both TCMs enabled, little-endian, low vectors; [6:3] read as one */

static uint32_t count_leading_zeros(uint32_t value) {
    uint32_t zeros = 32;
    for (; value; value >>= 1) {
        zeros--;
    }
    return zeros;
}

/* B, BL and, with condition 15, BLX (1): signed 24-bit offset in words; H of BLX adds a halfword. */
static enum flow branch_with_offset(struct arm_core *core, uint32_t instruction) {
    uint32_t offset = ((instruction & 0xffffffu) ^ 0x800000u) - 0x800000u;
    uint32_t target = core->r[15] + (offset << 2);
    bool exchange = instruction >> 28 == 15;
    if (exchange || (instruction >> 24 & 1u)) {
        core->r[14] = next_instruction(core);
    }
    if (exchange) {
        return branch_exchange(core, (target + (instruction >> 23 & 2u)) | 1u);
    }
    return branch(core, target);
}

/*
 * MCR and MRC. Only coprocessor 15 is there, and of it what the ARM968E-S has and software uses: identification and
 * control (reads; writes to control are ignored, TCMs are always on), drain of the write buffer (nothing to do: stores
 * are done at once) and wait for interrupt. Everything else is an undefined instruction.
 */
static enum flow coprocessor_register(struct arm_core *core, uint32_t instruction) {
    bool is_read = instruction >> 20 & 1u;
    unsigned coprocessor = instruction >> 8 & 15u;
    unsigned rd = instruction >> 12 & 15u;
    unsigned opcode_1 = instruction >> 21 & 7u;
    unsigned opcode_2 = instruction >> 5 & 7u;
    unsigned crn = instruction >> 16 & 15u;
    unsigned crm = instruction & 15u;
    bool privileged = (core->cpsr & PSR_MODE) != MODE_USR;
    if (coprocessor != 15 || opcode_1 != 0 || !privileged) {
        return undefined_instruction(core);
    }
    if (is_read && crm == 0 && opcode_2 == 0 && crn <= 1 && rd != 15) {
        core->r[rd] = crn == 0 ? CP15_MAIN_ID : CP15_CONTROL;
        return SEQUENTIAL;
    }
    bool control = crn == 1 && crm == 0 && opcode_2 == 0;
    bool wait = crn == 7 && opcode_2 == 4 && crm == 0;
    bool drain = crn == 7 && opcode_2 == 4 && crm == 10;
    if (is_read || !(control || wait || drain)) {
        return undefined_instruction(core);
    }
    core->waiting = wait;
    return SEQUENTIAL;
}

/* Bits 27:23 = 00010, S = 0, and not a multiplication or transfer: DDI 0100 figure A3-4. */
static enum flow miscellaneous(struct arm_core *core, uint32_t instruction) {
    unsigned operation = instruction >> 21 & 3u;
    unsigned rm = instruction & 15u;
    unsigned rd = instruction >> 12 & 15u;
    if (instruction >> 7 & 1u) {
        return plain_dsp(core, instruction); /* 16-bit multiplications */
    }
    switch (instruction >> 4 & 7u) {
    case 0:
        if (operation & 1u) {
            arm_msr(core, instruction, core->r[rm]);
        } else if (operation & 2u) {
            core->r[rd] = core->spsr[arm_bank_of(core->cpsr)];
        } else {
            core->r[rd] = core->cpsr;
        }
        return SEQUENTIAL;
    case 1:
        if (operation == 1) {
            return branch_exchange(core, core->r[rm]);
        }
        if (operation == 3) {
            core->r[rd] = count_leading_zeros(core->r[rm]);
            return SEQUENTIAL;
        }
        break;
    case 3:
        if (operation == 1) { /* BLX (2); the target is read before r14 is written */
            uint32_t target = core->r[rm];
            core->r[14] = next_instruction(core) | ((core->cpsr & PSR_T) ? 1u : 0u);
            return branch_exchange(core, target);
        }
        break;
    case 5: return plain_dsp(core, instruction); /* saturating addition */
    case 7:
        if (operation == 1) { /* BKPT without a debugger is a prefetch abort: A4.1.7 */
            return arm_exception(core, VECTOR_PREFETCH_ABORT, this_instruction(core) + 4u);
        }
        break;
    default: break;
    }
    return undefined_instruction(core);
}

/* Bits 27:25 = 000. */
static enum flow register_forms(struct arm_core *core, uint32_t instruction) {
    if ((instruction & 0x90u) == 0x90u) {
        if (instruction & 0x60u) {
            return plain_extra_transfer(core, instruction);
        }
        if ((instruction & 0x01b00000u) == 0x01000000u) {
            return plain_swap(core, instruction);
        }
        if ((instruction & 0x01c00000u) == 0 || (instruction & 0x01800000u) == 0x00800000u) {
            return plain_multiply(core, instruction);
        }
        return undefined_instruction(core);
    }
    if ((instruction & 0x01900000u) == 0x01000000u) {
        return miscellaneous(core, instruction);
    }
    return plain_data_processing(core, instruction);
}

/* Condition 15: BLX (1) and PLD (a hint, without effect); the rest needs a coprocessor that is not there. */
static enum flow unconditional(struct arm_core *core, uint32_t instruction) {
    if ((instruction & 0x0e000000u) == 0x0a000000u) {
        return branch_with_offset(core, instruction);
    }
    if ((instruction & 0x0d70f000u) == 0x0550f000u && (instruction & 0x02000010u) != 0x02000010u) {
        return SEQUENTIAL;
    }
    return undefined_instruction(core);
}

enum flow plain_arm(struct arm_core *core, uint32_t instruction) {
    unsigned condition = instruction >> 28;
    if (condition == 15) {
        return unconditional(core, instruction);
    }
    if (!condition_holds(core->cpsr, condition)) {
        return SEQUENTIAL;
    }
    switch (instruction >> 25 & 7u) {
    case 0: return register_forms(core, instruction);
    case 1:
        if ((instruction & 0x01900000u) == 0x01000000u) {
            if (!(instruction >> 21 & 1u)) {
                return undefined_instruction(core);
            }
            unsigned rotation = 2u * (instruction >> 8 & 15u);
            uint32_t byte = instruction & 0xffu;
            arm_msr(core, instruction, rotation ? byte >> rotation | byte << (32u - rotation) : byte);
            return SEQUENTIAL;
        }
        return plain_data_processing(core, instruction);
    case 2: return plain_single_transfer(core, instruction);
    case 3:
        if (instruction >> 4 & 1u) {
            return undefined_instruction(core);
        }
        return plain_single_transfer(core, instruction);
    case 4: return plain_block_transfer(core, instruction);
    case 5: return branch_with_offset(core, instruction);
    case 7:
        if (instruction >> 24 & 1u) {
            return arm_exception(core, VECTOR_SWI, next_instruction(core));
        }
        if (instruction >> 4 & 1u) {
            return coprocessor_register(core, instruction);
        }
        break;
    default: break; /* LDC, STC, MCRR, MRRC, CDP: no coprocessor has them */
    }
    return undefined_instruction(core);
}
