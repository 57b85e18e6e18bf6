/*
 * The engine that executes decoded instructions, and the processor's entry, arm_run.
 *
 * Within run_decoded the state of the core lives in local variables: the entry in place of the pc, the flags apart (the
 * result that gave N and the one that gave Z, since they differ after a long multiplication; C as 0 or 1; V in bit 31),
 * and the cycles that are left. It returns to arm_run after everything that OP_PLAIN stands for, for every target
 * outside the ITCM, when an interrupt is due and when the cycles are used up. Each operation ends with a jump to the
 * next one. That uses labels as values, which GCC and Clang have and C11 has not.
 */
#include <stdlib.h>

#include "alu.h"
#include "decoded.h"
#include "memory.h"

int arm_init(struct arm_core *core) {
    core->decoded = calloc(1, sizeof *core->decoded);
    if (!core->decoded) {
        return -1;
    }
    core->decoded->arm[ARM_ENTRIES].code = OP_BEHIND;
    core->decoded->thumb[THUMB_ENTRIES].code = OP_BEHIND;
    return 0;
}

void arm_free(struct arm_core *core) {
    free(core->decoded);
    core->decoded = NULL;
}

void arm_itcm_written(struct arm_core *core, uint32_t offset, uint32_t bytes) {
    uint32_t end = bytes < ITCM_BYTES - offset ? offset + bytes : ITCM_BYTES;
    struct arm_decoded *decoded = core->decoded;
    if (decoded->native_parts && memchr(decoded->native_word + offset / 4u, 1, (end + 3u) / 4u - offset / 4u)) {
        native_forget(decoded);
    }
    while (offset < end) {
        uint32_t page = offset / DECODED_PAGE;
        uint32_t page_end = (page + 1u) * DECODED_PAGE;
        uint32_t stop = end < page_end ? end : page_end;
        if (decoded->page_used[page]) {
            uint32_t arm = offset / 4u;
            uint32_t thumb = offset / 2u;
            memset(decoded->arm + arm, 0, ((stop + 3u) / 4u - arm) * sizeof(struct entry));
            memset(decoded->thumb + thumb, 0, ((stop + 1u) / 2u - thumb) * sizeof(struct entry));
        }
        if (stop - offset == DECODED_PAGE) {
            decoded->page_used[page] = false;
        }
        offset = stop;
    }
}

/* The aligned offset of an address into the DTCM is below its size, or, rotated, above everything. */
static inline bool in_dtcm(uint32_t address, unsigned size) {
    uint32_t offset = address - DTCM_BASE;
    if (size == 1) {
        return offset < DTCM_BYTES;
    }
    unsigned shift = size == 4 ? 2 : 1;
    return (offset >> shift | offset << (32u - shift)) < DTCM_BYTES >> shift;
}

static inline bool aligned(uint32_t address, unsigned size) {
    return (address & (size - 1u)) == 0;
}

static inline uint32_t sign_extend_byte(uint32_t value) {
    return (value ^ 0x80u) - 0x80u;
}
static inline uint32_t sign_extend_half(uint32_t value) {
    return (value ^ 0x8000u) - 0x8000u;
}

static inline uint32_t pack_flags(uint32_t n, uint32_t z, uint32_t c, uint32_t v) {
    return (n & PSR_N) | (z ? 0u : PSR_Z) | c << 29 | (v >> 31) << 28;
}

static inline bool interrupt_is_due(const struct arm_core *core) {
    return (core->fiq && !(core->cpsr & PSR_F)) || (core->irq && !(core->cpsr & PSR_I));
}

#include "engine.h"

void arm_run(struct arm_core *core, uint64_t until) {
    core->until = until;
    while (core->cycles < core->until) {
        if (core->waiting && !core->irq && !core->fiq) {
            core->sleep_cycles += core->until - core->cycles;
            core->cycles = core->until;
            return;
        }
        core->waiting = false;
        if (!arm_take_interrupt(core) && (!is_itcm(core->r[15]) || run_decoded(core))) {
            plain_step(core);
        }
    }
}
