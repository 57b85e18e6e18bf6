#include "thumb.h"

#include "encoding.h"

#define SET_FLAGS (1u << BIT_SET_FLAGS)
#define LOAD (1u << BIT_LOAD)
#define IMMEDIATE (1u << 25)
#define SP 13u
#define PC 15u

#define DATA(name) ((uint32_t)NUMBER_##name << 21)

static uint32_t with_registers(uint32_t instruction, uint32_t rn, uint32_t rd, uint32_t rm) {
    return ALWAYS << 28 | instruction | rn << 16 | rd << 12 | rm;
}

/* LDR, STR (size 4) and LDRB, STRB (size 1) with an offset that is added. */
#define WORD 0x05800000u
#define BYTE 0x05c00000u
/* The halfword and signed forms; bits 7:4 tell which. Immediate: bit 22. */
#define EXTRA 0x01800000u
#define EXTRA_IMMEDIATE 0x01c00000u

/* 000: shift by immediate; ADD and SUB with three operands. */
static uint32_t shift_or_add(uint32_t thumb) {
    uint32_t rd = thumb & 7u;
    uint32_t rm = thumb >> 3 & 7u;
    uint32_t kind = thumb >> 11 & 3u;
    if (kind != 3) {
        return with_registers(DATA(MOV) | SET_FLAGS, 0, rd, rm) | (thumb >> 6 & 31u) << 7 | kind << 5;
    }
    uint32_t operation = thumb >> 9 & 1u ? DATA(SUB) : DATA(ADD);
    uint32_t immediate = thumb >> 10 & 1u ? IMMEDIATE : 0u;
    return with_registers(operation | SET_FLAGS | immediate, rm, rd, thumb >> 6 & 7u);
}

/* 001: MOV, CMP, ADD, SUB with an 8-bit immediate. */
static uint32_t byte_immediate(uint32_t thumb) {
    uint32_t rd = thumb >> 8 & 7u;
    uint32_t value = thumb & 0xffu;
    switch (thumb >> 11 & 3u) {
    case 0: return with_registers(DATA(MOV) | SET_FLAGS | IMMEDIATE, 0, rd, value);
    case 1: return with_registers(DATA(CMP) | SET_FLAGS | IMMEDIATE, rd, 0, value);
    case 2: return with_registers(DATA(ADD) | SET_FLAGS | IMMEDIATE, rd, rd, value);
    default: return with_registers(DATA(SUB) | SET_FLAGS | IMMEDIATE, rd, rd, value);
    }
}

/* 010000: operations on two low registers. Thumb numbers them as ARM does but for shifts, NEG and MUL. */
static uint32_t two_registers(uint32_t thumb) {
    uint32_t operation = thumb >> 6 & 15u;
    uint32_t rd = thumb & 7u;
    uint32_t rm = thumb >> 3 & 7u;
    switch (operation) {
    case 2:
    case 3:
    case 4: return with_registers(DATA(MOV) | SET_FLAGS, 0, rd, rd) | rm << 8 | (operation - 2u) << 5 | 1u << 4;
    case 7: return with_registers(DATA(MOV) | SET_FLAGS, 0, rd, rd) | rm << 8 | 3u << 5 | 1u << 4;
    case 8:
    case 10:
    case 11: return with_registers(operation << 21 | SET_FLAGS, rd, 0, rm);
    case 9: return with_registers(DATA(RSB) | SET_FLAGS | IMMEDIATE, rm, rd, 0);
    case 13: return ALWAYS << 28 | SET_FLAGS | rd << 16 | rd << 8 | 9u << 4 | rm;
    case 15: return with_registers(operation << 21 | SET_FLAGS, 0, rd, rm);
    default: return with_registers(operation << 21 | SET_FLAGS, rd, rd, rm);
    }
}

/* 010001: ADD, CMP, MOV with high registers; BX and BLX. */
static uint32_t high_registers(uint32_t thumb) {
    uint32_t rd = (thumb & 7u) | (thumb >> 4 & 8u);
    uint32_t rm = thumb >> 3 & 15u;
    switch (thumb >> 8 & 3u) {
    case 0: return with_registers(DATA(ADD), rd, rd, rm);
    case 1: return with_registers(DATA(CMP) | SET_FLAGS, rd, 0, rm);
    case 2: return with_registers(DATA(MOV), 0, rd, rm);
    default: return (thumb >> 7 & 1u ? 0xe12fff30u : 0xe12fff10u) | rm;
    }
}

/* 0101: loads and stores with a register offset. */
static uint32_t register_offset(uint32_t thumb) {
    uint32_t rd = thumb & 7u;
    uint32_t rn = thumb >> 3 & 7u;
    uint32_t rm = thumb >> 6 & 7u;
    switch (thumb >> 9 & 7u) {
    case 0: return with_registers(WORD | IMMEDIATE, rn, rd, rm);
    case 1: return with_registers(EXTRA | 0xb0u, rn, rd, rm);
    case 2: return with_registers(BYTE | IMMEDIATE, rn, rd, rm);
    case 3: return with_registers(EXTRA | LOAD | 0xd0u, rn, rd, rm);
    case 4: return with_registers(WORD | IMMEDIATE | LOAD, rn, rd, rm);
    case 5: return with_registers(EXTRA | LOAD | 0xb0u, rn, rd, rm);
    case 6: return with_registers(BYTE | IMMEDIATE | LOAD, rn, rd, rm);
    default: return with_registers(EXTRA | LOAD | 0xf0u, rn, rd, rm);
    }
}

/* 011 and 100: loads and stores with a 5-bit offset in units of the size, or relative to the stack pointer. */
static uint32_t immediate_offset(uint32_t thumb) {
    uint32_t rd = thumb & 7u;
    uint32_t rn = thumb >> 3 & 7u;
    uint32_t offset = thumb >> 6 & 31u;
    uint32_t load = thumb >> 11 & 1u ? LOAD : 0u;
    switch (thumb >> 12) {
    case 6: return with_registers(WORD | load, rn, rd, offset << 2);
    case 7: return with_registers(BYTE | load, rn, rd, offset);
    case 8:
        offset <<= 1;
        return with_registers(EXTRA_IMMEDIATE | load | 0xb0u, rn, rd, (offset & 0xf0u) << 4 | (offset & 15u));
    default: return with_registers(WORD | load, SP, thumb >> 8 & 7u, (thumb & 0xffu) << 2);
    }
}

/* 1010: address of a word relative to pc or sp. The byte rotated right by 30 is four times the byte. */
static uint32_t address_of(uint32_t thumb) {
    uint32_t base = thumb >> 11 & 1u ? SP : PC;
    return with_registers(DATA(ADD) | IMMEDIATE, base, thumb >> 8 & 7u, 15u << 8 | (thumb & 0xffu));
}

/* 1011: moves of the stack pointer, PUSH, POP, BKPT. */
static uint32_t stack(uint32_t thumb) {
    uint32_t list = thumb & 0xffu;
    uint32_t extra = thumb >> 8 & 1u;
    switch (thumb >> 8 & 15u) {
    case 0: return with_registers((list >> 7 ? DATA(SUB) : DATA(ADD)) | IMMEDIATE, SP, SP, 15u << 8 | (list & 0x7fu));
    case 4:
    case 5: return 0xe92d0000u | list | extra << 14;
    case 12:
    case 13: return 0xe8bd0000u | list | extra << 15;
    case 14: return 0xe1200070u | (list & 0xf0u) << 4 | (list & 15u);
    default: return 0;
    }
}

/* 1100: STMIA and LDMIA; a base that is loaded is not written back. */
static uint32_t multiple(uint32_t thumb) {
    uint32_t list = thumb & 0xffu;
    uint32_t rn = thumb >> 8 & 7u;
    uint32_t is_load = thumb >> 11 & 1u;
    uint32_t write_back = is_load && (list >> rn & 1u) ? 0u : 1u;
    return 0xe8800000u | write_back << 21 | is_load << 20 | rn << 16 | list;
}

uint32_t thumb_as_arm(uint32_t thumb) {
    switch (thumb >> 12) {
    case 0:
    case 1: return shift_or_add(thumb);
    case 2:
    case 3: return byte_immediate(thumb);
    case 4:
        if (thumb >> 11 & 1u) {
            return with_registers(WORD | LOAD, PC, thumb >> 8 & 7u, (thumb & 0xffu) << 2);
        }
        return thumb >> 10 & 1u ? high_registers(thumb) : two_registers(thumb);
    case 5: return register_offset(thumb);
    case 6:
    case 7:
    case 8:
    case 9: return immediate_offset(thumb);
    case 10: return address_of(thumb);
    case 11: return stack(thumb);
    case 12: return multiple(thumb);
    case 13: return (thumb >> 8 & 15u) == 15 ? 0xef000000u | (thumb & 0xffu) : 0;
    default: return 0;
    }
}
