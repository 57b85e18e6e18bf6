/*
 * One processor with memories and a minimal chip, for the tests to drive through ctypes.
 *
 * Bus: 0xe5000000, 32 KB of memory; 0x10000000, the test device, whose words are
 *   +0 write: bit 0 and 1 set the IRQ and FIQ line, bit 2 ends the run at once; read: the lines
 *   +4 read: the clock's low word
 *   +8 write: a word for ITCM offset `value & 0x7ffc`, stored there as DMA would
 *   +12 write: bit 0 and 1 say whether SDRAM reads and stores go through the bus from now on
 * Every other address aborts. All accesses enter a running hash with their time.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arm.h"
#include "native.h"

#define SYSRAM_BASE 0xe5000000u
#define SYSRAM_BYTES 0x8000u
#define DEVICE_BASE 0x10000000u
#define GUARD 0x10000u /* bytes without access on either side of the SDRAM */

struct harness {
    struct arm_core core;
    uint8_t *itcm;
    uint8_t *dtcm;
    uint8_t *sdram;
    uint8_t *sysram;
    uint64_t hash;
};

static void note(struct harness *harness, uint64_t value) {
    harness->hash = (harness->hash ^ value) * 0x100000001b3u;
}

static int bus_read(struct arm_core *core, uint32_t address, unsigned size, uint32_t *value) {
    struct harness *harness = core->owner;
    note(harness, core->cycles);
    note(harness, (uint64_t)address << 8 | size);
    if ((address & 0xe8000000u) == SDRAM_BASE) {
        *value = 0;
        memcpy(value, harness->sdram + (address & (SDRAM_BYTES - 1u)), size);
        return 0;
    }
    if (address - SYSRAM_BASE < SYSRAM_BYTES) {
        *value = 0;
        memcpy(value, harness->sysram + (address - SYSRAM_BASE), size);
        return 0;
    }
    switch (address - DEVICE_BASE) {
    case 0: *value = (core->irq ? 1u : 0u) | (core->fiq ? 2u : 0u); return 0;
    case 4: *value = (uint32_t)core->cycles; return 0;
    default: return -1;
    }
}

static int bus_write(struct arm_core *core, uint32_t address, unsigned size, uint32_t value) {
    struct harness *harness = core->owner;
    note(harness, core->cycles);
    note(harness, (uint64_t)address << 8 | size | 0x80);
    note(harness, value);
    if ((address & 0xe8000000u) == SDRAM_BASE) {
        memcpy(harness->sdram + (address & (SDRAM_BYTES - 1u)), &value, size);
        return 0;
    }
    if (address - SYSRAM_BASE < SYSRAM_BYTES) {
        memcpy(harness->sysram + (address - SYSRAM_BASE), &value, size);
        return 0;
    }
    switch (address - DEVICE_BASE) {
    case 0:
        core->irq = value & 1u;
        core->fiq = value & 2u;
        if (value & 4u) {
            core->until = core->cycles;
        }
        return 0;
    case 8:
        memcpy(harness->itcm + (value & 0x7ffcu), &value, 4);
        arm_itcm_written(core, value & 0x7ffcu, 4);
        return 0;
    case 12:
        core->sdram = value & 1u ? NULL : harness->sdram;
        core->sdram_store = value & 2u ? NULL : harness->sdram;
        return 0;
    default: return -1;
    }
}

static const struct arm_bus bus = {bus_read, bus_write};

void harness_free(struct harness *harness) {
    if (harness) {
        arm_free(&harness->core);
        free(harness->itcm);
        free(harness->dtcm);
        if (harness->sdram) {
            munmap(harness->sdram - GUARD, SDRAM_BYTES + 2 * GUARD);
        }
        free(harness->sysram);
        free(harness);
    }
}

/* Pages only: a sanitizer would mark the whole of it at each allocation. */
static uint8_t *new_sdram(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    uint8_t *all = mmap(NULL, SDRAM_BYTES + 2 * GUARD, PROT_NONE, flags, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    return mprotect(all + GUARD, SDRAM_BYTES, PROT_READ | PROT_WRITE) == 0 ? all + GUARD : NULL;
}

struct harness *harness_new(void) {
    struct harness *harness = calloc(1, sizeof *harness);
    if (!harness) {
        return NULL;
    }
    harness->itcm = calloc(1, ITCM_BYTES); /* of its own each, so that a sanitizer sees an access past the end */
    harness->dtcm = calloc(1, DTCM_BYTES);
    harness->sdram = new_sdram();
    harness->sysram = calloc(1, SYSRAM_BYTES);
    struct arm_core *core = &harness->core;
    core->itcm = harness->itcm;
    core->dtcm = harness->dtcm;
    core->sdram = harness->sdram;
    core->sdram_store = harness->sdram;
    core->bus = &bus;
    core->owner = harness;
    if (!harness->itcm || !harness->dtcm || !harness->sdram || !harness->sysram || arm_init(core) != 0) {
        harness_free(harness);
        return NULL;
    }
    arm_reset(core);
    return harness;
}

void *harness_memory(struct harness *harness, unsigned which) {
    uint8_t *memories[] = {harness->itcm, harness->dtcm, harness->sdram, harness->sysram};
    return memories[which];
}

void harness_itcm_written(struct harness *harness, uint32_t offset, uint32_t bytes) {
    arm_itcm_written(&harness->core, offset, bytes);
}

void harness_reset(struct harness *harness) {
    arm_reset(&harness->core);
}

void harness_get(const struct harness *harness, uint32_t *state) {
    const struct arm_core *core = &harness->core;
    memcpy(state, core->r, sizeof core->r);
    state[16] = core->cpsr;
    memcpy(state + 17, core->banked_r13, sizeof core->banked_r13);
    memcpy(state + 23, core->banked_r14, sizeof core->banked_r14);
    memcpy(state + 29, core->spsr, sizeof core->spsr);
    memcpy(state + 35, core->usr_r8_r12, sizeof core->usr_r8_r12);
    memcpy(state + 40, core->fiq_r8_r12, sizeof core->fiq_r8_r12);
}

void harness_set(struct harness *harness, const uint32_t *state) {
    struct arm_core *core = &harness->core;
    memcpy(core->r, state, sizeof core->r);
    core->cpsr = state[16];
    memcpy(core->banked_r13, state + 17, sizeof core->banked_r13);
    memcpy(core->banked_r14, state + 23, sizeof core->banked_r14);
    memcpy(core->spsr, state + 29, sizeof core->spsr);
    memcpy(core->usr_r8_r12, state + 35, sizeof core->usr_r8_r12);
    memcpy(core->fiq_r8_r12, state + 40, sizeof core->fiq_r8_r12);
    core->waiting = false;
}

unsigned harness_install(struct harness *harness, const struct native_table *table) {
    return native_fits(table) ? native_install(&harness->core, table) : 0;
}

void harness_profile(struct harness *harness, uint8_t *entered, uint8_t *translated, uint32_t *heat) {
    native_sample(&harness->core);
    native_profile(&harness->core, entered, translated, heat);
}

/* cycles, sleep cycles, instructions, hash of the bus accesses, waiting, instructions in translated code */
void harness_clock(const struct harness *harness, uint64_t *clock) {
    clock[0] = harness->core.cycles;
    clock[1] = harness->core.sleep_cycles;
    clock[2] = harness->core.instructions;
    clock[3] = harness->hash;
    clock[4] = harness->core.waiting;
    clock[5] = harness->core.native_instructions;
}

void harness_lines(struct harness *harness, int irq, int fiq) {
    harness->core.irq = irq;
    harness->core.fiq = fiq;
}

void harness_run(struct harness *harness, uint64_t until, int plain) {
    if (plain) {
        arm_run_plain(&harness->core, until);
    } else {
        arm_run(&harness->core, until);
    }
}

/* Exactly one instruction or interrupt entry: no instruction is shorter than a cycle. */
void harness_step(struct harness *harness, int plain) {
    harness_run(harness, harness->core.cycles + 1u, plain);
}
