/* Vectored interrupt controller: ARM PL190 (DDI 0181), datasheet section 5. */
#include "chip.h"

#define VECTOR_ENABLED 0x20u
#define DEFAULT_LEVEL 16u

/* The best pending vector, 0 (highest priority) to 15, DEFAULT_LEVEL for a source without vector, 17 for none. */
static unsigned best_vector(const struct vic *vic) {
    uint32_t pending = (vic->raw | vic->soft) & vic->enable & ~vic->select;
    if (pending == 0) {
        return DEFAULT_LEVEL + 1;
    }
    for (unsigned n = 0; n < 16; n++) {
        if ((vic->control[n] & VECTOR_ENABLED) && (pending >> (vic->control[n] & 31u) & 1u)) {
            return n;
        }
    }
    return DEFAULT_LEVEL;
}

/* A vector interrupts only when no vector of its priority or above is in service (PL190, 2.2.4). */
static bool allowed(const struct vic *vic, unsigned level) {
    return level <= DEFAULT_LEVEL && (vic->in_service & ((2u << level) - 1u)) == 0;
}

void vic_update(struct core *core) {
    const struct vic *vic = &core->vic;
    core->arm.fiq = ((vic->raw | vic->soft) & vic->enable & vic->select) != 0;
    core->arm.irq = allowed(vic, best_vector(vic));
}

void vic_drive(struct core *core, unsigned source, bool level) {
    uint32_t raw = level ? core->vic.raw | 1u << source : core->vic.raw & ~(1u << source);
    if (raw != core->vic.raw) {
        core->vic.raw = raw;
        vic_update(core);
    }
}

static uint32_t take_vector(struct core *core) {
    struct vic *vic = &core->vic;
    unsigned level = best_vector(vic);
    if (!allowed(vic, level)) {
        return vic->default_vector;
    }
    vic->in_service |= 1u << level;
    vic_update(core);
    return level < DEFAULT_LEVEL ? vic->vector[level] : vic->default_vector;
}

static void acknowledge(struct core *core) {
    struct vic *vic = &core->vic;
    vic->in_service &= vic->in_service - 1u; /* the highest priority is the one served last */
}

int vic_read(struct core *core, uint32_t offset, uint32_t *value) {
    const struct vic *vic = &core->vic;
    uint32_t raw = vic->raw | vic->soft;
    switch (offset) {
    case 0x00: *value = raw & vic->enable & ~vic->select; return 0;
    case 0x04: *value = raw & vic->enable & vic->select; return 0;
    case 0x08: *value = raw; return 0;
    case 0x0c: *value = vic->select; return 0;
    case 0x10: *value = vic->enable; return 0;
    case 0x18: *value = vic->soft; return 0;
    case 0x30: *value = take_vector(core); return 0;
    case 0x34: *value = vic->default_vector; return 0;
    default: break;
    }
    if (offset >= 0x100 && offset < 0x140) {
        *value = vic->vector[(offset - 0x100) / 4];
    } else if (offset >= 0x200 && offset < 0x240) {
        *value = vic->control[(offset - 0x200) / 4];
    } else {
        *value = 0;
    }
    return 0;
}

int vic_write(struct core *core, uint32_t offset, uint32_t value) {
    struct vic *vic = &core->vic;
    switch (offset) {
    case 0x0c: vic->select = value; break;
    case 0x10: vic->enable |= value; break;
    case 0x14: vic->enable &= ~value; break;
    case 0x18: vic->soft |= value; break;
    case 0x1c: vic->soft &= ~value; break;
    case 0x30: acknowledge(core); break;
    case 0x34: vic->default_vector = value; break;
    default:
        if (offset >= 0x100 && offset < 0x140) {
            vic->vector[(offset - 0x100) / 4] = value;
        } else if (offset >= 0x200 && offset < 0x240) {
            vic->control[(offset - 0x200) / 4] = value & 0x3fu;
        }
        break;
    }
    vic_update(core);
    return 0;
}
