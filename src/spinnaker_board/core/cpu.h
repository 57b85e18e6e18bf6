/* What the files of the processor share: exceptions, modes, and the plain interpreter's parts. */
#ifndef SPINNAKER_BOARD_CPU_H
#define SPINNAKER_BOARD_CPU_H

#include "arm.h"
#include "cost.h"

/* Exceptions by their vector, DDI 0100 A2.6. */
enum arm_vector {
    VECTOR_UNDEFINED = 0x04,
    VECTOR_SWI = 0x08,
    VECTOR_PREFETCH_ABORT = 0x0c,
    VECTOR_DATA_ABORT = 0x10,
    VECTOR_IRQ = 0x18,
    VECTOR_FIQ = 0x1c,
};

/*
 * An executor of the plain interpreter runs one instruction with r[15] holding what the instruction reads as pc
 * (its address + 8 in ARM state, + 4 in Thumb state). It returns whether it has set r[15] to the address of the next
 * instruction; on SEQUENTIAL the caller goes on with the following instruction.
 */
enum flow { SEQUENTIAL, JUMPED };

/* psr.c */
enum arm_bank arm_bank_of(uint32_t psr);
void arm_write_cpsr(struct arm_core *core, uint32_t value);
enum flow arm_exception(struct arm_core *core, enum arm_vector vector, uint32_t return_address);
enum flow arm_return_from_exception(struct arm_core *core, uint32_t target);
uint32_t arm_user_register(const struct arm_core *core, unsigned index);
void arm_set_user_register(struct arm_core *core, unsigned index, uint32_t value);
void arm_msr(struct arm_core *core, uint32_t instruction, uint32_t operand);

/* Executors; the condition has been checked. */
enum flow plain_data_processing(struct arm_core *core, uint32_t instruction);
enum flow plain_multiply(struct arm_core *core, uint32_t instruction);
enum flow plain_half_multiply(struct arm_core *core, uint32_t instruction);
enum flow plain_saturating(struct arm_core *core, uint32_t instruction);
enum flow plain_single_transfer(struct arm_core *core, uint32_t instruction);
enum flow plain_extra_transfer(struct arm_core *core, uint32_t instruction);
enum flow plain_swap(struct arm_core *core, uint32_t instruction);
enum flow plain_arm(struct arm_core *core, uint32_t instruction);
enum flow plain_thumb(struct arm_core *core, uint32_t instruction);

/* LDM and STM: `instruction` in the ARM encoding; Thumb's PUSH, POP, LDMIA and STMIA are translated to it. */
enum flow plain_block_transfer(struct arm_core *core, uint32_t instruction);

/* cpu.c: enters FIQ or IRQ if one is due; returns whether it did. */
bool arm_take_interrupt(struct arm_core *core);

/* Whether the core waits for an interrupt and none is pending: it then sleeps until the end of the quantum. */
static inline bool arm_sleeps(struct arm_core *core) {
    if (core->waiting && !core->irq && !core->fiq) {
        core->sleep_cycles += core->until - core->cycles;
        core->cycles = core->until;
        return true;
    }
    core->waiting = false;
    return false;
}

/* Takes a pending interrupt or executes one instruction. */
void plain_step(struct arm_core *core);

static inline uint32_t this_instruction(const struct arm_core *core) {
    return core->r[15] - ((core->cpsr & PSR_T) ? 4u : 8u);
}

static inline uint32_t next_instruction(const struct arm_core *core) {
    return core->r[15] - ((core->cpsr & PSR_T) ? 2u : 4u);
}

static inline enum flow undefined_instruction(struct arm_core *core) {
    return arm_exception(core, VECTOR_UNDEFINED, next_instruction(core));
}

/* DDI 0100 A2.6.6: r14 is the address of the aborted instruction + 8 in either state. */
static inline enum flow data_abort(struct arm_core *core) {
    return arm_exception(core, VECTOR_DATA_ABORT, this_instruction(core) + 8u);
}

static inline enum flow branch(struct arm_core *core, uint32_t target) {
    core->r[15] = target & ((core->cpsr & PSR_T) ? ~1u : ~3u);
    core->cycles += COST_BRANCH;
    return JUMPED;
}

/* BX, BLX and, from ARMv5T on, every load of the pc: bit 0 of the target selects the state. */
static inline enum flow branch_exchange(struct arm_core *core, uint32_t target) {
    core->cpsr = (target & 1u) ? core->cpsr | PSR_T : core->cpsr & ~PSR_T;
    return branch(core, target);
}

#endif
