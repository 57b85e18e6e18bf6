#include "native.h"

#include <string.h>

#include "decoded.h"
#include "memory.h"

bool native_fits(const struct native_table *table) {
    for (uint32_t n = 0; table->abi == NATIVE_ABI && n < table->parts; n++) {
        const struct native_part *part = table->part + n;
        for (uint32_t i = 0; i < part->runs; i++) {
            uint64_t end = part->run[i].address + 4u * (uint64_t)part->run[i].count;
            if (part->run[i].address % 4u || end > ITCM_BYTES) {
                return false;
            }
        }
        for (uint32_t i = 0; i < part->heads; i++) {
            if (part->head[i] % 4u || part->head[i] >= ITCM_BYTES) {
                return false;
            }
        }
    }
    return table->abi == NATIVE_ABI;
}

static bool stands(const struct arm_core *core, const struct native_part *part) {
    for (uint32_t i = 0; i < part->runs; i++) {
        const struct native_run *run = part->run + i;
        if (memcmp(core->itcm + run->address, run->word, 4u * run->count) != 0) {
            return false;
        }
    }
    for (uint32_t i = 0; i < part->heads; i++) {
        if (core->decoded->native[part->head[i] / 4u].function) {
            return false;
        }
    }
    return true;
}

unsigned native_install(struct arm_core *core, const struct native_table *table) {
    struct arm_decoded *decoded = core->decoded;
    unsigned installed = 0;
    for (uint32_t n = 0; n < table->parts; n++) {
        const struct native_part *part = table->part + n;
        if (!stands(core, part)) {
            continue;
        }
        for (uint32_t i = 0; i < part->runs; i++) {
            memset(decoded->native_word + part->run[i].address / 4u, 1, part->run[i].count);
        }
        for (uint32_t i = 0; i < part->heads; i++) {
            uint32_t index = part->head[i] / 4u;
            struct entry *entry = decoded->arm + index;
            if (entry->code == OP_UNDECODED) {
                decode(core, entry, part->head[i], false);
            }
            decoded->native[index] = (struct native_entry){part->function, i, entry->code};
            entry->code = OP_NATIVE;
        }
        installed++;
    }
    decoded->native_parts += installed;
    decoded->frame = (struct native_frame){
        .r = core->r,
        .dtcm = core->dtcm,
        .cpsr = &core->cpsr,
        .irq = &core->irq,
        .fiq = &core->fiq,
        .load = native_load,
        .store = native_store,
        .core = core,
    };
    return installed;
}

void native_forget(struct arm_decoded *decoded) {
    for (uint32_t i = 0; i < ARM_ENTRIES; i++) {
        if (decoded->native[i].function) {
            decoded->arm[i].code = decoded->native[i].code;
        }
    }
    memset(decoded->native, 0, sizeof decoded->native);
    memset(decoded->native_word, 0, sizeof decoded->native_word);
    decoded->native_parts = 0;
    decoded->native_losses++;
}

void native_profile(struct arm_core *core, uint8_t *entered, uint8_t *translated, uint32_t *heat) {
    struct arm_decoded *decoded = core->decoded;
    memset(entered, 0, ARM_ENTRIES);
    memset(translated, 0, ARM_ENTRIES);
    memset(heat, 0, ARM_ENTRIES * sizeof *heat);
    if (!decoded) {
        return; /* was never started */
    }
    for (uint32_t i = 0; i < ARM_ENTRIES; i++) {
        entered[i] = decoded->arm[i].code != OP_UNDECODED;
    }
    memcpy(translated, decoded->native_word, ARM_ENTRIES);
    memcpy(heat, decoded->heat, ARM_ENTRIES * sizeof *heat);
    memset(decoded->heat, 0, sizeof decoded->heat);
}

void native_sample(struct arm_core *core) {
    if (!core->waiting && !(core->cpsr & PSR_T) && is_itcm(core->r[15])) {
        core->decoded->heat[core->r[15] / 4u] += NATIVE_SAMPLE;
    }
}

/*
 * What follows an access that cost `cost` cycles more than its instruction: the price is paid, and the block goes on if
 * it can be finished.
 */
static int paid(struct native_frame *frame, uint32_t cost, const struct native_block *block) {
    frame->left -= cost;
    frame->extra += cost;
    return frame->left - block->owed - COST_INSTRUCTION > block->rest ? NATIVE_DONE : NATIVE_LAST;
}

/* Before the bus is used: it must see the right time. As BEGIN_BUS_ACCESS in engine.h. */
static void meet_bus(struct native_frame *frame, const struct native_block *block, uint32_t cost) {
    int64_t spent = frame->budget - frame->left + block->owed;
    frame->core->cycles += (uint64_t)spent + COST_INSTRUCTION;
    frame->core->instructions += (uint64_t)(spent - frame->extra - block->owed_extra) + 1u;
    frame->bus_cost = cost;
    frame->losses = frame->core->decoded->native_losses;
}

/* After it: lines, `until` and even the code may have changed. `left` and `extra` are such that the rest of the
 * block can go on as if nothing had happened. */
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
