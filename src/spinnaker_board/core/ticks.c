/*
 * What a core did in each period of its timer 1: the estimate of whether the network would hold real time on a board.
 */
#include <stdlib.h>

#include "chip.h"

#define SERIES_TICKS 65536u          /* at most; later ticks count in the totals only */
#define SERIES_PERIOD_CYCLES 20000u  /* 0.1 ms; faster timers, as of extra monitors, keep totals only */

void ticks_reset(struct core *core) {
    struct tick *series = core->log.series;
    size_t room = core->log.room;
    core->log = (struct tick_log){.series = series, .room = room};
    core->log.busy_cycles = core->arm.cycles;
}

static void keep(struct tick_log *log, struct tick tick) {
    if (log->recorded == log->room) {
        size_t room = log->room ? 2 * log->room : 256;
        struct tick *series = room <= SERIES_TICKS ? realloc(log->series, room * sizeof *series) : NULL;
        if (series == NULL) {
            return; /* full: `ticks` tells how many are missing */
        }
        log->series = series;
        log->room = room;
    }
    log->series[log->recorded++] = tick;
}

void ticks_record(struct core *core, uint32_t period) {
    struct tick_log *log = &core->log;
    uint64_t busy = core->arm.cycles - core->arm.sleep_cycles;
    struct tick tick = {
        .busy_cycles = (uint32_t)(busy - log->busy_cycles),
        .instructions = (uint32_t)(core->arm.instructions - log->instructions),
        .packets_in = (uint32_t)(core->count.packets_in - log->begun.packets_in),
        .packets_out = (uint32_t)(core->count.packets_out - log->begun.packets_out),
        .dma_bytes = (uint32_t)(core->count.dma_bytes - log->begun.dma_bytes),
    };
    log->busy_cycles = busy;
    log->instructions = core->arm.instructions;
    log->begun = core->count;
    if (period == log->period) { /* the first tick after a change of period began at an unknown phase */
        log->ticks++;
        log->busy_sum += tick.busy_cycles;
        log->overruns += tick.busy_cycles >= period;
        log->busy_max = tick.busy_cycles > log->busy_max ? tick.busy_cycles : log->busy_max;
        if (period >= SERIES_PERIOD_CYCLES) {
            keep(log, tick);
        }
    }
    log->period = period;
}
