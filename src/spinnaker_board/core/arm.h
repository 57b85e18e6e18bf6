/*
 * One ARM968E-S application core: its state, and the boundary between the processor and the chip around it.
 *
 * The processor implements ARMv5TE (ARM Architecture Reference Manual, DDI 0100) without MMU, cache or VFP. Tightly
 * coupled memories and SDRAM are reached by pointer; every access to another address goes through
 * `struct arm_bus`. Time is counted in processor cycles, whose costs are in cost.h.
 *
 * Cores share nothing here: the next state of a core depends on its state, on the memory that it reads and on the
 * answers of its bus only. One call of arm_run, or several for the same time, give the same bits.
 */
#ifndef SPINNAKER_BOARD_ARM_H
#define SPINNAKER_BOARD_ARM_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

/* Program status register, DDI 0100 A2.5. */
#define PSR_N 0x80000000u
#define PSR_Z 0x40000000u
#define PSR_C 0x20000000u
#define PSR_V 0x10000000u
#define PSR_Q 0x08000000u
#define PSR_I 0x00000080u /* set: IRQ masked */
#define PSR_F 0x00000040u /* set: FIQ masked */
#define PSR_T 0x00000020u /* set: Thumb state */
#define PSR_MODE 0x0000001fu

enum arm_mode {
    MODE_USR = 0x10,
    MODE_FIQ = 0x11,
    MODE_IRQ = 0x12,
    MODE_SVC = 0x13,
    MODE_ABT = 0x17,
    MODE_UND = 0x1b,
    MODE_SYS = 0x1f,
};

/* Index into the banked registers; user and system mode share a bank. */
enum arm_bank { BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, BANK_ABT, BANK_UND, ARM_BANKS };

struct arm_core;
struct arm_decoded;

/*
 * Addresses outside ITCM, DTCM and SDRAM. `size` is 1, 2 or 4 bytes and `address` a multiple of it. A read stores the
 * value zero-extended. Both return 0, or non-zero for a data abort (prefetch abort when the core fetches an
 * instruction), in which case nothing may have changed.
 *
 * During a call `core->cycles` is the time of the access. A callback may
 *  - raise or lower `irq` and `fiq`: looked at before the next instruction;
 *  - lower `until`: arm_run then returns as soon as this instruction is done;
 *  - change `sdram` and `sdram_store`;
 *  - write the core's ITCM, if it calls arm_itcm_written().
 * It must not touch the registers.
 */
struct arm_bus {
    int (*read)(struct arm_core *core, uint32_t address, unsigned size, uint32_t *value);
    int (*write)(struct arm_core *core, uint32_t address, unsigned size, uint32_t value);
};

struct arm_core {
    uint32_t r[16]; /* of the current mode; between instructions r[15] is the address of the next instruction */
    uint32_t cpsr;

    bool irq;     /* level of the interrupt lines, driven by the chip */
    bool fiq;
    bool waiting; /* in WFI, until a line is high, whether masked or not */

    /* Clock of the core in cycles, which the processor never resets. In WFI it advances to `until`. */
    uint64_t cycles;
    uint64_t sleep_cycles; /* the part of `cycles` spent in WFI */
    uint64_t instructions; /* executed, those with a failed condition included */
    uint64_t native_instructions; /* those of them that translated code executed (native.h) */
    uint64_t until;        /* arm_run's target; a bus callback may lower it */

    uint8_t *itcm; /* ITCM_BYTES */
    uint8_t *dtcm; /* DTCM_BYTES */
    /* SDRAM_BYTES of the chip, for reads and for stores. Either may be NULL: such accesses then go through the bus
     * (at SDRAM's cost), so that a chip can log stores and apply them after the quantum. */
    uint8_t *sdram;
    uint8_t *sdram_store;

    const struct arm_bus *bus;
    void *owner; /* for the chip; not used by the processor */

    /* Registers of the modes that are not current, DDI 0100 A2.3. The current mode's entries are stale. */
    uint32_t banked_r13[ARM_BANKS];
    uint32_t banked_r14[ARM_BANKS];
    uint32_t spsr[ARM_BANKS]; /* always current; spsr[BANK_USR] is unused */
    uint32_t usr_r8_r12[5];
    uint32_t fiq_r8_r12[5];

    struct arm_decoded *decoded; /* decoded instructions of the ITCM (decoded.c); private */
};

/*
 * Allocates the tables of a core, whose itcm, dtcm, sdram, sdram_store, bus and owner are set and whose other fields
 * are zero. Returns 0, or -1 if there is no memory.
 */
int arm_init(struct arm_core *core);
void arm_free(struct arm_core *core);

/* Reset exception, DDI 0100 A2.6.2: SVC mode, IRQ and FIQ masked, ARM state, pc 0; all other registers zero. The clock
 * and the counters keep their values. The caller then sets r0 and other registers. */
void arm_reset(struct arm_core *core);

/*
 * Runs until `core->cycles >= until`. The last instruction may overshoot. A core that waits in WFI with both lines low
 * sleeps: its clock moves to `until` at once. On return the clock is at or past `core->until`, which is `until` unless
 * a bus callback lowered it.
 */
void arm_run(struct arm_core *core, uint64_t until);

/* The same by the plain interpreter, instruction by instruction: slower, with the same result. */
void arm_run_plain(struct arm_core *core, uint64_t until);

/* Call this after the ITCM was written by anything but the core (loader, DMA). Offsets are in bytes. */
void arm_itcm_written(struct arm_core *core, uint32_t offset, uint32_t bytes);

#endif
