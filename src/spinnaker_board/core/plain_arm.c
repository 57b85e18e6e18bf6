/*
 * The plain interpreter of ARM instructions: an instruction word is executed at once, whatever it is.
 *
 * It executes what the engine (engine.c) leaves to it: code outside the ITCM, and rare or exceptional forms such as
 * aborts, unaligned addresses and other banks' registers. It does everything in the simplest way and so is the
 * reference for tests of the engine; it is itself compared with an independent processor (tests/spinnaker_board/cpu).
 * What operations compute and how words are encoded it takes from the same tables, instructions.h and encoding.h.
 */
#include "encoding.h"

/* ARM968E-S TRM (DDI 0311), chapter on the system control coprocessor. */
#define CP15_MAIN_ID 0x41059680u
#define CP15_CONTROL 0x0000107cu /* both TCMs enabled, little-endian, low vectors; [6:3] read as one */

/*
 * MCR and MRC. Only coprocessor 15 is there, and of it what the ARM968E-S has and software uses: identification and
 * control (reads; writes to control are ignored, TCMs are always on), drain of the write buffer (nothing to do: stores
 * are done at once) and wait for interrupt. Everything else is an undefined instruction.
 */
static enum flow coprocessor_register(struct arm_core *core, uint32_t instruction) {
    bool is_read = bit_at(instruction, 20);
    unsigned coprocessor = bits_at(instruction, 8, 4);
    unsigned rd = bits_12(instruction);
    unsigned opcode_1 = bits_at(instruction, 21, 3);
    unsigned opcode_2 = bits_at(instruction, 5, 3);
    unsigned crn = bits_16(instruction);
    unsigned crm = bits_0(instruction);
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

/* BLX (2); the target is read before r14 is written. */
static enum flow branch_link_exchange(struct arm_core *core, uint32_t target) {
    core->r[14] = next_instruction(core) | ((core->cpsr & PSR_T) ? 1u : 0u);
    return branch_exchange(core, target);
}

static enum flow move_from_status(struct arm_core *core, uint32_t instruction) {
    bool saved = bit_at(instruction, 22);
    core->r[bits_12(instruction)] = saved ? core->spsr[arm_bank_of(core->cpsr)] : core->cpsr;
    return SEQUENTIAL;
}

static enum flow move_to_status(struct arm_core *core, uint32_t instruction, uint32_t operand) {
    arm_msr(core, instruction, operand);
    return SEQUENTIAL;
}

static enum flow count_leading_zeros(struct arm_core *core, uint32_t instruction) {
    const uint32_t rm = core->r[bits_0(instruction)];
    DO_CLZ(, core->r[bits_12(instruction)], rm, , , )
    return SEQUENTIAL;
}

enum flow plain_arm(struct arm_core *core, uint32_t instruction) {
    const uint32_t rm = core->r[bits_0(instruction)];
    const uint32_t target = core->r[15] + branch_offset(instruction);
    if (condition_of(instruction) < ALWAYS && !condition_holds(core->cpsr, condition_of(instruction))) {
        return SEQUENTIAL;
    }
    switch (class_of(instruction)) {
    case CLASS_DATA: return plain_data_processing(core, instruction);
    case CLASS_MULTIPLY: return plain_multiply(core, instruction);
    case CLASS_HALF_MULTIPLY: return plain_half_multiply(core, instruction);
    case CLASS_SATURATING: return plain_saturating(core, instruction);
    case CLASS_CLZ: return count_leading_zeros(core, instruction);
    case CLASS_MRS: return move_from_status(core, instruction);
    case CLASS_MSR: return move_to_status(core, instruction, rm);
    case CLASS_MSR_IMMEDIATE: return move_to_status(core, instruction, rotated_constant(instruction));
    case CLASS_BX: return branch_exchange(core, rm);
    case CLASS_BLX: return branch_link_exchange(core, rm);
    case CLASS_SWAP: return plain_swap(core, instruction);
    case CLASS_SINGLE_TRANSFER: return plain_single_transfer(core, instruction);
    case CLASS_EXTRA_TRANSFER: return plain_extra_transfer(core, instruction);
    case CLASS_BLOCK_TRANSFER: return plain_block_transfer(core, instruction);
    case CLASS_BRANCH:
        if (bit_at(instruction, 24)) {
            core->r[14] = next_instruction(core);
        }
        return branch(core, target);
    case CLASS_BLX_CONSTANT:
        core->r[14] = next_instruction(core);
        return branch_exchange(core, (target + (instruction >> 23 & 2u)) | 1u);
    case CLASS_PRELOAD: return SEQUENTIAL; /* a hint, without effect */
    case CLASS_BREAKPOINT: /* without a debugger a prefetch abort: A4.1.7 */
        return arm_exception(core, VECTOR_PREFETCH_ABORT, this_instruction(core) + 4u);
    case CLASS_SOFTWARE_INTERRUPT: return arm_exception(core, VECTOR_SWI, next_instruction(core));
    case CLASS_COPROCESSOR_REGISTER: return coprocessor_register(core, instruction);
    case CLASS_UNDEFINED: break;
    }
    return undefined_instruction(core);
}
