/* From instruction words to entries. What has no operation, or is a form that the engine does not do, is OP_PLAIN. */
#include <string.h>

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
    } else if (condition < ALWAYS) {
        entry.code = (uint16_t)(OP_BRANCH_IF + condition);
    }
    return entry;
}

static struct entry data_processing(uint32_t instruction, struct place place) {
    unsigned number = bits_at(instruction, 21, 4);
    unsigned set_flags = bit_at(instruction, BIT_SET_FLAGS);
    unsigned amount = bits_at(instruction, 7, 5);
    unsigned kind = bits_at(instruction, 5, 2);
    struct entry entry = {
        .rd = (uint8_t)bits_12(instruction),
        .rn = (uint8_t)bits_16(instruction),
        .rm = (uint8_t)bits_0(instruction),
        .rs = (uint8_t)bits_8(instruction),
    };
    bool compares = number >= NUMBER_TST && number <= NUMBER_CMN;
    bool moves = number == NUMBER_MOV || number == NUMBER_MVN;
    unsigned form = OPERAND_IMMEDIATE;
    if (entry.rd == 15 && !compares) {
        bool plain_move = number == NUMBER_MOV && !set_flags && (instruction & 0x02000ff0u) == 0 && entry.rm != 15;
        entry.code = plain_move ? OP_MOV_PC : OP_PLAIN;
        return entry;
    }
    if (bit_at(instruction, 25)) {
        entry.immediate = rotated_constant(instruction);
        entry.amount = constant_rotation(instruction) != 0;
        if (entry.rn == 15 && !moves) {
            bool is_add = number == NUMBER_ADD;
            if (!(is_add || number == NUMBER_SUB) || set_flags) {
                return NOT_DECODED;
            }
            uint32_t base = place.pc & ~3u;
            entry.immediate = is_add ? base + entry.immediate : base - entry.immediate;
            number = NUMBER_MOV; /* the address is known */
        }
    } else if (entry.rm == 15 || (entry.rn == 15 && !moves)) {
        return NOT_DECODED;
    } else if (bit_at(instruction, 4)) {
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
    entry.code = (uint16_t)(DATA_CODE(number, form) + set_flags);
    return entry;
}

/* The fields of multiplications and of what is encoded like them. */
static struct entry register_operation(uint32_t instruction, unsigned code) {
    return (struct entry){
        .code = (uint16_t)(code ? code : OP_PLAIN),
        .rd = (uint8_t)bits_16(instruction),
        .rn = (uint8_t)bits_12(instruction),
        .rs = (uint8_t)bits_8(instruction),
        .rm = (uint8_t)bits_0(instruction),
        .amount = (uint8_t)bits_at(instruction, 5, 2),
    };
}

#define CODE(number, name, cost, written) [number] = OP_##name,

static struct entry multiply(uint32_t instruction) {
    static const uint16_t codes[8] = {EACH_MULTIPLY(CODE)};
    struct entry entry = register_operation(instruction, codes[bits_at(instruction, 21, 3)]);
    if (bit_at(instruction, BIT_SET_FLAGS)) {
        entry.code = entry.code == OP_MUL ? OP_MULS : OP_PLAIN;
    }
    bool uses_rn = entry.code != OP_MUL && entry.code != OP_MULS;
    bool names_pc = entry.rd == 15 || entry.rs == 15 || entry.rm == 15 || (uses_rn && entry.rn == 15);
    return names_pc ? NOT_DECODED : entry;
}

static struct entry half_multiply(uint32_t instruction) {
    static const uint16_t codes[8] = {EACH_HALF_MULTIPLY(CODE)};
    struct entry entry = register_operation(instruction, codes[half_multiply_number(instruction)]);
    bool uses_rn = entry.code != OP_SMULXY && entry.code != OP_SMULWY;
    bool names_pc = entry.rd == 15 || entry.rs == 15 || entry.rm == 15 || (uses_rn && entry.rn == 15);
    return names_pc ? NOT_DECODED : entry;
}

static struct entry saturating(uint32_t instruction) {
    static const uint16_t codes[4] = {EACH_SATURATING(CODE)};
    struct entry entry = register_operation(instruction, codes[bits_at(instruction, 21, 2)]);
    return entry.rd == 15 || entry.rn == 15 || entry.rm == 15 ? NOT_DECODED : entry;
}

/* Transfers with a constant or an index that is added after LSL; `index` says which, `offset` is the constant. */
static struct entry transfer(uint32_t instruction, enum transfer kind, bool index, uint32_t offset,
                             struct place place) {
    struct entry entry = {
        .rd = (uint8_t)bits_12(instruction),
        .rn = (uint8_t)bits_16(instruction),
        .rm = (uint8_t)bits_0(instruction),
        .immediate = bit_at(instruction, BIT_UP) ? offset : 0u - offset,
    };
    bool before = bit_at(instruction, BIT_BEFORE);
    bool write_back = !before || bit_at(instruction, BIT_WRITE_BACK);
    bool is_load = kind < KIND_STR;
    unsigned form = ADDRESS_OFFSET;
    if (index) {
        bool halfword = (instruction & 0x0e000000u) == 0; /* those have no shift */
        bool simple = halfword || bits_at(instruction, 5, 2) == SHIFT_LSL;
        if (!before || write_back || !bit_at(instruction, BIT_UP) || !simple || entry.rm == 15 || entry.rn == 15) {
            return NOT_DECODED;
        }
        entry.amount = (uint8_t)(halfword ? 0u : bits_at(instruction, 7, 5));
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
        entry.code = kind == KIND_LDR ? codes[form] : OP_PLAIN;
        return entry;
    }
    entry.code = (uint16_t)TRANSFER_CODE((unsigned)kind, form);
    return entry;
}

static struct entry single_transfer(uint32_t instruction, struct place place) {
    enum transfer kind = single_transfer_kind(instruction);
    return transfer(instruction, kind, bit_at(instruction, 25), instruction & 0xfffu, place);
}

static struct entry extra_transfer(uint32_t instruction, struct place place) {
    enum transfer kind = extra_transfer_kind(instruction);
    bool index = !bit_at(instruction, 22);
    bool before = bit_at(instruction, BIT_BEFORE);
    bool write_back = bit_at(instruction, BIT_WRITE_BACK);
    uint32_t offset = split_offset(instruction);
    if (!before && write_back) {
        return NOT_DECODED;
    }
    if (kind != KIND_LDRD && kind != KIND_STRD) {
        return transfer(instruction, kind, index, offset, place);
    }
    struct entry entry = {
        .code = kind == KIND_LDRD ? OP_LDRD : OP_STRD,
        .rd = (uint8_t)bits_12(instruction),
        .rm = (uint8_t)bits_12(instruction) + 1u,
        .rn = (uint8_t)bits_16(instruction),
        .immediate = bit_at(instruction, BIT_UP) ? offset : 0u - offset,
    };
    if (index || !before || write_back || entry.rn == 15 || entry.rd & 1u || entry.rd == 14) {
        return NOT_DECODED;
    }
    return entry;
}

static struct entry block_transfer(uint32_t instruction) {
    uint32_t list = instruction & 0xffffu;
    bool is_load = bit_at(instruction, BIT_LOAD);
    bool caret = bit_at(instruction, BIT_CARET);
    struct entry entry = {
        .code = is_load ? (list >> 15 ? OP_LDM_PC : OP_LDM) : OP_STM,
        .rn = (uint8_t)bits_16(instruction),
        .rs = (uint8_t)block_count(instruction),
        .write_back = bit_at(instruction, BIT_WRITE_BACK),
        .amount = bit_at(instruction, BIT_UP),
        .step = block_step(instruction),
        .immediate = list,
    };
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

/* CLZ, BX, BLX, MRS and MSR of the CPSR. */
static struct entry miscellaneous(uint32_t instruction, enum arm_class class, struct place place) {
    bool saved_status = bit_at(instruction, 22);
    struct entry entry = register_operation(instruction, OP_PLAIN);
    switch (class) {
    case CLASS_CLZ: entry.code = OP_CLZ; break;
    case CLASS_MRS: entry.code = saved_status ? OP_PLAIN : OP_MRS; break;
    case CLASS_MSR:
        entry.code = saved_status ? OP_PLAIN : OP_MSR;
        entry.amount = (uint8_t)bits_16(instruction);
        break;
    case CLASS_BX: entry.code = OP_BX; break;
    default:
        entry.code = OP_BLX;
        entry.immediate = (place.address + place.size) | (place.size == 2 ? 1u : 0u);
        break;
    }
    bool reads_rm = class != CLASS_MRS;
    bool writes_rn = class == CLASS_MRS || class == CLASS_CLZ;
    return (reads_rm && entry.rm == 15) || (writes_rn && entry.rn == 15) ? NOT_DECODED : entry;
}

static struct entry move_to_status(uint32_t instruction) {
    bool saved_status = bit_at(instruction, 22);
    struct entry entry = {
        .code = OP_MSR_IMMEDIATE,
        .amount = (uint8_t)bits_16(instruction),
        .immediate = rotated_constant(instruction),
    };
    return saved_status ? NOT_DECODED : entry;
}

/* What an ARM instruction does when its condition holds. */
static struct entry arm_entry(uint32_t instruction, struct place place) {
    enum arm_class class = class_of(instruction);
    uint32_t target = place.pc + branch_offset(instruction);
    switch (class) {
    case CLASS_DATA: return data_processing(instruction, place);
    case CLASS_MULTIPLY: return multiply(instruction);
    case CLASS_HALF_MULTIPLY: return half_multiply(instruction);
    case CLASS_SATURATING: return saturating(instruction);
    case CLASS_CLZ:
    case CLASS_MRS:
    case CLASS_MSR:
    case CLASS_BX:
    case CLASS_BLX: return miscellaneous(instruction, class, place);
    case CLASS_MSR_IMMEDIATE: return move_to_status(instruction);
    case CLASS_SINGLE_TRANSFER: return single_transfer(instruction, place);
    case CLASS_EXTRA_TRANSFER: return extra_transfer(instruction, place);
    case CLASS_BLOCK_TRANSFER: return block_transfer(instruction);
    case CLASS_BRANCH: return branch_entry(place, target, condition_of(instruction), bit_at(instruction, 24));
    case CLASS_BLX_CONSTANT:
        return (struct entry){.code = OP_BLX_CONSTANT, .immediate = (target + (instruction >> 23 & 2u)) | 1u};
    default: return NOT_DECODED;
    }
}

static struct entry conditional_entry(uint32_t instruction, struct place place) {
    unsigned condition = condition_of(instruction);
    struct entry entry = arm_entry(instruction, place);
    bool has_condition = entry.code >= OP_BRANCH_IF && entry.code < OP_TRANSFER;
    if (condition < ALWAYS && entry.code != OP_PLAIN && !has_condition) {
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
        if (condition >= ALWAYS) {
            return NOT_DECODED;
        }
        return branch_entry(place, place.pc + ((((thumb & 0xffu) ^ 0x80u) - 0x80u) << 1), condition, false);
    }
    case 0x1c: return branch_entry(place, place.pc + (((offset ^ 0x400u) - 0x400u) << 1), ALWAYS, false);
    case 0x1e: /* first half of BL: r14 becomes a constant */
        return (struct entry){
            .code = DATA_CODE(NUMBER_MOV, OPERAND_IMMEDIATE),
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

struct entry decode_instruction(uint32_t instruction, uint32_t address, bool thumb) {
    struct place place = {.address = address, .pc = address + (thumb ? 4u : 8u), .size = thumb ? 2u : 4u};
    struct entry entry = thumb ? thumb_entry(instruction, place) : conditional_entry(instruction, place);
    if (entry.code == OP_PLAIN) {
        entry.immediate = instruction;
    }
    return entry;
}

void decode(struct arm_core *core, struct entry *entry, uint32_t address, bool thumb) {
    uint32_t instruction = get_bytes(core->itcm + address, thumb ? 2u : 4u);
    *entry = decode_instruction(instruction, address, thumb);
    core->decoded->page_used[address / DECODED_PAGE] = true;
}
