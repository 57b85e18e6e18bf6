/*
 * Address map outside TCM and SDRAM, datasheet section 3.3. Each device appears twice, for buffered and unbuffered
 * writes. Watchdog, Ethernet and SDRAM controller read as zero: only the real monitor program needs them.
 */
#include <string.h>

#include "chip.h"

#define SYSTEM_CODE 0x5ec00000u /* the top 12 bits that the system controller wants to see on critical registers */
#define CHIP_ID 0x59111012u
#define ALL_CORES ((1u << CHIP_CORES) - 1u)

void chip_interrupt(struct chip *chip, uint32_t cores) {
    chip->control.cpu_irq |= cores & ALL_CORES;
    for (unsigned n = 1; n < CHIP_CORES; n++) {
        vic_drive(chip->core[n], INT_CPU, chip->control.cpu_irq >> n & 1u);
    }
}

static void clear_interrupt(struct chip *chip, uint32_t cores) {
    chip->control.cpu_irq &= ~cores;
    chip_interrupt(chip, 0);
}

static int system_read(struct chip *chip, uint32_t offset, uint32_t *value) {
    struct system_controller *control = &chip->control;
    uint32_t bit = 1u << (offset >> 2 & 31u);
    if (offset >= SC_TEST_AND_CLEAR + 0x80) {
        *value = offset / 4 < sizeof control->misc / 4 ? control->misc[offset / 4] : 0;
    } else if (offset >= SC_TEST_AND_CLEAR) {
        *value = control->test_and_set & bit ? 0x80000000u : 0;
        control->test_and_set &= ~bit;
    } else if (offset >= SC_TEST_AND_SET) {
        *value = control->test_and_set & bit ? 0x80000000u : 0;
        control->test_and_set |= bit;
    } else {
        switch (offset) {
        case SC_CHIP_ID: *value = CHIP_ID; break;
        case SC_SET_IRQ:
        case SC_CLEAR_IRQ: *value = control->cpu_irq; break;
        case SC_CPU_OK: *value = ALL_CORES; break;
        case SC_MONITOR_ID: *value = 0; break;
        case SC_FLAGS_SET:
        case SC_FLAGS_CLEAR: *value = control->flags; break;
        default: *value = control->misc[offset / 4]; break;
        }
    }
    return 0;
}

static int system_write(struct chip *chip, uint32_t offset, uint32_t value) {
    struct system_controller *control = &chip->control;
    bool coded = (value & 0xfff00000u) == SYSTEM_CODE;
    uint32_t bit = 1u << (offset >> 2 & 31u);
    if (offset >= SC_TEST_AND_CLEAR + 0x80) {
        if (offset / 4 < sizeof control->misc / 4) {
            control->misc[offset / 4] = value;
        }
    } else if (offset >= SC_TEST_AND_CLEAR) {
        control->test_and_set &= ~bit;
    } else if (offset >= SC_TEST_AND_SET) {
        control->test_and_set |= bit;
    } else {
        switch (offset) {
        case SC_SET_IRQ:
            if (coded) {
                chip_interrupt(chip, value);
            }
            break;
        case SC_CLEAR_IRQ:
            if (coded) {
                clear_interrupt(chip, value & ALL_CORES);
            }
            break;
        case SC_FLAGS_SET: control->flags |= value & ALL_CORES; break;
        case SC_FLAGS_CLEAR: control->flags &= ~value; break;
        default: control->misc[offset / 4] = value; break;
        }
    }
    return 0;
}

/* Chip-wide registers, a word at a time; non-zero where there is none. */
static int shared_read(struct chip *chip, uint32_t address, uint32_t *value) {
    uint32_t offset = address & (DEVICE_SPAN - 1u);
    switch (address / DEVICE_SPAN | 0x10u) {
    case ROUTER_BASE / DEVICE_SPAN: return router_read(chip, offset, value);
    case SYSTEM_CONTROLLER_BASE / DEVICE_SPAN: return system_read(chip, offset, value);
    case 0xf0: /* SDRAM controller */
    case 0xf3: /* watchdog */
    case 0xf4: /* Ethernet */ *value = 0; return 0;
    default: return -1;
    }
}

static int shared_write(struct chip *chip, uint32_t address, uint32_t value) {
    uint32_t offset = address & (DEVICE_SPAN - 1u);
    switch (address / DEVICE_SPAN | 0x10u) {
    case ROUTER_BASE / DEVICE_SPAN: return router_write(chip, offset, value);
    case SYSTEM_CONTROLLER_BASE / DEVICE_SPAN: return system_write(chip, offset, value);
    case 0xf0:
    case 0xf3:
    case 0xf4: return 0;
    default: return -1;
    }
}

static uint8_t *sysram(struct chip *chip, uint32_t address) {
    uint32_t base = address & ~(SYSRAM_BYTES - 1u);
    bool inside = base == SYSRAM_BASE || base == SYSRAM_ALIAS_BASE;
    return inside ? chip->sysram + (address & (SYSRAM_BYTES - 1u)) : NULL;
}

static uint32_t load(const uint8_t *memory, unsigned size) {
    uint32_t value = 0;
    memcpy(&value, memory, size); /* both machines are little-endian */
    return value;
}

static uint32_t lane_mask(unsigned size) {
    return size == 4 ? 0xffffffffu : (1u << 8 * size) - 1u;
}

int chip_read(struct chip *chip, uint32_t address, unsigned size, uint32_t *value) {
    const uint8_t *memory = sysram(chip, address);
    if (memory != NULL) {
        *value = load(memory, size);
        return 0;
    }
    uint32_t word;
    if (address < DEVICES_BASE || shared_read(chip, address & ~3u, &word)) {
        return -1;
    }
    *value = word >> 8 * (address & 3u) & lane_mask(size);
    return 0;
}

int chip_write(struct chip *chip, uint32_t address, unsigned size, uint32_t value) {
    uint8_t *memory = sysram(chip, address);
    if (memory != NULL) {
        memcpy(memory, &value, size);
        return 0;
    }
    if (address < DEVICES_BASE) {
        return -1;
    }
    if (size < 4) { /* the registers that are written in parts are plain ones: put the part in its place */
        uint32_t word;
        unsigned shift = 8 * (address & 3u);
        if (shared_read(chip, address & ~3u, &word)) {
            return -1;
        }
        value = (word & ~(lane_mask(size) << shift)) | (value & lane_mask(size)) << shift;
    }
    return shared_write(chip, address & ~3u, value);
}

/* A core's own devices by the top byte of the address, or NULL. */
typedef int (*device_read)(struct core *, uint32_t, uint32_t *);
typedef int (*device_write)(struct core *, uint32_t, uint32_t);

static int bus_read(struct arm_core *arm, uint32_t address, unsigned size, uint32_t *value) {
    struct core *core = arm->owner;
    device_read read;
    uint32_t offset = address & 0xffcu;
    switch (address / DEVICE_SPAN) {
    case 0x10:
    case 0x20: read = comms_read; break;
    case 0x11:
    case 0x21: read = timer_read; break;
    case 0x1f:
    case 0x2f: read = vic_read; break;
    case 0x30:
    case 0x40: read = dma_read; break;
    case 0xff:
        if (address < 0xfffff000u) {
            return -1;
        }
        read = vic_read;
        break;
    default: return chip_read(core->chip, address, size, value);
    }
    uint32_t word = 0;
    int status = read(core, offset, &word);
    *value = word >> 8 * (address & 3u) & lane_mask(size);
    return status;
}

static int bus_write(struct arm_core *arm, uint32_t address, unsigned size, uint32_t value) {
    struct core *core = arm->owner;
    device_write write;
    uint32_t offset = address & 0xffcu;
    switch (address / DEVICE_SPAN) {
    case 0x10:
    case 0x20: write = comms_write; break;
    case 0x11:
    case 0x21: write = timer_write; break;
    case 0x1f:
    case 0x2f: write = vic_write; break;
    case 0x30:
    case 0x40: write = dma_write; break;
    case 0xff:
        if (address < 0xfffff000u) {
            return -1;
        }
        write = vic_write;
        break;
    default: return chip_write(core->chip, address, size, value);
    }
    return write(core, offset, (value & lane_mask(size)) << 8 * (address & 3u));
}

const struct arm_bus chip_bus = {bus_read, bus_write};
