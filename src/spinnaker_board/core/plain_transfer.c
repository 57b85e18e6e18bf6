/* Loads and stores: single (DDI 0100 A5.2), halfword, signed and doubleword (A5.3), multiple (A5.4), swap (A4.1.108).
 * An aborted access leaves the base register as it was (base restored abort model, A2.6.6) and loads nothing. */
#include "alu.h"
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

/* Bits 24 P, 23 U, 21 W, 19:16 rn are alike in all forms but the multiple ones. */
static struct address addressing_mode(const struct arm_core *core, uint32_t instruction, uint32_t offset) {
    unsigned rn = instruction >> 16 & 15u;
    uint32_t base = rn == 15 ? core->r[15] & ~3u : core->r[rn]; /* Thumb's LDR rd, [pc, #n] aligns the pc */
    uint32_t moved = instruction >> 23 & 1u ? base + offset : base - offset;
    bool indexed_before = instruction >> 24 & 1u;
    struct address out = {
        .access = indexed_before ? moved : base,
        .base_after = moved,
        .write_back = !indexed_before || (instruction >> 21 & 1u),
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

/* LDR, STR, LDRB, STRB; LDRT and its like are the same here, since nothing is protected by privilege. */
enum flow plain_single_transfer(struct arm_core *core, uint32_t instruction) {
    unsigned rd = instruction >> 12 & 15u;
    unsigned rn = instruction >> 16 & 15u;
    unsigned size = instruction >> 22 & 1u ? 1u : 4u;
    uint32_t offset = instruction & 0xfffu;
    if (instruction >> 25 & 1u) {
        enum shift kind = (enum shift)(instruction >> 5 & 3u);
        uint32_t index = core->r[instruction & 15u];
        offset = shift_immediate(kind, index, instruction >> 7 & 31u, core->cpsr & PSR_C).value;
    }
    struct address address = addressing_mode(core, instruction, offset);
    bool is_load = instruction >> 20 & 1u;
    uint32_t value = stored_register(core, rd);
    bool granted = false;
    if (is_load) {
        granted = size == 4 ? load_rotated(core, address.access, &value) : load(core, address.access, 1, &value);
    } else {
        granted = store(core, address.access, size, value);
    }
    if (!granted) {
        return data_abort(core);
    }
    if (address.write_back) {
        core->r[rn] = address.base_after;
    }
    return is_load ? loaded(core, rd, value) : SEQUENTIAL;
}

/* LDRH, STRH, LDRSB, LDRSH, LDRD, STRD: bits 6:5 and L tell which. */
enum flow plain_extra_transfer(struct arm_core *core, uint32_t instruction) {
    unsigned rd = instruction >> 12 & 15u;
    unsigned rn = instruction >> 16 & 15u;
    unsigned kind = instruction >> 5 & 3u;
    bool immediate = instruction >> 22 & 1u;
    uint32_t offset = immediate ? (instruction >> 4 & 0xf0u) | (instruction & 15u) : core->r[instruction & 15u];
    struct address address = addressing_mode(core, instruction, offset);
    bool is_load = instruction >> 20 & 1u;
    bool is_double = !is_load && kind >= 2;
    uint32_t value = stored_register(core, rd);
    uint32_t second = 0;
    bool granted = false;
    if (is_double) {
        if (rd & 1u || rd == 14) { /* UNDEFINED when odd; r14 with the pc is UNPREDICTABLE */
            return undefined_instruction(core);
        }
        if (kind == 2) {
            is_load = true;
            granted = load(core, address.access, 4, &value) && load(core, address.access + 4u, 4, &second);
        } else {
            second = core->r[rd + 1];
            granted = store(core, address.access, 4, value) && store(core, address.access + 4u, 4, second);
        }
        core->cycles += granted ? 2u * COST_BLOCK_REGISTER : 0u;
    } else if (!is_load) {
        granted = store(core, address.access, 2, value);
    } else if (kind == 2) {
        granted = load(core, address.access, 1, &value);
        value = (value ^ 0x80u) - 0x80u;
    } else {
        granted = load(core, address.access, 2, &value);
        if (kind == 3) {
            value = (value ^ 0x8000u) - 0x8000u;
        }
    }
    if (!granted) {
        return data_abort(core);
    }
    if (address.write_back) {
        core->r[rn] = address.base_after;
    }
    if (is_double && is_load) {
        core->r[rd] = value;
        core->r[rd + 1] = second;
        return SEQUENTIAL;
    }
    return is_load ? loaded(core, rd, value) : SEQUENTIAL;
}

enum flow plain_swap(struct arm_core *core, uint32_t instruction) {
    uint32_t address = core->r[instruction >> 16 & 15u];
    unsigned size = instruction >> 22 & 1u ? 1u : 4u;
    uint32_t old = 0;
    bool granted = size == 4 ? load_rotated(core, address, &old) : load(core, address, 1, &old);
    if (!granted || !store(core, address, size, core->r[instruction & 15u])) {
        return data_abort(core);
    }
    core->r[instruction >> 12 & 15u] = old;
    return SEQUENTIAL;
}

/* An empty register list is UNPREDICTABLE: here nothing is transferred and the base keeps its value. */
enum flow plain_block_transfer(struct arm_core *core, uint32_t instruction) {
    uint32_t list = instruction & 0xffffu;
    unsigned rn = instruction >> 16 & 15u;
    bool is_load = instruction >> 20 & 1u;
    bool write_back = instruction >> 21 & 1u;
    bool caret = instruction >> 22 & 1u;
    bool up = instruction >> 23 & 1u;
    bool before = instruction >> 24 & 1u;
    bool user_bank = caret && !(is_load && list >> 15);
    uint32_t count = 0;
    for (uint32_t rest = list; rest; rest &= rest - 1u) {
        count++;
    }
    uint32_t base = core->r[rn];
    uint32_t base_after = up ? base + 4u * count : base - 4u * count;
    uint32_t address = up ? base + (before ? 4u : 0u) : base_after + (before ? 0u : 4u);
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
    if (write_back && list) {
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
