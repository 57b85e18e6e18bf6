/*
 * Decoded instructions: what decode.c writes and engine.c executes.
 *
 * Every ARM word and every Thumb halfword of the ITCM has an entry, which is filled when the instruction is first
 * executed and cleared when its bytes are written. Values that depend on the address (literals, targets, return
 * addresses) are computed once. Thumb instructions become the operations of the ARM instructions that they abbreviate.
 *
 * An operation is executed completely or not at all. In a case that it does not handle (an unaligned address, a store
 * into the ITCM, a block transfer from a device) it leaves the instruction to the plain interpreter, before any side
 * effect.
 * Instructions without an operation of their own are OP_PLAIN: the plain interpreter's executor is called with the
 * word.
 */
#ifndef SPINNAKER_BOARD_DECODED_H
#define SPINNAKER_BOARD_DECODED_H

#include "encoding.h"
#include "native.h"

#define FORM(form, ...) OPERAND_##form,
enum operand_form { EACH_FORM(FORM, 0) OPERAND_FORMS };
#undef FORM
#define FORM(form, ...) ADDRESS_##form,
enum address_form { EACH_ADDRESS(FORM, 0) ADDRESS_FORMS };
#undef FORM

#define REGISTER_OPERATION(number, name, cost, written) OP_##name,
#define OTHER_OPERATION(kind, name, cost, written) OP_##name,
enum operation_code {
    OP_UNDECODED, /* of a cleared entry */
    OP_PLAIN,
    OP_BEHIND, /* of the entry behind the ITCM */
    OP_NATIVE, /* a head of translated code */
    EACH_REGISTER_OPERATION(REGISTER_OPERATION) EACH_OTHER_OPERATION(OTHER_OPERATION)
        OP_IF,                                             /* + condition: then `body` */
    OP_BRANCH_IF = OP_IF + ALWAYS,                     /* + condition */
    OP_TRANSFER = OP_BRANCH_IF + ALWAYS,               /* + transfer * ADDRESS_FORMS + address form */
    OP_DATA = OP_TRANSFER + TRANSFERS * ADDRESS_FORMS, /* + (operation * OPERAND_FORMS + form) * 2 + S */
    OPERATIONS = OP_DATA + 16 * OPERAND_FORMS * 2,
};
#undef REGISTER_OPERATION
#undef OTHER_OPERATION
#define DATA_CODE(number, form) (OP_DATA + ((number) * OPERAND_FORMS + (form)) * 2u)
#define TRANSFER_CODE(kind, form) (OP_TRANSFER + (kind) * ADDRESS_FORMS + (form))

/* Cycles beyond those of every instruction, as the rows say. */
#define REGISTER_OPERATION(number, name, cost, written) EXTRA_##name = cost,
#define OTHER_OPERATION(kind, name, cost, written) EXTRA_##name = cost,
enum extra_cost { EACH_REGISTER_OPERATION(REGISTER_OPERATION) EACH_OTHER_OPERATION(OTHER_OPERATION) };
#undef REGISTER_OPERATION
#undef OTHER_OPERATION

struct entry {
    uint16_t code; /* enum operation_code */
    uint16_t body; /* of OP_IF: the operation when the condition holds */
    uint8_t rd;
    uint8_t rn;
    uint8_t rm;         /* of LDRD and STRD: the second register */
    uint8_t rs;         /* of block transfers: number of registers */
    uint8_t amount;     /* of shifts; of logical immediates: whether the carry becomes bit 31 of the operand; of MSR:
                           the mask of bytes; of block transfers: whether they go up */
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
    unsigned native_losses;             /* how often all parts were removed because their code was overwritten */
    uint8_t native_word[ARM_ENTRIES];   /* 1: a part was made from this word */
    uint32_t heat[ARM_ENTRIES];         /* see native_profile() */
    struct native_entry native[ARM_ENTRIES];
    struct native_frame frame;
    struct entry arm[ARM_ENTRIES + 1]; /* the last one, behind the ITCM, stays OP_BEHIND */
    struct entry thumb[THUMB_ENTRIES + 1];
};

/* The entry of an instruction, and the entry for the code at an address in the ITCM. */
struct entry decode_instruction(uint32_t instruction, uint32_t address, bool thumb);
void decode(struct arm_core *core, struct entry *entry, uint32_t address, bool thumb);

/* The description of an operation for the translator (operations.c). */
struct operation {
    const char *kind; /* how translated.h executes it; NULL: the engine has to */
    const char *name;
    const char *form; /* of its operand or address, or "" */
    uint8_t extra;    /* cycles beyond those of every instruction and of the registers of a block */
    uint8_t written;  /* enum written */
};
extern const struct operation operations[OPERATIONS];
const char *condition_name(unsigned condition);
uint32_t registers_written(const struct entry *entry, unsigned written); /* a mask */
uint32_t cycles_of(const struct entry *entry, const struct operation *operation);

/* native.c */
void native_forget(struct arm_decoded *decoded);

/* access.c */
int native_load(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block);
int native_store(struct native_frame *frame, uint32_t address, uint32_t size, const struct native_block *block,
                 uint32_t value);

#endif
