/*
 * DMA controller of a core, datasheet section 7. A transfer moves its bytes when it ends; its duration is an
 * estimate (see docs/software-board.md). The CRC unit, bursts and the bridge's write buffer are not modelled.
 */
#include <string.h>

#include "chip.h"

#define DMA_START_CYCLES 40u     /* estimate: set-up and SDRAM latency of a transfer */
#define DMA_BYTES_PER_CYCLE 2u   /* estimate: 400 MB/s for one core alone */
#define DESCRIPTION_LENGTH 0x1ffffu
#define DESCRIPTION_TO_SYSTEM (1u << 19)
#define CONTROL_UNCOMMIT 0x01u
#define CONTROL_ABORT 0x02u
#define CONTROL_CLEAR_DONE 0x08u
#define GLOBAL_DONE_INTERRUPT (1u << 10)
#define STATUS_BUSY 0x01u
#define STATUS_QUEUE_FULL 0x04u
#define STATUS_DONE (1u << 10)
#define STATUS_ERROR (1u << 13)

static void drive(struct core *core) {
    bool enabled = core->dma.global_control & GLOBAL_DONE_INTERRUPT;
    vic_drive(core, INT_DMA_DONE, core->dma.done && enabled);
}

void dma_reset(struct core *core) {
    core->dma = (struct dma){.completion = NEVER};
}

static void begin(struct core *core, uint64_t now) {
    uint32_t bytes = core->dma.request[0].description & DESCRIPTION_LENGTH;
    core->dma.completion = now + DMA_START_CYCLES + bytes / DMA_BYTES_PER_CYCLE;
}

/* Where `bytes` bytes of TCM begin, or NULL when they are not all in one of the two memories. */
static uint8_t *tcm(struct core *core, uint32_t address, uint32_t bytes) {
    if (address < ITCM_BYTES && bytes <= ITCM_BYTES - address) {
        return core->arm.itcm + address;
    }
    uint32_t offset = address - DTCM_BASE;
    if (offset < DTCM_BYTES && bytes <= DTCM_BYTES - offset) {
        return core->arm.dtcm + offset;
    }
    return NULL;
}

static uint8_t *shared(struct core *core, uint32_t address, uint32_t bytes) {
    uint32_t offset = address & ~0xf8000000u;
    uint32_t base = address & 0xf8000000u;
    if ((base == SDRAM_BASE || base == SDRAM_ALIAS_BASE) && bytes <= SDRAM_BYTES - offset) {
        return core->chip->sdram + offset;
    }
    base = address & 0xffff0000u;
    offset = address & 0xffffu;
    if ((base == SYSRAM_BASE || base == SYSRAM_ALIAS_BASE) && offset < SYSRAM_BYTES && bytes <= SYSRAM_BYTES - offset) {
        return core->chip->sysram + offset;
    }
    return NULL;
}

/* Returns false when an address is not memory: the controller then reports an error and moves nothing. */
static bool transfer(struct core *core, const struct dma_request *request) {
    uint32_t bytes = request->description & DESCRIPTION_LENGTH;
    uint8_t *here = tcm(core, request->tcm_address, bytes);
    uint8_t *there = shared(core, request->system_address, bytes);
    if (here == NULL || there == NULL) {
        return false;
    }
    if (request->description & DESCRIPTION_TO_SYSTEM) {
        memcpy(there, here, bytes);
    } else {
        memcpy(here, there, bytes);
        if (request->tcm_address < ITCM_BYTES) {
            arm_itcm_written(&core->arm, request->tcm_address, bytes);
        }
    }
    core->count.dma_bytes += bytes;
    return true;
}

void dma_complete(struct core *core) {
    struct dma *dma = &core->dma;
    uint64_t at = dma->completion;
    dma->error = !transfer(core, &dma->request[0]);
    dma->done = true;
    dma->completion = NEVER;
    dma->request[0] = dma->request[1];
    dma->queued--;
    if (dma->queued > 0) {
        begin(core, at);
    }
    drive(core);
}

int dma_read(struct core *core, uint32_t offset, uint32_t *value) {
    const struct dma *dma = &core->dma;
    switch (offset) {
    case 0x04: *value = dma->system_address; break;
    case 0x08: *value = dma->tcm_address; break;
    case 0x0c: *value = dma->queued ? dma->request[dma->queued - 1].description : 0; break;
    case 0x14:
        *value = core->number << 24 | (dma->queued ? STATUS_BUSY : 0) | (dma->queued == 2 ? STATUS_QUEUE_FULL : 0) |
                 (dma->done ? STATUS_DONE : 0) | (dma->error ? STATUS_ERROR : 0);
        break;
    case 0x18: *value = dma->global_control; break;
    default: *value = 0; break; /* the control register reads 0: commands act at once */
    }
    return 0;
}

int dma_write(struct core *core, uint32_t offset, uint32_t value) {
    struct dma *dma = &core->dma;
    switch (offset) {
    case 0x04: dma->system_address = value; break;
    case 0x08: dma->tcm_address = value; break;
    case 0x0c:
        if (dma->queued < 2) { /* a third request is lost, as a write to a full queue is */
            dma->request[dma->queued++] = (struct dma_request){dma->system_address, dma->tcm_address, value};
            if (dma->queued == 1) {
                begin(core, core->arm.cycles);
            }
        }
        break;
    case 0x10:
        if (value & CONTROL_ABORT) {
            dma->queued = 0;
            dma->completion = NEVER;
        } else if ((value & CONTROL_UNCOMMIT) && dma->queued == 2) {
            dma->queued = 1;
        }
        if (value & CONTROL_CLEAR_DONE) {
            dma->done = false;
            dma->error = false;
        }
        break;
    case 0x18: dma->global_control = value; break;
    default: break;
    }
    drive(core);
    core_schedule(core);
    return 0;
}
