/* Arithmetic: shifts (DDI 0100 A5.1), saturation (SignedSat), and signed numbers. All of it uses uint32_t, whose
 * overflow is defined in C. */
#ifndef SPINNAKER_BOARD_ALU_H
#define SPINNAKER_BOARD_ALU_H

#include "cpu.h"

enum shift { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR };

struct shifted {
    uint32_t value;
    bool carry;
};

static inline uint32_t rotate_right(uint32_t value, unsigned amount) {
    amount &= 31u;
    return amount ? value >> amount | value << (32u - amount) : value;
}

static inline uint32_t arithmetic_shift_right(uint32_t value, unsigned amount) {
    uint32_t sign = (value & PSR_N) ? ~0u : 0u;
    return amount ? value >> amount | sign << (32u - amount) : value; /* amount 0 to 31 */
}

/* Shift by the amount in a register, 0 to 255; an amount of 0 changes neither value nor carry. */
static inline struct shifted shift_by(enum shift kind, uint32_t value, unsigned amount, bool carry) {
    struct shifted out = {value, carry};
    if (amount == 0) {
        return out;
    }
    switch (kind) {
    case SHIFT_LSL:
        out.carry = amount <= 32 && (value >> (32u - amount) & 1u);
        out.value = amount < 32 ? value << amount : 0;
        break;
    case SHIFT_LSR:
        out.carry = amount <= 32 && (value >> (amount - 1u) & 1u);
        out.value = amount < 32 ? value >> amount : 0;
        break;
    case SHIFT_ASR:
        out.carry = value >> (amount < 32 ? amount - 1u : 31u) & 1u;
        out.value = arithmetic_shift_right(value, amount < 32 ? amount : 31u);
        break;
    case SHIFT_ROR:
        out.value = rotate_right(value, amount);
        out.carry = out.value >> 31;
        break;
    }
    return out;
}

/* Shift by an amount in the instruction, where 0 encodes LSR #32, ASR #32 and RRX (DDI 0100 A5.1.7 to A5.1.13). */
static inline struct shifted shift_immediate(enum shift kind, uint32_t value, unsigned amount, bool carry) {
    if (amount == 0 && kind == SHIFT_ROR) {
        struct shifted rrx = {value >> 1 | (uint32_t)carry << 31, value & 1u};
        return rrx;
    }
    if (amount == 0 && kind != SHIFT_LSL) {
        amount = 32;
    }
    return shift_by(kind, value, amount, carry);
}

/* `value` clipped to 32 signed bits; sets *saturated if it did not fit. */
static inline uint32_t saturate(int64_t value, bool *saturated) {
    if (value > INT32_MAX) {
        *saturated = true;
        return 0x7fffffffu;
    }
    if (value < INT32_MIN) {
        *saturated = true;
        return 0x80000000u;
    }
    return (uint32_t)value;
}

/* Sign extension of 8 and 16 bits. */
static inline uint32_t sign_extend_byte(uint32_t value) {
    return (value ^ 0x80u) - 0x80u;
}
static inline uint32_t sign_extend_half(uint32_t value) {
    return ((value & 0xffffu) ^ 0x8000u) - 0x8000u;
}

/* The two's complement value of 32 and 16 bits. */
static inline int64_t signed_word(uint32_t value) {
    return (int64_t)value - ((int64_t)(value >> 31) << 32);
}
static inline int64_t signed_half(uint32_t value) {
    return (int64_t)((value & 0xffffu) ^ 0x8000u) - 0x8000;
}

#endif
