/* From instruction words to entries. Encodings as in DDI 0100 A3 and A5; everything not named here is OP_PLAIN. */
#include <string.h>

#include "alu.h"
#include "decoded.h"
#include "memory.h"
#include "thumb.h"

#define NOT_DECODED ((struct entry){.code = OP_PLAIN})

struct place {
    uint32_t address; /* of the instruction */
    uint32_t pc;      /* what it reads as pc */
    unsigned size;
};

/* Entries from here to a target in the same state, or false when the target is not in the ITCM. */
static bool displacement(struct place place, uint32_t target, uint32_t *entries) {
    uint32_t bytes = target - place.address;
    uint32_t sign = bytes & 0x80000000u ? ~0u : 0u;
    *entries = place.size == 4 ? bytes >> 2 | (sign & 0xc0000000u) : bytes >> 1 | (sign & 0x80000000u);
    return is_itcm(target);
}

static struct entry branch_entry(struct place place, uint32_t target, unsigned condition, bool link) {
    struct entry entry = {.code = OP_BRANCH};
    if (!displacement(place, target, &entry.immediate)) {
        return NOT_DECODED;
    }
    if (link) {
        entry.code = OP_BRANCH_LINK;
    } else if (condition < 14) {
        entry.code = (uint16_t)(OP_BRANCH_IF + condition);
    }
    return entry;
}

static struct entry data_processing(uint32_t instruction, struct place place) {
    unsigned operation = instruction >> 21 & 15u;
    unsigned set_flags = instruction >> 20 & 1u;
    unsigned amount = instruction >> 7 & 31u;
    unsigned kind = instruction >> 5 & 3u;
    struct entry entry = {
        .rd = instruction >> 12 & 15u,
        .rn = instruction >> 16 & 15u,
        .rm = instruction & 15u,
        .rs = instruction >> 8 & 15u,
    };
    bool immediate = instruction >> 25 & 1u;
    bool compares = operation >= 8 && operation <= 11;
    bool moves = operation == 13 || operation == 15;
    unsigned form = OPERAND_IMMEDIATE;
    if (entry.rd == 15 && !compares) {
        bool plain_move = operation == 13 && !set_flags && (instruction & 0x02000ff0u) == 0 && entry.rm != 15;
        entry.code = plain_move ? OP_MOV_PC : OP_PLAIN;
        return entry;
    }
    if (immediate) {
        unsigned rotation = 2u * (instruction >> 8 & 15u);
        entry.immediate = rotate_right(instruction & 0xffu, rotation);
        entry.amount = rotation != 0;
        if (entry.rn == 15 && !moves) {
            bool is_add = operation == 4;
            if (!(is_add || operation == 2) || set_flags) {
                return NOT_DECODED;
            }
            uint32_t base = place.pc & ~3u;
            entry.immediate = is_add ? base + entry.immediate : base - entry.immediate;
            operation = 13; /* the address is known */
        }
    } else if (entry.rm == 15 || (entry.rn == 15 && !moves)) {
        return NOT_DECODED;
    } else if (instruction >> 4 & 1u) {
        if (entry.rs == 15) {
            return NOT_DECODED;
        }
        form = OPERAND_LSL_REGISTER + kind;
    } else if (amount == 0 && kind == SHIFT_LSL) {
        form = OPERAND_REGISTER;
    } else if (amount == 0 && kind == SHIFT_ROR) {
        return NOT_DECODED; /* RRX */
    } else {
        form = OPERAND_LSL + kind;
        entry.amount = (uint8_t)(amount ? amount : 32u);
    }
    entry.code = (uint16_t)(OP_DATA + (operation * OPERAND_FORMS + form) * 2u + set_flags);
    return entry;
}

static struct entry multiply(uint32_t instruction) {
    static const uint16_t codes[8] = {OP_MUL, OP_MLA, OP_PLAIN, OP_PLAIN, OP_UMULL, OP_UMLAL, OP_SMULL, OP_SMLAL};
    struct entry entry = {
        .code = codes[instruction >> 21 & 7u],
        .rd = instruction >> 16 & 15u, /* the high word of the long forms */
        .rn = instruction >> 12 & 15u, /* accumulator, or the low word */
        .rs = instruction >> 8 & 15u,
        .rm = instruction & 15u,
    };
    if (instruction >> 20 & 1u) {
        entry.code = entry.code == OP_MUL ? OP_MULS : OP_PLAIN;
    }
    bool uses_rn = entry.code != OP_MUL && entry.code != OP_MULS;
    if (entry.rd == 15 || entry.rs == 15 || entry.rm == 15 || (uses_rn && entry.rn == 15)) {
        return NOT_DECODED;
    }
    return entry;
}

/* 16-bit multiplications, QADD and QSUB, CLZ, BX and BLX, MRS and MSR. */
static struct entry miscellaneous(uint32_t instruction, struct place place) {
    unsigned operation = instruction >> 21 & 3u;
    unsigned low = instruction >> 4 & 15u;
    struct entry entry = {
        .code = OP_PLAIN,
        .rd = instruction >> 16 & 15u,
        .rn = instruction >> 12 & 15u,
        .rs = instruction >> 8 & 15u,
        .rm = instruction & 15u,
        .amount = instruction >> 5 & 3u,
    };
    if (low & 8u) {
        static const uint16_t codes[4] = {OP_SMLAXY, OP_SMLAWY, OP_SMLALXY, OP_SMULXY};
        entry.code = operation == 1 && (low & 2u) ? OP_SMULWY : codes[operation];
    } else if (low == 5 && operation < 2) {
        entry.code = operation ? OP_QSUB : OP_QADD;
    } else if (low == 1 && operation == 3) {
        entry.code = OP_CLZ;
    } else if (low == 1 && operation == 1) {
        entry.code = OP_BX;
    } else if (low == 3 && operation == 1) {
        entry.code = OP_BLX;
        entry.immediate = (place.address + place.size) | (place.size == 2 ? 1u : 0u);
    } else if (low == 0 && operation == 0) {
        entry.code = OP_MRS;
    } else if (low == 0 && operation == 1) {
        entry.code = OP_MSR;
    }
    bool status = entry.code == OP_MRS || entry.code == OP_MSR;
    bool branches = entry.code == OP_BX || entry.code == OP_BLX;
    bool three = !status && !branches && entry.code != OP_CLZ;
    if (entry.rm == 15 && entry.code != OP_MRS) {
        return NOT_DECODED;
    }
    if (!branches && entry.code != OP_MSR && entry.rn == 15 && entry.code != OP_SMULXY && entry.code != OP_SMULWY) {
        return NOT_DECODED;
    }
    if (three && (entry.rd == 15 || entry.rs == 15)) {
        return NOT_DECODED;
    }
    return entry;
}

/* Transfers with a constant or an index that is added after LSL; `index` says which, `offset` is the constant. */
static struct entry transfer(uint32_t instruction, enum transfer kind, bool index, uint32_t offset,
                             struct place place) {
    struct entry entry = {
        .rd = instruction >> 12 & 15u,
        .rn = instruction >> 16 & 15u,
        .rm = instruction & 15u,
        .immediate = instruction >> 23 & 1u ? offset : 0u - offset,
    };
    bool before = instruction >> 24 & 1u;
    bool write_back = !before || (instruction >> 21 & 1u);
    bool is_load = kind < TRANSFER_STR;
    unsigned form = ADDRESS_OFFSET;
    if (index) {
        bool halfword = (instruction & 0x0e000000u) == 0; /* those have no shift */
        bool simple = halfword || (instruction >> 5 & 3u) == SHIFT_LSL;
        if (!before || write_back || !(instruction >> 23 & 1u) || !simple || entry.rm == 15 || entry.rn == 15) {
            return NOT_DECODED;
        }
        entry.amount = halfword ? 0 : instruction >> 7 & 31u;
        form = ADDRESS_INDEX;
    } else if (entry.rn == 15) {
        if (write_back || !is_load) {
            return NOT_DECODED;
        }
        entry.immediate += place.pc & ~3u;
        form = ADDRESS_LITERAL;
    } else if (write_back) {
        if (entry.rn == entry.rd) {
            return NOT_DECODED;
        }
        form = before ? ADDRESS_PRE : ADDRESS_POST;
    }
    if (entry.rd == 15) {
        static const uint16_t codes[ADDRESS_FORMS] = {
            [ADDRESS_OFFSET] = OP_LDR_PC, [ADDRESS_INDEX] = OP_LDR_PC_INDEX, [ADDRESS_LITERAL] = OP_LDR_PC_LITERAL,
            [ADDRESS_PRE] = OP_PLAIN,     [ADDRESS_POST] = OP_PLAIN,
        };
        entry.code = kind == TRANSFER_LDR ? codes[form] : OP_PLAIN;
        return entry;
    }
    entry.code = (uint16_t)(OP_TRANSFER + (unsigned)kind * ADDRESS_FORMS + form);
    return entry;
}

static struct entry single_transfer(uint32_t instruction, struct place place) {
    static const enum transfer kinds[4] = {TRANSFER_STR, TRANSFER_LDR, TRANSFER_STRB, TRANSFER_LDRB};
    enum transfer kind = kinds[(instruction >> 20 & 1u) | (instruction >> 21 & 2u)];
    return transfer(instruction, kind, instruction >> 25 & 1u, instruction & 0xfffu, place);
}

static struct entry extra_transfer(uint32_t instruction, struct place place) {
    unsigned kind = instruction >> 5 & 3u;
    bool is_load = instruction >> 20 & 1u;
    bool index = !(instruction >> 22 & 1u);
    bool before_only = (instruction & 0x01200000u) == 0x01000000u;
    uint32_t offset = (instruction >> 4 & 0xf0u) | (instruction & 15u);
    if ((instruction & 0x01200000u) == 0x00200000u) {
        return NOT_DECODED;
    }
    if (is_load || kind == 1) {
        static const enum transfer kinds[4] = {TRANSFER_STRH, TRANSFER_LDRH, TRANSFER_LDRSB, TRANSFER_LDRSH};
        return transfer(instruction, kinds[is_load ? kind : 0], index, offset, place);
    }
    struct entry entry = {
        .code = kind == 2 ? OP_LDRD : OP_STRD,
        .rd = instruction >> 12 & 15u,
        .rn = instruction >> 16 & 15u,
        .immediate = instruction >> 23 & 1u ? offset : 0u - offset,
    };
    if (index || !before_only || entry.rn == 15 || entry.rd & 1u || entry.rd == 14) {
        return NOT_DECODED;
    }
    return entry;
}

static struct entry block_transfer(uint32_t instruction) {
    uint32_t list = instruction & 0xffffu;
    bool is_load = instruction >> 20 & 1u;
    bool up = instruction >> 23 & 1u;
    bool before = instruction >> 24 & 1u;
    int count = 0;
    for (uint32_t rest = list; rest; rest &= rest - 1u) {
        count++;
    }
    struct entry entry = {
        .code = is_load ? (list >> 15 ? OP_LDM_PC : OP_LDM) : OP_STM,
        .rn = instruction >> 16 & 15u,
        .rs = (uint8_t)count,
        .write_back = instruction >> 21 & 1u,
        .amount = up,
        .step = (uint16_t)(up ? (before ? 4 : 0) : (before ? -4 * count : 4 - 4 * count)),
        .immediate = list,
    };
    bool caret = instruction >> 22 & 1u;
    if (caret && is_load && list >> 15) {
        entry.code = OP_LDM_RETURN;
    } else if (caret) {
        return NOT_DECODED;
    }
    if (entry.rn == 15 || list == 0 || (!is_load && list >> 15)) {
        return NOT_DECODED;
    }
    return entry;
}

static struct entry register_forms(uint32_t instruction, struct place place) {
    if ((instruction & 0x90u) == 0x90u) {
        if (instruction & 0x60u) {
            return extra_transfer(instruction, place);
        }
        return instruction >> 24 & 1u ? NOT_DECODED : multiply(instruction);
    }
    if ((instruction & 0x01900000u) == 0x01000000u) {
        return miscellaneous(instruction, place);
    }
    return data_processing(instruction, place);
}

/* What an ARM instruction does when its condition holds. */
static struct entry arm_entry(uint32_t instruction, struct place place) {
    switch (instruction >> 25 & 7u) {
    case 0: return register_forms(instruction, place);
    case 1:
        if ((instruction & 0x01900000u) == 0x01000000u) {
            struct entry entry = {.code = OP_MSR_IMMEDIATE, .rd = instruction >> 16 & 15u};
            entry.immediate = rotate_right(instruction & 0xffu, 2u * (instruction >> 8 & 15u));
            bool cpsr = (instruction >> 21 & 3u) == 1;
            return cpsr ? entry : NOT_DECODED;
        }
        return data_processing(instruction, place);
    case 2: return single_transfer(instruction, place);
    case 3: return instruction >> 4 & 1u ? NOT_DECODED : single_transfer(instruction, place);
    case 4: return block_transfer(instruction);
    case 5: {
        uint32_t offset = ((instruction & 0xffffffu) ^ 0x800000u) - 0x800000u;
        unsigned condition = instruction >> 28;
        return branch_entry(place, place.pc + (offset << 2), condition, instruction >> 24 & 1u);
    }
    default: return NOT_DECODED;
    }
}

static struct entry conditional_entry(uint32_t instruction, struct place place) {
    unsigned condition = instruction >> 28;
    if (condition == 15) {
        if ((instruction & 0x0e000000u) != 0x0a000000u) {
            return NOT_DECODED;
        }
        uint32_t offset = ((instruction & 0xffffffu) ^ 0x800000u) - 0x800000u;
        uint32_t target = place.pc + (offset << 2) + (instruction >> 23 & 2u);
        return (struct entry){.code = OP_BLX_CONSTANT, .immediate = target | 1u};
    }
    struct entry entry = arm_entry(instruction, place);
    bool has_condition = entry.code >= OP_BRANCH_IF && entry.code < OP_TRANSFER;
    if (condition < 14 && entry.code != OP_PLAIN && !has_condition) {
        entry.body = entry.code;
        entry.code = (uint16_t)(OP_IF + condition);
    }
    return entry;
}

static struct entry thumb_entry(uint32_t thumb, struct place place) {
    uint32_t offset = thumb & 0x7ffu;
    switch (thumb >> 11) {
    case 0x1a:
    case 0x1b: {
        unsigned condition = thumb >> 8 & 15u;
        if (condition >= 14) {
            return NOT_DECODED;
        }
        return branch_entry(place, place.pc + ((((thumb & 0xffu) ^ 0x80u) - 0x80u) << 1), condition, false);
    }
    case 0x1c: return branch_entry(place, place.pc + (((offset ^ 0x400u) - 0x400u) << 1), 14, false);
    case 0x1e: /* first half of BL: r14 becomes a constant */
        return (struct entry){
            .code = OP_DATA + (13u * OPERAND_FORMS + OPERAND_IMMEDIATE) * 2u,
            .rd = 14,
            .immediate = place.pc + (((offset ^ 0x400u) - 0x400u) << 12),
        };
    case 0x1d:
        if (thumb & 1u) {
            return NOT_DECODED;
        }
        return (struct entry){.code = OP_THUMB_LINK, .immediate = offset << 1, .amount = 0};
    case 0x1f: return (struct entry){.code = OP_THUMB_LINK, .immediate = offset << 1, .amount = 1};
    default: {
        uint32_t arm = thumb_as_arm(thumb);
        return arm ? conditional_entry(arm, place) : NOT_DECODED;
    }
    }
}

void decode(struct arm_core *core, struct entry *entry, uint32_t address, bool thumb) {
    struct place place = {.address = address, .pc = address + (thumb ? 4u : 8u), .size = thumb ? 2u : 4u};
    uint32_t instruction = get_bytes(core->itcm + address, place.size);
    *entry = thumb ? thumb_entry(instruction, place) : conditional_entry(instruction, place);
    if (entry->code == OP_PLAIN) {
        entry->immediate = instruction;
    }
    core->decoded->page_used[address / DECODED_PAGE] = true;
}
