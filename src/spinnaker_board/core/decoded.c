/* The tables of decoded instructions: made, and cleared where the code changes. engine.c executes them. */
#include <stdlib.h>
#include <string.h>

#include "decoded.h"

int arm_init(struct arm_core *core) {
    core->decoded = calloc(1, sizeof *core->decoded);
    if (!core->decoded) {
        return -1;
    }
    core->decoded->arm[ARM_ENTRIES].code = OP_BEHIND;
    core->decoded->thumb[THUMB_ENTRIES].code = OP_BEHIND;
    core->decoded->frame = (struct native_frame){
        .r = core->r,
        .dtcm = core->dtcm,
        .cpsr = &core->cpsr,
        .irq = &core->irq,
        .fiq = &core->fiq,
        .load = native_load,
        .store = native_store,
        .core = core,
    };
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
