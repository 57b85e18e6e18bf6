/*
 * How ARM instructions are encoded: the class of a word, and its fields. DDI 0100 A3.1 (instruction set map), A5.
 *
 * The plain interpreter executes words by their class, the decoder turns them into entries. Undefined words are
 * CLASS_UNDEFINED; a class may contain further undefined words, which its executor recognises.
 */
#ifndef SPINNAKER_BOARD_ENCODING_H
#define SPINNAKER_BOARD_ENCODING_H

#include "instructions.h"

enum arm_class {
    CLASS_UNDEFINED,
    CLASS_DATA,
    CLASS_MULTIPLY,
    CLASS_HALF_MULTIPLY,
    CLASS_SATURATING,
    CLASS_CLZ,
    CLASS_MRS,
    CLASS_MSR,
    CLASS_MSR_IMMEDIATE,
    CLASS_BX,
    CLASS_BLX,
    CLASS_BREAKPOINT,
    CLASS_SWAP,
    CLASS_SINGLE_TRANSFER,
    CLASS_EXTRA_TRANSFER, /* halfwords, signed bytes and halfwords, double words */
    CLASS_BLOCK_TRANSFER,
    CLASS_BRANCH,
    CLASS_BLX_CONSTANT,
    CLASS_PRELOAD,
    CLASS_SOFTWARE_INTERRUPT,
    CLASS_COPROCESSOR_REGISTER,
};

static inline unsigned bits_at(uint32_t instruction, unsigned lowest, unsigned count) {
    return instruction >> lowest & ((1u << count) - 1u);
}
static inline unsigned condition_of(uint32_t instruction) {
    return instruction >> 28;
}
static inline unsigned bits_16(uint32_t instruction) {
    return bits_at(instruction, 16, 4); /* rn; rd of multiplications */
}
static inline unsigned bits_12(uint32_t instruction) {
    return bits_at(instruction, 12, 4); /* rd; rn of multiplications */
}
static inline unsigned bits_8(uint32_t instruction) {
    return bits_at(instruction, 8, 4); /* rs */
}
static inline unsigned bits_0(uint32_t instruction) {
    return bits_at(instruction, 0, 4); /* rm */
}
static inline bool bit_at(uint32_t instruction, unsigned number) {
    return instruction >> number & 1u;
}
/* S of data processing and multiplications, L of transfers. */
#define BIT_SET_FLAGS 20u
#define BIT_LOAD 20u
/* P, U, B, W of transfers; the caret of block transfers is where B is. */
#define BIT_BEFORE 24u
#define BIT_UP 23u
#define BIT_BYTE 22u
#define BIT_CARET 22u
#define BIT_WRITE_BACK 21u

/* The operand of data processing and of MSR that is a byte rotated by an even number of bits. */
static inline unsigned constant_rotation(uint32_t instruction) {
    return 2u * bits_8(instruction);
}
static inline uint32_t rotated_constant(uint32_t instruction) {
    return rotate_right(instruction & 0xffu, constant_rotation(instruction));
}

/* B, BL and BLX (1): the signed offset in bytes; the caller adds the halfword that BLX's H says. */
static inline uint32_t branch_offset(uint32_t instruction) {
    return (((instruction & 0xffffffu) ^ 0x800000u) - 0x800000u) << 2;
}

/* The constant offset of halfword and double transfers. */
static inline uint32_t split_offset(uint32_t instruction) {
    return (instruction >> 4 & 0xf0u) | (instruction & 15u);
}

/* Block transfers: the number of registers, and the lowest address relative to the base, in two's complement. */
static inline uint32_t block_count(uint32_t instruction) {
    return (uint32_t)__builtin_popcount(instruction & 0xffffu);
}
static inline uint16_t block_step(uint32_t instruction) {
    uint32_t lowest = bit_at(instruction, BIT_UP) ? 0u : 4u - 4u * block_count(instruction);
    uint32_t before = bit_at(instruction, BIT_UP) ? 4u : 0u - 4u;
    return (uint16_t)(lowest + (bit_at(instruction, BIT_BEFORE) ? before : 0u));
}

/* What the saturating and 16-bit operations are called in instructions.h. */
static inline unsigned half_multiply_number(uint32_t instruction) {
    unsigned number = bits_at(instruction, 21, 2);
    return number == 1 && bit_at(instruction, 5) ? 5u : number;
}

#define KIND(name) KIND_##name,
enum transfer { EACH_LOAD(ONE, KIND) EACH_STORE(ONE, KIND) KIND_LDRD, KIND_STRD, TRANSFERS };
#undef KIND
static inline enum transfer single_transfer_kind(uint32_t instruction) {
    static const enum transfer kinds[4] = {KIND_STR, KIND_LDR, KIND_STRB, KIND_LDRB};
    return kinds[(bit_at(instruction, BIT_LOAD) ? 1u : 0u) | (bit_at(instruction, BIT_BYTE) ? 2u : 0u)];
}
static inline enum transfer extra_transfer_kind(uint32_t instruction) {
    static const enum transfer stores[4] = {TRANSFERS, KIND_STRH, KIND_LDRD, KIND_STRD};
    static const enum transfer loads[4] = {TRANSFERS, KIND_LDRH, KIND_LDRSB, KIND_LDRSH};
    return (bit_at(instruction, BIT_LOAD) ? loads : stores)[bits_at(instruction, 5, 2)];
}

/* Bits 27:23 are 00010 and S is 0. */
static inline enum arm_class class_of_miscellaneous(uint32_t instruction) {
    unsigned operation = bits_at(instruction, 21, 2);
    if (bit_at(instruction, 7)) {
        return CLASS_HALF_MULTIPLY;
    }
    switch (bits_at(instruction, 4, 3)) {
    case 0: return operation & 1u ? CLASS_MSR : CLASS_MRS;
    case 1: return operation == 1 ? CLASS_BX : operation == 3 ? CLASS_CLZ : CLASS_UNDEFINED;
    case 3: return operation == 1 ? CLASS_BLX : CLASS_UNDEFINED;
    case 5: return CLASS_SATURATING;
    case 7: return operation == 1 ? CLASS_BREAKPOINT : CLASS_UNDEFINED;
    default: return CLASS_UNDEFINED;
    }
}

/* Bits 27:25 are 000. */
static inline enum arm_class class_of_register_form(uint32_t instruction) {
    if ((instruction & 0x90u) == 0x90u) {
        if (instruction & 0x60u) {
            return CLASS_EXTRA_TRANSFER;
        }
        if ((instruction & 0x01b00000u) == 0x01000000u) {
            return CLASS_SWAP;
        }
        bool multiplies = (instruction & 0x01c00000u) == 0 || (instruction & 0x01800000u) == 0x00800000u;
        return multiplies ? CLASS_MULTIPLY : CLASS_UNDEFINED;
    }
    return (instruction & 0x01900000u) == 0x01000000u ? class_of_miscellaneous(instruction) : CLASS_DATA;
}

/* Condition 15: BLX (1) and PLD; the rest needs a coprocessor that is not there. */
static inline enum arm_class class_of_unconditional(uint32_t instruction) {
    if ((instruction & 0x0e000000u) == 0x0a000000u) {
        return CLASS_BLX_CONSTANT;
    }
    bool preload = (instruction & 0x0d70f000u) == 0x0550f000u && (instruction & 0x02000010u) != 0x02000010u;
    return preload ? CLASS_PRELOAD : CLASS_UNDEFINED;
}

static inline enum arm_class class_of(uint32_t instruction) {
    if (condition_of(instruction) == 15) {
        return class_of_unconditional(instruction);
    }
    switch (bits_at(instruction, 25, 3)) {
    case 0: return class_of_register_form(instruction);
    case 1:
        if ((instruction & 0x01900000u) == 0x01000000u) {
            return bit_at(instruction, 21) ? CLASS_MSR_IMMEDIATE : CLASS_UNDEFINED;
        }
        return CLASS_DATA;
    case 2: return CLASS_SINGLE_TRANSFER;
    case 3: return bit_at(instruction, 4) ? CLASS_UNDEFINED : CLASS_SINGLE_TRANSFER;
    case 4: return CLASS_BLOCK_TRANSFER;
    case 5: return CLASS_BRANCH;
    case 7:
        if (bit_at(instruction, 24)) {
            return CLASS_SOFTWARE_INTERRUPT;
        }
        return bit_at(instruction, 4) ? CLASS_COPROCESSOR_REGISTER : CLASS_UNDEFINED;
    default: return CLASS_UNDEFINED; /* LDC, STC, MCRR, MRRC, CDP: no coprocessor has them */
    }
}

#endif
