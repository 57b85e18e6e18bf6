/*
 * Single transfers outside the DTCM, for the engine and for translated code, whose state is in the frame. To the
 * engine, an instruction is a block of its own: all its fields are 0.
 */
#include "decoded.h"
#include "memory.h"

/* After an access to memory: count its cycles, and let the block go on if there are enough cycles for the rest of it.
 */
static int paid(struct native_frame *frame, uint32_t cost, const struct native_block *block) {
    frame->left -= cost;
    frame->extra += cost;
    return frame->left - block->owed - COST_INSTRUCTION > block->rest ? NATIVE_DONE : NATIVE_LAST;
}

/* Before an access to the bus: set the core's clock to the time of the access. */
static void meet_bus(struct native_frame *frame, const struct native_block *block, uint32_t cost) {
    int64_t spent = frame->budget - frame->left + block->owed;
    frame->core->cycles += (uint64_t)spent + COST_INSTRUCTION;
    frame->core->instructions += (uint64_t)(spent - frame->extra - block->owed_extra) + 1u;
    frame->bus_cost = cost;
    frame->losses = frame->core->decoded->native_losses;
}

/* After an access to the bus, which may have changed interrupt lines, `until` and even the code. `left` and `extra` are
 * set so that the block can count its cycles as before. */
static int leave_bus(struct native_frame *frame, const struct native_block *block, int status) {
    struct arm_core *core = frame->core;
    if (status != 0) {
        frame->aborted = true;
        return NATIVE_NOT_DONE;
    }
    core->cycles += frame->bus_cost;
    frame->budget = (int64_t)(core->until - core->cycles);
    frame->left = frame->budget + COST_INSTRUCTION + block->owed;
    frame->extra = -(int64_t)block->owed_extra;
    bool due = (core->fiq && !(core->cpsr & PSR_F)) || (core->irq && !(core->cpsr & PSR_I));
    return due || core->decoded->native_losses != frame->losses || frame->budget <= block->rest ? NATIVE_LAST
                                                                                                : NATIVE_DONE;
}

int native_load(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block) {
    struct arm_core *core = frame->core;
    if (address & (size - 1u)) {
        return NATIVE_NOT_DONE;
    }
    if (is_itcm(address)) {
        frame->value = get_bytes(core->itcm + address, size);
        return NATIVE_DONE;
    }
    if (is_sdram(address) && core->sdram) {
        frame->value = get_bytes(core->sdram + sdram_offset(address), size);
        return paid(frame, COST_SDRAM_READ, block);
    }
    meet_bus(frame, block, is_sdram(address) ? COST_SDRAM_READ : COST_DEVICE);
    frame->value = 0;
    return leave_bus(frame, block, core->bus->read(core, address, size, &frame->value));
}

int native_store(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block,
                 uint32_t value) {
    struct arm_core *core = frame->core;
    if (address & (size - 1u) || is_itcm(address)) {
        return NATIVE_NOT_DONE;
    }
    if (is_sdram(address) && core->sdram_store) {
        put_bytes(core->sdram_store + sdram_offset(address), size, value);
        return paid(frame, COST_SDRAM_WRITE, block);
    }
    meet_bus(frame, block, is_sdram(address) ? COST_SDRAM_WRITE : COST_DEVICE);
    value = size == 4 ? value : value & ((1u << 8u * size) - 1u);
    return leave_bus(frame, block, core->bus->write(core, address, size, value));
}
