/* The machine as a whole: memories, the quantum, the clock in the system variables. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "chip.h"
#include "structures.h"

int machine_create(struct machine *machine, unsigned chips, unsigned threads) {
    *machine = (struct machine){.chips = chips};
    machine->chip = calloc(chips, sizeof *machine->chip);
    machine->cores = calloc((size_t)chips * CHIP_CORES, sizeof(struct core *));
    machine->busy = calloc(chips, sizeof(struct chip *));
    machine->pool = pool_create(threads);
    if (machine->chip == NULL || machine->cores == NULL || machine->busy == NULL || machine->pool == NULL) {
        return -1;
    }
    for (unsigned n = 0; n < chips; n++) {
        struct chip *chip = &machine->chip[n];
        chip->machine = machine;
        void *sdram =
            mmap(NULL, SDRAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (sdram == MAP_FAILED) {
            return -1;
        }
        chip->sdram = sdram;
        for (unsigned core = 1; core < CHIP_CORES; core++) {
            if (core_create(chip, core)) {
                return -1;
            }
        }
    }
    return 0;
}

void machine_destroy(struct machine *machine) {
    if (machine->pool != NULL) {
        pool_destroy(machine->pool);
    }
    for (unsigned n = 0; machine->chip != NULL && n < machine->chips; n++) {
        struct chip *chip = &machine->chip[n];
        for (unsigned core = 1; core < CHIP_CORES; core++) {
            if (chip->core[core] != NULL) {
                core_destroy(chip->core[core]);
            }
        }
        if (chip->sdram != NULL) {
            munmap(chip->sdram, SDRAM_BYTES);
        }
    }
    translations_free(machine);
    free(machine->chip);
    free(machine->cores);
    free(machine->busy);
    *machine = (struct machine){0};
}

/* To be called after cores were started or stopped. */
void machine_list_active(struct machine *machine) {
    machine->active = machine->active_chips = 0;
    for (unsigned n = 0; n < machine->chips; n++) {
        struct chip *chip = &machine->chip[n];
        unsigned before = machine->active;
        for (unsigned core = 1; core < CHIP_CORES; core++) {
            if (chip->core[core]->on) {
                machine->cores[machine->active++] = chip->core[core];
            }
        }
        if (machine->active > before) {
            machine->busy[machine->active_chips++] = chip;
        }
    }
}

void machine_set_clock(struct machine *machine) {
    uint64_t clock_ms = machine->cycles / CYCLES_PER_MS;
    uint16_t time_ms = (uint16_t)(clock_ms % 1000u);
    uint32_t unix_s = (uint32_t)(machine->start_unix_s + clock_ms / 1000u);
    for (unsigned n = 0; n < machine->chips; n++) {
        uint8_t *variables = machine->chip[n].sysram + (SV_BASE - SYSRAM_BASE);
        memcpy(variables + SV_CLOCK_MS, &clock_ms, sizeof clock_ms);
        memcpy(variables + SV_TIME_MS, &time_ms, sizeof time_ms);
        memcpy(variables + SV_UNIX_TIME, &unix_s, sizeof unix_s);
    }
}

/* Runs one quantum; true when an application has called for a monitor. */
bool machine_quantum(struct machine *machine) {
    uint64_t end = machine->cycles + QUANTUM_CYCLES;
    pool_run(machine->pool, machine->busy, machine->active_chips, end);
    machine->cycles = end;
    if (end % CYCLES_PER_MS == 0) {
        machine_set_clock(machine);
    }
    bool settle = false;
    for (unsigned n = 0; n < machine->active; n++) {
        if (machine->cores[n]->comms.sent > 0) {
            comms_deliver(machine->cores[n]);
        }
        settle |= machine->cores[n]->comms.receiver != NULL;
    }
    for (unsigned n = 0; settle && n < machine->active; n++) {
        if (machine->cores[n]->comms.receiver != NULL) {
            comms_settle(machine->cores[n]);
        }
    }
    bool called = false;
    for (unsigned n = 0; n < machine->active_chips; n++) {
        called |= machine->busy[n]->control.cpu_irq & 1u;
    }
    return called;
}
