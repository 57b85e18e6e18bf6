/* An application core: reset, and its run through a quantum from device event to device event. */
#include <stdlib.h>
#include <string.h>

#include "chip.h"
#include "decoded.h"
#include "native.h"

int core_create(struct chip *chip, unsigned number) {
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return -1;
    }
    chip->core[number] = core;
    core->chip = chip;
    core->number = number;
    core->arm.itcm = core->tcm;
    core->arm.dtcm = core->tcm + ITCM_BYTES;
    core->arm.sdram = core->arm.sdram_store = chip->sdram;
    core->arm.bus = &chip_bus;
    core->arm.owner = core;
    timer_reset(core);
    dma_reset(core);
    core->next_event = NEVER;
    return 0;
}

void core_destroy(struct core *core) {
    if (core->comms.inbox != NULL) {
        arm_free(&core->arm);
    }
    free(core->comms.inbox);
    free(core->log.series);
    free(core);
}

void core_schedule(struct core *core) {
    uint64_t next = core->dma.completion;
    for (unsigned n = 0; n < 2; n++) {
        next = core->timer[n].expiry < next ? core->timer[n].expiry : next;
    }
    core->next_event = next;
    if (next < core->arm.until) {
        core->arm.until = next; /* an access by the core itself ends its run in time for the event */
    }
}

/* Starts the processor with the code in its ITCM. Its memory is allocated at the first start. Returns -1 if there is no
 * memory. */
int core_start(struct core *core, uint32_t r0, uint32_t pc) {
    if (core->comms.inbox == NULL) {
        struct packet *inbox = calloc(INBOX_PACKETS, sizeof *inbox);
        if (inbox == NULL || arm_init(&core->arm)) {
            free(inbox);
            return -1;
        }
        core->comms.inbox = inbox;
    }
    core->vic = (struct vic){0};
    core->arm.cycles = core->chip->machine->cycles;
    core->arm.until = core->arm.cycles;
    core->arm.waiting = false;
    timer_reset(core);
    dma_reset(core);
    comms_reset(core);
    core_schedule(core);
    core->count = (struct counters){0};
    core->arm.sleep_cycles = 0;
    core->arm.instructions = 0;
    core->arm.native_instructions = 0;
    memset(core->arm.decoded->heat, 0, sizeof core->arm.decoded->heat);
    ticks_reset(core);
    arm_reset(&core->arm);
    arm_itcm_written(&core->arm, 0, ITCM_BYTES);
    translations_install(core);
    core->arm.r[0] = r0;
    core->arm.r[15] = pc;
    vic_drive(core, INT_CPU, core->chip->control.cpu_irq >> core->number & 1u);
    vic_update(core);
    core->on = true;
    return 0;
}

void core_stop(struct core *core) {
    core->on = false;
}

void core_run_quantum(struct core *core, uint64_t end) {
    struct arm_core *arm = &core->arm;
    while (arm->cycles < end) {
        uint64_t stop = core->next_event < end ? core->next_event : end;
        if (arm->cycles < stop) {
            arm_run(arm, stop);
        }
        if (core->next_event <= arm->cycles) {
            while (core->dma.completion <= arm->cycles) {
                dma_complete(core);
            }
            timer_expire(core, arm->cycles);
            core_schedule(core);
        }
    }
    native_sample(arm);
}
