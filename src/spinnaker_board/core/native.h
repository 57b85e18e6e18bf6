/*
 * Translated code: parts of programs that were translated to C (translation/source.py, translated.h), compiled and
 * loaded while the machine runs.
 *
 * A part changes the core exactly as the engine would, instruction by instruction. It stops when the quantum's cycles
 * are used up. An instruction that it cannot execute is left to the engine before any side effect. A part can be
 * entered at its heads. It is valid for a core as long as the words that it was made from are in the core's ITCM: they
 * are compared when the part is installed, and a write to any of them removes all parts from the core.
 */
#ifndef SPINNAKER_BOARD_NATIVE_H
#define SPINNAKER_BOARD_NATIVE_H

#include "arm.h"

#define NATIVE_ABI 3u

/*
 * The engine's state while a part runs. Cached files depend on these structures: raise NATIVE_ABI when they change.
 *
 * A part counts cycles at the end of a block. `left` and `extra` are those of the engine, without the cycles of the
 * current block that are not counted yet: `owed`, of which `owed_extra` are beyond one for each instruction. `rest` is
 * the most that the instructions of the block behind the current one can take.
 *
 * An access outside the DTCM calls `load` or `store`. They return NATIVE_DONE if the block can go on, NATIVE_LAST if it
 * has to stop after this instruction, and NATIVE_NOT_DONE if it has to stop before it.
 */
enum native_access { NATIVE_DONE, NATIVE_LAST, NATIVE_NOT_DONE };

struct native_block {
    uint32_t owed, owed_extra, rest;
};

struct native_frame {
    uint32_t *r;
    uint8_t *dtcm;
    uint32_t *cpsr; /* without N, Z, C and V, which are in n, z, c and v as in the engine */
    const bool *irq;
    const bool *fiq;
    int64_t left, extra;
    uint32_t n, z, c, v;
    uint32_t value; /* the loaded value */
    int (*load)(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block);
    int (*store)(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block,
                 uint32_t value);
    struct arm_core *core;
    int64_t budget;
    uint32_t bus_cost; /* of the last access to the bus */
    unsigned losses;   /* the core's native_losses before that access */
    bool aborted;
};

/* Runs from the head with a number; returns the address of the next instruction, with bit 0 set for Thumb state. */
typedef uint32_t native_function(struct native_frame *frame, uint32_t head);

/* Consecutive words of the ITCM that a part was made from. */
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

/* Whether a table was made for this version of the structures. */
bool native_fits(const struct native_table *table);

/* Installs the parts of a table whose words are in a core's ITCM and in no part yet; returns their number. */
unsigned native_install(struct arm_core *core, const struct native_table *table);

/*
 * For each word of the ITCM: whether it was executed in ARM state, whether a part was made from it, and its heat, which
 * is then set to 0. Heat measures the work of the engine in ARM state: 1 for each call of and jump to the address,
 * after which about ten instructions follow, and NATIVE_SAMPLE each time the core is there at the end of a quantum. The
 * ends of quanta alone would miss interrupt handlers, which run when a quantum begins.
 */
#define NATIVE_SAMPLE 100u
void native_profile(struct arm_core *core, uint8_t *entered, uint8_t *translated, uint32_t *heat);

/* Call this at the end of a quantum. */
void native_sample(struct arm_core *core);

#endif
