/* Data processing and multiplication, DDI 0100 A3.4 to A3.5 and A10 (enhanced DSP instructions). */
#include "alu.h"

enum operation { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN };

static struct shifted shifter_operand(const struct arm_core *core, uint32_t instruction) {
    bool carry = core->cpsr & PSR_C;
    if (instruction >> 25 & 1u) {
        unsigned rotation = 2u * (instruction >> 8 & 15u);
        struct shifted out = {rotate_right(instruction & 0xffu, rotation), carry};
        if (rotation) {
            out.carry = out.value >> 31;
        }
        return out;
    }
    uint32_t value = core->r[instruction & 15u];
    enum shift kind = (enum shift)(instruction >> 5 & 3u);
    if (instruction >> 4 & 1u) {
        return shift_by(kind, value, core->r[instruction >> 8 & 15u] & 0xffu, carry);
    }
    return shift_immediate(kind, value, instruction >> 7 & 31u, carry);
}

enum flow plain_data_processing(struct arm_core *core, uint32_t instruction) {
    enum operation operation = (enum operation)(instruction >> 21 & 15u);
    bool set_flags = instruction >> 20 & 1u;
    unsigned rd = instruction >> 12 & 15u;
    unsigned rn = instruction >> 16 & 15u;
    bool carry = core->cpsr & PSR_C;
    struct shifted operand = shifter_operand(core, instruction);
    uint32_t a = core->r[rn];
    uint32_t b = operand.value;
    if (rn == 15 && (instruction >> 25 & 1u)) {
        a &= ~3u; /* in Thumb state this is ADD rd, pc, #n, which reads the pc word-aligned (DDI 0100 A7.1.6) */
    }
    uint32_t result = 0;
    uint32_t flags = 0;
    bool logical = false;
    switch (operation) {
    case SUB:
    case CMP: result = add_with_carry(a, ~b, true, &flags); break;
    case RSB: result = add_with_carry(b, ~a, true, &flags); break;
    case ADD:
    case CMN: result = add_with_carry(a, b, false, &flags); break;
    case ADC: result = add_with_carry(a, b, carry, &flags); break;
    case SBC: result = add_with_carry(a, ~b, carry, &flags); break;
    case RSC: result = add_with_carry(b, ~a, carry, &flags); break;
    default: logical = true; break;
    }
    if (logical) {
        switch (operation) {
        case AND:
        case TST: result = a & b; break;
        case EOR:
        case TEQ: result = a ^ b; break;
        case ORR: result = a | b; break;
        case MOV: result = b; break;
        case BIC: result = a & ~b; break;
        default: result = ~b; break; /* MVN */
        }
        flags = flags_nz(result) | (operand.carry ? PSR_C : 0u) | (core->cpsr & PSR_V);
    }
    bool writes = operation < TST || operation > CMN;
    if (writes && rd == 15) {
        return set_flags ? arm_return_from_exception(core, result) : branch(core, result);
    }
    if (writes) {
        core->r[rd] = result;
    }
    if (set_flags) {
        core->cpsr = (core->cpsr & ~(PSR_N | PSR_Z | PSR_C | PSR_V)) | flags;
    }
    return SEQUENTIAL;
}

/* MUL, MLA, UMULL, UMLAL, SMULL, SMLAL. C and V are left alone (DDI 0100 A4.1.40: from ARMv5 on). */
enum flow plain_multiply(struct arm_core *core, uint32_t instruction) {
    unsigned high = instruction >> 16 & 15u; /* the only destination of MUL and MLA */
    unsigned low = instruction >> 12 & 15u;
    uint32_t a = core->r[instruction & 15u];
    uint32_t b = core->r[instruction >> 8 & 15u];
    bool accumulate = instruction >> 21 & 1u;
    bool is_signed = instruction >> 22 & 1u;
    bool is_long = instruction >> 23 & 1u;
    uint32_t flags = 0;
    core->cycles += COST_MULTIPLY;
    if (is_long) {
        uint64_t product = is_signed ? (uint64_t)(signed_word(a) * signed_word(b)) : (uint64_t)a * b;
        if (accumulate) {
            product += (uint64_t)core->r[high] << 32 | core->r[low];
        }
        core->r[low] = (uint32_t)product;
        core->r[high] = (uint32_t)(product >> 32);
        flags = (core->r[high] & PSR_N) | (product == 0 ? PSR_Z : 0u);
    } else {
        uint32_t product = a * b + (accumulate ? core->r[low] : 0u);
        core->r[high] = product;
        flags = flags_nz(product);
    }
    if (instruction >> 20 & 1u) {
        core->cpsr = (core->cpsr & ~(PSR_N | PSR_Z)) | flags;
    }
    return SEQUENTIAL;
}

/* Top or bottom half of a register as the x and y of the mnemonics say. */
static int64_t half(uint32_t value, bool top) {
    return signed_half(top ? value >> 16 : value);
}

/* QADD, QSUB, QDADD, QDSUB and the 16-bit multiplications: DDI 0100 A10.7. */
enum flow plain_dsp(struct arm_core *core, uint32_t instruction) {
    unsigned operation = instruction >> 21 & 3u;
    unsigned high = instruction >> 16 & 15u;
    unsigned low = instruction >> 12 & 15u;
    uint32_t rm = core->r[instruction & 15u];
    uint32_t rs = core->r[instruction >> 8 & 15u];
    bool x = instruction >> 5 & 1u;
    bool y = instruction >> 6 & 1u;
    bool saturated = false;

    if (!(instruction >> 7 & 1u)) { /* saturating: operation 0 QADD, 1 QSUB, 2 QDADD, 3 QDSUB */
        int64_t b = signed_word(core->r[high]);
        if (operation & 2u) {
            b = signed_word(saturate(2 * b, &saturated));
        }
        int64_t a = signed_word(rm);
        core->r[low] = saturate(operation & 1u ? a - b : a + b, &saturated);
        core->cpsr |= saturated ? PSR_Q : 0u;
        return SEQUENTIAL;
    }

    core->cycles += COST_MULTIPLY;
    if (operation == 2) { /* SMLALxy */
        uint64_t sum = ((uint64_t)core->r[high] << 32 | core->r[low]) + (uint64_t)(half(rm, x) * half(rs, y));
        core->r[low] = (uint32_t)sum;
        core->r[high] = (uint32_t)(sum >> 32);
        return SEQUENTIAL;
    }
    uint32_t product = 0;
    bool accumulate = false;
    if (operation == 1) { /* SMLAWy, or with bit 5 SMULWy: the upper 32 of 48 bits */
        uint64_t wide = (uint64_t)(signed_word(rm) * half(rs, y));
        product = (uint32_t)(wide >> 16);
        accumulate = !x;
    } else { /* 0 SMLAxy, 3 SMULxy */
        product = (uint32_t)(half(rm, x) * half(rs, y));
        accumulate = operation == 0;
    }
    if (accumulate) { /* wraps, and says in Q that it did */
        int64_t sum = signed_word(product) + signed_word(core->r[low]);
        saturate(sum, &saturated);
        product = (uint32_t)sum;
        core->cpsr |= saturated ? PSR_Q : 0u;
    }
    core->r[high] = product;
    return SEQUENTIAL;
}
