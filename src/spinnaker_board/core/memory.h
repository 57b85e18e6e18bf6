/*
 * Loads and stores of the core, with their costs. Each returns whether it succeeded; false means an abort.
 *
 * The byte order is little-endian, as on SpiNNaker. Addresses are aligned down to the size of the access, as ARM9E-S
 * does; the instructions themselves rotate unaligned words (DDI 0100 A4.1.23).
 */
#ifndef SPINNAKER_BOARD_MEMORY_H
#define SPINNAKER_BOARD_MEMORY_H

#include <string.h>

#include "cpu.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the board's memories are kept in the byte order of the machine, which must be little-endian"
#endif

static inline bool is_dtcm(uint32_t address) {
    return address - DTCM_BASE < DTCM_BYTES;
}
static inline bool is_itcm(uint32_t address) {
    return address < ITCM_BYTES;
}

static inline bool aligned(uint32_t address, unsigned size) {
    return (address & (size - 1u)) == 0;
}

/* A whole, aligned word, halfword or byte in the DTCM, whose size is a power of two. */
static inline bool in_dtcm(uint32_t address, unsigned size) {
    return ((address - DTCM_BASE) & ~(DTCM_BYTES - size)) == 0;
}
/* One to sixteen words in the DTCM. */
static inline bool block_in_dtcm(uint32_t first, uint32_t words) {
    return aligned(first, 4) && first - DTCM_BASE <= DTCM_BYTES - 4u * words;
}

/* 0x60000000-0x67ffffff and 0x70000000-0x77ffffff: bit 28 tells the aliases apart, bit 27 must be clear. */
static inline bool is_sdram(uint32_t address) {
    return (address & 0xe8000000u) == SDRAM_BASE;
}
static inline uint32_t sdram_offset(uint32_t address) {
    return address & (SDRAM_BYTES - 1u);
}

/* `size` is 1, 2 or 4, mostly a constant. */
static inline uint32_t get_bytes(const uint8_t *from, unsigned size) {
    uint16_t half;
    uint32_t word;
    switch (size) {
    case 1: return *from;
    case 2: memcpy(&half, from, 2); return half;
    default: memcpy(&word, from, 4); return word;
    }
}

static inline void put_bytes(uint8_t *to, unsigned size, uint32_t value) {
    const uint16_t half = (uint16_t)value;
    switch (size) {
    case 1: *to = (uint8_t)value; break;
    case 2: memcpy(to, &half, 2); break;
    default: memcpy(to, &value, 4); break;
    }
}

static inline bool load(struct arm_core *core, uint32_t address, unsigned size, uint32_t *value) {
    address &= ~(size - 1u);
    if (is_dtcm(address)) {
        *value = get_bytes(core->dtcm + (address - DTCM_BASE), size);
        return true;
    }
    if (is_itcm(address)) {
        *value = get_bytes(core->itcm + address, size);
        return true;
    }
    bool granted = true;
    if (is_sdram(address)) {
        if (core->sdram) {
            *value = get_bytes(core->sdram + sdram_offset(address), size);
        } else {
            granted = core->bus->read(core, address, size, value) == 0;
        }
        core->cycles += COST_SDRAM_READ;
    } else {
        granted = core->bus->read(core, address, size, value) == 0;
        core->cycles += COST_DEVICE;
    }
    return granted;
}

static inline bool store(struct arm_core *core, uint32_t address, unsigned size, uint32_t value) {
    address &= ~(size - 1u);
    if (size < 4) {
        value &= (1u << (8u * size)) - 1u;
    }
    if (is_dtcm(address)) {
        put_bytes(core->dtcm + (address - DTCM_BASE), size, value);
        return true;
    }
    if (is_itcm(address)) {
        put_bytes(core->itcm + address, size, value);
        arm_itcm_written(core, address, size);
        return true;
    }
    bool granted = true;
    if (is_sdram(address)) {
        if (core->sdram_store) {
            put_bytes(core->sdram_store + sdram_offset(address), size, value);
        } else {
            granted = core->bus->write(core, address, size, value) == 0;
        }
        core->cycles += COST_SDRAM_WRITE;
    } else {
        granted = core->bus->write(core, address, size, value) == 0;
        core->cycles += COST_DEVICE;
    }
    return granted;
}

/* A word from any address: the aligned word, rotated so that the addressed byte is the lowest, DDI 0100 A4.1.23. */
static inline bool load_rotated(struct arm_core *core, uint32_t address, uint32_t *value) {
    if (!load(core, address, 4, value)) {
        return false;
    }
    unsigned rotation = 8u * (address & 3u);
    if (rotation) {
        *value = *value >> rotation | *value << (32u - rotation);
    }
    return true;
}

#endif
