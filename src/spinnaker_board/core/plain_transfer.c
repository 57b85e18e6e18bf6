/* Loads and stores: single (DDI 0100 A5.2), halfword, signed and doubleword (A5.3), multiple (A5.4), swap (A4.1.108).
 * An aborted access leaves the base register as it was (base restored abort model, A2.6.6) and loads nothing. */
#include "encoding.h"
#include "memory.h"

/* ARM9E-S stores the address of the instruction + 12 for the pc (A2.4.3 leaves the choice to the processor). */
static uint32_t stored_register(const struct arm_core *core, unsigned index) {
    return core->r[index] + (index == 15 ? 4u : 0u);
}

struct address {
    uint32_t access;
    uint32_t base_after;
    bool write_back;
};

static struct address addressing_mode(const struct arm_core *core, uint32_t instruction, uint32_t offset) {
    unsigned rn = bits_16(instruction);
    uint32_t base = rn == 15 ? core->r[15] & ~3u : core->r[rn]; /* Thumb's LDR rd, [pc, #n] aligns the pc */
    uint32_t moved = bit_at(instruction, BIT_UP) ? base + offset : base - offset;
    bool indexed_before = bit_at(instruction, BIT_BEFORE);
    struct address out = {
        .access = indexed_before ? moved : base,
        .base_after = moved,
        .write_back = !indexed_before || bit_at(instruction, BIT_WRITE_BACK),
    };
    return out;
}

static enum flow loaded(struct arm_core *core, unsigned rd, uint32_t value) {
    if (rd == 15) {
        return branch_exchange(core, value);
    }
    core->r[rd] = value;
    return SEQUENTIAL;
}

/* One of the single transfers of instructions.h. A word from an unaligned address is rotated. */
static enum flow transfer(struct arm_core *core, enum transfer kind, unsigned rd, unsigned rn, struct address address) {
    bool is_load = false;
    bool granted = false;
    uint32_t value = 0;
    switch (kind) {
#define RUN_LOAD(name)                                                                                                 \
    case KIND_##name:                                                                                                  \
        is_load = true;                                                                                                \
        if (TRANSFER_##name(OF_SIZE) == 4) {                                                                           \
            granted = load_rotated(core, address.access, &value);                                                      \
        } else {                                                                                                       \
            granted = load(core, address.access, TRANSFER_##name(OF_SIZE), &value);                                    \
        }                                                                                                              \
        value = TRANSFER_##name(OF_LOADED);                                                                            \
        break;
#define RUN_STORE(name)                                                                                                \
    case KIND_##name: granted = store(core, address.access, TRANSFER_##name(OF_SIZE), stored_register(core, rd)); break;
        EACH_LOAD(ONE, RUN_LOAD)
        EACH_STORE(ONE, RUN_STORE)
    default: break;
    }
    if (!granted) {
        return data_abort(core);
    }
    if (address.write_back) {
        core->r[rn] = address.base_after;
    }
    return is_load ? loaded(core, rd, value) : SEQUENTIAL;
}

/* LDR, STR, LDRB, STRB; LDRT and its like are the same here, since nothing is protected by privilege. */
enum flow plain_single_transfer(struct arm_core *core, uint32_t instruction) {
    uint32_t offset = instruction & 0xfffu;
    if (bit_at(instruction, 25)) {
        enum shift kind = (enum shift)bits_at(instruction, 5, 2);
        uint32_t index = core->r[bits_0(instruction)];
        offset = shift_immediate(kind, index, bits_at(instruction, 7, 5), core->cpsr & PSR_C).value;
    }
    struct address address = addressing_mode(core, instruction, offset);
    return transfer(core, single_transfer_kind(instruction), bits_12(instruction), bits_16(instruction), address);
}

/* LDRD and STRD. */
static enum flow transfer_double(struct arm_core *core, bool is_load, unsigned rd, unsigned rn,
                                 struct address address) {
    if (rd & 1u || rd == 14) { /* UNDEFINED when odd; r14 with the pc is UNPREDICTABLE */
        return undefined_instruction(core);
    }
    uint32_t first = core->r[rd];
    uint32_t second = core->r[rd + 1];
    bool granted = false;
    if (is_load) {
        granted = load(core, address.access, 4, &first) && load(core, address.access + 4u, 4, &second);
    } else {
        granted = store(core, address.access, 4, first) && store(core, address.access + 4u, 4, second);
    }
    if (!granted) {
        return data_abort(core);
    }
    core->cycles += 2u * COST_BLOCK_REGISTER;
    if (address.write_back) {
        core->r[rn] = address.base_after;
    }
    if (is_load) {
        core->r[rd] = first;
        core->r[rd + 1] = second;
    }
    return SEQUENTIAL;
}

/* LDRH, STRH, LDRSB, LDRSH, LDRD, STRD. */
enum flow plain_extra_transfer(struct arm_core *core, uint32_t instruction) {
    unsigned rd = bits_12(instruction);
    unsigned rn = bits_16(instruction);
    bool constant = bit_at(instruction, 22);
    uint32_t offset = constant ? split_offset(instruction) : core->r[bits_0(instruction)];
    struct address address = addressing_mode(core, instruction, offset);
    enum transfer kind = extra_transfer_kind(instruction);
    if (kind == KIND_LDRD || kind == KIND_STRD) {
        return transfer_double(core, kind == KIND_LDRD, rd, rn, address);
    }
    return transfer(core, kind, rd, rn, address);
}

enum flow plain_swap(struct arm_core *core, uint32_t instruction) {
    uint32_t address = core->r[bits_16(instruction)];
    unsigned size = bit_at(instruction, BIT_BYTE) ? 1u : 4u;
    uint32_t old = 0;
    bool granted = size == 4 ? load_rotated(core, address, &old) : load(core, address, 1, &old);
    if (!granted || !store(core, address, size, core->r[bits_0(instruction)])) {
        return data_abort(core);
    }
    core->r[bits_12(instruction)] = old;
    return SEQUENTIAL;
}

/* An empty register list is UNPREDICTABLE: here nothing is transferred and the base keeps its value. */
enum flow plain_block_transfer(struct arm_core *core, uint32_t instruction) {
    uint32_t list = instruction & 0xffffu;
    unsigned rn = bits_16(instruction);
    bool is_load = bit_at(instruction, BIT_LOAD);
    bool caret = bit_at(instruction, BIT_CARET);
    bool user_bank = caret && !(is_load && list >> 15);
    uint32_t base = core->r[rn];
    uint32_t base_after = BLOCK_BASE_AFTER(base, bit_at(instruction, BIT_UP), block_count(instruction));
    uint32_t address = BLOCK_FIRST(base, block_step(instruction));
    uint32_t values[16] = {0};
    for (unsigned i = 0; i < 16; i++) {
        if (!(list >> i & 1u)) {
            continue;
        }
        bool granted = false;
        if (is_load) {
            granted = load(core, address, 4, &values[i]);
        } else {
            uint32_t value = user_bank ? arm_user_register(core, i) : core->r[i];
            granted = store(core, address, 4, i == 15 ? value + 4u : value);
        }
        if (!granted) {
            return data_abort(core);
        }
        core->cycles += COST_BLOCK_REGISTER;
        address += 4u;
    }
    if (bit_at(instruction, BIT_WRITE_BACK) && list) {
        core->r[rn] = base_after;
    }
    if (!is_load) {
        return SEQUENTIAL;
    }
    for (unsigned i = 0; i < 15; i++) {
        if (!(list >> i & 1u)) {
            continue;
        }
        if (user_bank) {
            arm_set_user_register(core, i, values[i]);
        } else {
            core->r[i] = values[i];
        }
    }
    if (list >> 15) {
        return caret ? arm_return_from_exception(core, values[15]) : branch_exchange(core, values[15]);
    }
    return SEQUENTIAL;
}
