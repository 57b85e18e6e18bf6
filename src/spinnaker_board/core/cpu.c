/* Reset, interrupts, and the plain interpreter's loop. */
#include <string.h>

#include "memory.h"

void arm_reset(struct arm_core *core) {
    memset(core->r, 0, sizeof core->r);
    memset(core->banked_r13, 0, sizeof core->banked_r13);
    memset(core->banked_r14, 0, sizeof core->banked_r14);
    memset(core->spsr, 0, sizeof core->spsr);
    memset(core->usr_r8_r12, 0, sizeof core->usr_r8_r12);
    memset(core->fiq_r8_r12, 0, sizeof core->fiq_r8_r12);
    core->cpsr = MODE_SVC | PSR_I | PSR_F;
    core->waiting = false;
    arm_itcm_written(core, 0, ITCM_BYTES);
}

/* FIQ comes before IRQ (DDI 0100 A2.6.10). r14 is the address of the next instruction + 4 in either state. */
bool arm_take_interrupt(struct arm_core *core) {
    if (core->fiq && !(core->cpsr & PSR_F)) {
        arm_exception(core, VECTOR_FIQ, core->r[15] + 4u);
        return true;
    }
    if (core->irq && !(core->cpsr & PSR_I)) {
        arm_exception(core, VECTOR_IRQ, core->r[15] + 4u);
        return true;
    }
    return false;
}

/* Instructions come from ITCM or SDRAM; the ARM968E-S cannot fetch from DTCM, so that goes to the bus as the rest. */
static bool fetch(struct arm_core *core, uint32_t address, unsigned size, uint32_t *instruction) {
    if (is_itcm(address)) {
        *instruction = get_bytes(core->itcm + address, size);
        return true;
    }
    if (!is_dtcm(address)) {
        return load(core, address, size, instruction);
    }
    bool granted = core->bus->read(core, address, size, instruction) == 0;
    core->cycles += COST_DEVICE;
    return granted;
}

void plain_step(struct arm_core *core) {
    if (arm_take_interrupt(core)) {
        return;
    }
    unsigned size = core->cpsr & PSR_T ? 2u : 4u;
    uint32_t address = core->r[15] & ~(size - 1u);
    uint32_t instruction = 0;
    core->instructions++;
    core->cycles += COST_INSTRUCTION;
    core->r[15] = address + 2u * size;
    if (!fetch(core, address, size, &instruction)) {
        arm_exception(core, VECTOR_PREFETCH_ABORT, address + 4u);
        return;
    }
    enum flow flow = size == 2 ? plain_thumb(core, instruction) : plain_arm(core, instruction);
    if (flow == SEQUENTIAL) {
        core->r[15] = address + size;
    }
}

void arm_run_plain(struct arm_core *core, uint64_t until) {
    core->until = until;
    while (core->cycles < core->until && !arm_sleeps(core)) {
        plain_step(core);
    }
}
