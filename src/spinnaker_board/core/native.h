/*
 * Translated code: parts of programs that were turned into C (translation/source.py, translated.h), compiled, and
 * loaded while the machine ran.
 *
 * A part does to the core exactly what the engine would have done, instruction for instruction. It stops where the
 * cycles run out, and leaves every instruction that it does not do to the engine, before any side effect. It is
 * entered at its heads. It holds for a core only as long as every word that it was made from stands in that core's
 * ITCM: that is looked at when it is installed, and a write to any such word takes all parts from the core.
 */
#ifndef SPINNAKER_BOARD_NATIVE_H
#define SPINNAKER_BOARD_NATIVE_H

#include "arm.h"

#define NATIVE_ABI 3u

/*
 * The engine's state while a part runs. NATIVE_ABI changes with these structures, for they are part of what a cache
 * holds. `left` and `extra` are the engine's, but without what the current block owes: `owed` cycles of which
 * `owed_extra` are not the one of each instruction. `rest` is what the block may still take behind the current
 * instruction.
 *
 * An access outside the DTCM goes to `load` or `store`. They return NATIVE_DONE when the block may go on, NATIVE_LAST
 * when it has to stop behind this instruction, and NATIVE_NOT_DONE when it has to stop before it.
 */
enum native_access { NATIVE_DONE, NATIVE_LAST, NATIVE_NOT_DONE };

struct native_block {
    uint32_t owed, owed_extra, rest;
};

struct native_frame {
    uint32_t *r;
    uint8_t *dtcm;
    uint32_t *cpsr; /* N, Z, C and V are below, as the engine keeps them */
    const bool *irq;
    const bool *fiq;
    int64_t left, extra;
    uint32_t n, z, c, v;
    uint32_t value; /* that was loaded */
    int (*load)(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block);
    int (*store)(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block,
                 uint32_t value);
    struct arm_core *core;
    int64_t budget;
    uint32_t bus_cost; /* of the last access to the bus */
    unsigned losses;   /* before it: of native parts */
    bool aborted;
};

/* Runs from a head, known by its number; returns the address of the next instruction, bit 0 set for Thumb state. */
typedef uint32_t native_function(struct native_frame *frame, uint32_t head);

/* Words of the ITCM that a part was made from. */
struct native_run {
    uint32_t address, count;
    const uint32_t *word;
};

struct native_part {
    native_function *function;
    uint32_t runs, heads;
    const struct native_run *run;
    const uint32_t *head; /* addresses */
};

struct native_table {
    uint32_t abi, parts;
    const struct native_part *part;
};

/* Whether a table can be used here. */
bool native_fits(const struct native_table *table);

/* Gives a core every part of the table whose words it has and of which it has no word yet; returns their number. */
unsigned native_install(struct arm_core *core, const struct native_table *table);

/*
 * For each word of the ITCM: was it executed in ARM state, is a part made from it, and its heat, which becomes 0. Heat
 * says how much the engine had to do in ARM state: 1 for each call and each jump to here, which lead to some ten
 * instructions, and NATIVE_SAMPLE whenever the core was here at the end of a quantum. Ends of quanta alone would never
 * see interrupt handlers, which run when a quantum begins.
 */
#define NATIVE_SAMPLE 100u
void native_profile(struct arm_core *core, uint8_t *entered, uint8_t *translated, uint32_t *heat);

/* To be called at the end of a quantum. */
void native_sample(struct arm_core *core);

#endif
