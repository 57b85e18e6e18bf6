/*
 * Decoded instructions: what decode.c writes and the engine in decoded.c executes.
 *
 * Every ARM word and every Thumb halfword of the ITCM has an entry, filled when the instruction is first met and
 * cleared when its bytes are written. Since the address is known, what depends on it (literals, targets, return
 * addresses) is worked out once. Thumb instructions become the operations of the ARM instructions they abbreviate.
 *
 * An operation never does half of anything. When it meets what it does not handle (an unaligned address, a store into
 * the ITCM, a block transfer from a device), it leaves the instruction to the plain interpreter before any side effect.
 * Instructions without an operation of their own are OP_PLAIN: the plain interpreter's executor is called with the
 * word.
 */
#ifndef SPINNAKER_BOARD_DECODED_H
#define SPINNAKER_BOARD_DECODED_H

#include "cpu.h"
#include "native.h"

/* Second operand of a data-processing instruction; from OPERAND_LSL on the order is that of the shift field. */
enum operand_form {
    OPERAND_IMMEDIATE,
    OPERAND_REGISTER,
    OPERAND_LSL, /* by a constant of 1 to 31; LSR and ASR 1 to 32, ROR 1 to 31 */
    OPERAND_LSR,
    OPERAND_ASR,
    OPERAND_ROR,
    OPERAND_LSL_REGISTER,
    OPERAND_LSR_REGISTER,
    OPERAND_ASR_REGISTER,
    OPERAND_ROR_REGISTER,
    OPERAND_FORMS,
};

/* Address of a single transfer: base + constant, base + shifted index, both with and without write-back. */
enum address_form {
    ADDRESS_OFFSET,
    ADDRESS_INDEX,
    ADDRESS_PRE,
    ADDRESS_POST,
    ADDRESS_LITERAL, /* constant: relative to the pc; loads only */
    ADDRESS_FORMS,
};

enum transfer {
    TRANSFER_LDR,
    TRANSFER_LDRB,
    TRANSFER_LDRH,
    TRANSFER_LDRSB,
    TRANSFER_LDRSH,
    TRANSFER_STR,
    TRANSFER_STRB,
    TRANSFER_STRH,
    TRANSFERS,
};

enum operation_code {
    OP_UNDECODED, /* of a cleared entry */
    OP_PLAIN,
    OP_BEHIND, /* of the entry behind the ITCM */
    OP_MUL,
    OP_MULS,
    OP_MLA,
    OP_UMULL,
    OP_UMLAL,
    OP_SMULL,
    OP_SMLAL,
    OP_SMULXY, /* halves chosen by `amount`: bit 0 top of rm, bit 1 top of rs */
    OP_SMLAXY,
    OP_SMLALXY,
    OP_SMULWY,
    OP_SMLAWY,
    OP_QADD,
    OP_QSUB,
    OP_CLZ,
    OP_LDRD, /* base + constant */
    OP_STRD,
    OP_LDM,
    OP_LDM_PC,
    OP_LDM_RETURN, /* LDM with pc and ^: return from an exception */
    OP_STM,
    OP_LDR_PC, /* base + constant */
    OP_LDR_PC_INDEX,
    OP_LDR_PC_LITERAL,
    OP_BRANCH,
    OP_BRANCH_LINK,
    OP_BLX_CONSTANT,
    OP_BX,
    OP_BLX,
    OP_MOV_PC,
    OP_THUMB_LINK, /* second half of Thumb's BL and BLX */
    OP_MRS,
    OP_MSR,
    OP_MSR_IMMEDIATE,
    OP_NATIVE, /* a head of translated code */
    OP_IF = 40,                                          /* + condition: then `body` */
    OP_BRANCH_IF = OP_IF + 16,                           /* + condition */
    OP_TRANSFER = OP_BRANCH_IF + 16,                     /* + transfer * ADDRESS_FORMS + address form */
    OP_DATA = OP_TRANSFER + TRANSFERS * ADDRESS_FORMS,   /* + (operation * OPERAND_FORMS + form) * 2 + S */
    OPERATIONS = OP_DATA + 16 * OPERAND_FORMS * 2,
};

struct entry {
    uint16_t code; /* enum operation_code */
    uint16_t body; /* of OP_IF: the operation when the condition holds */
    uint8_t rd;
    uint8_t rn;
    uint8_t rm;
    uint8_t rs;         /* of block transfers: number of registers */
    uint8_t amount;     /* of shifts; of logical immediates: whether the carry becomes bit 31 of the operand */
    uint8_t write_back; /* of block transfers */
    uint16_t step;      /* of block transfers: lowest address relative to the base, two's complement */
    uint32_t immediate; /* operand, offset, target, or displacement in entries; register list of block transfers;
                           the instruction itself of OP_PLAIN */
};

#define ARM_ENTRIES (ITCM_BYTES / 4u)
#define THUMB_ENTRIES (ITCM_BYTES / 2u)
#define DECODED_PAGE 1024u /* bytes of ITCM whose entries are cleared together when they were never used */

struct native_entry {
    native_function *function; /* of a head, else NULL */
    uint32_t head;
    uint16_t code; /* the operation that OP_NATIVE stands in front of */
};

struct arm_decoded {
    bool page_used[ITCM_BYTES / DECODED_PAGE];
    unsigned native_parts;              /* installed */
    unsigned native_losses;             /* times that all parts were taken away, for their code was written over */
    uint8_t native_word[ARM_ENTRIES];   /* 1: a part was made from this word */
    uint32_t heat[ARM_ENTRIES];         /* see native_profile() */
    struct native_entry native[ARM_ENTRIES];
    struct native_frame frame;          /* what does not change in it is set when parts are installed */
    struct entry arm[ARM_ENTRIES + 1]; /* the last one, behind the ITCM, stays OP_BEHIND */
    struct entry thumb[THUMB_ENTRIES + 1];
};

/* Fills the entry of the instruction at an address in the ITCM. */
void decode(struct arm_core *core, struct entry *entry, uint32_t address, bool thumb);

/* native.c */
void native_forget(struct arm_decoded *decoded);
int native_load(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block);
int native_store(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block,
                 uint32_t value);

#endif
