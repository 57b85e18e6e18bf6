/*
 * The plain interpreter's data processing and multiplication, DDI 0100 A3.4 to A3.5 and A10 (enhanced DSP
 * instructions). What an operation computes is in instructions.h; the forms that the decoder leaves out (the pc as an
 * operand or destination, rotation through the carry) are here.
 */
#include "encoding.h"

#define CPSR core->cpsr

static struct shifted shifter_operand(const struct arm_core *core, uint32_t instruction) {
    bool carry = core->cpsr & PSR_C;
    if (bit_at(instruction, 25)) {
        struct shifted out = {rotated_constant(instruction), carry};
        if (constant_rotation(instruction)) {
            out.carry = out.value >> 31;
        }
        return out;
    }
    uint32_t value = core->r[bits_0(instruction)];
    enum shift kind = (enum shift)bits_at(instruction, 5, 2);
    if (bit_at(instruction, 4)) {
        return shift_by(kind, value, core->r[bits_8(instruction)] & 0xffu, carry);
    }
    return shift_immediate(kind, value, bits_at(instruction, 7, 5), carry);
}

enum flow plain_data_processing(struct arm_core *core, uint32_t instruction) {
    bool set_flags = bit_at(instruction, BIT_SET_FLAGS);
    unsigned rd = bits_12(instruction);
    unsigned rn = bits_16(instruction);
    struct shifted operand = shifter_operand(core, instruction);
    const uint32_t shifted_out = operand.carry;
    const uint32_t b = operand.value;
    uint32_t a = core->r[rn];
    if (rn == 15 && bit_at(instruction, 25)) {
        a &= ~3u; /* in Thumb state this is ADD rd, pc, #n, which reads the pc word-aligned (DDI 0100 A7.1.6) */
    }
    uint32_t n, z, c, v, p, q;
    FLAGS_FROM(core->cpsr)
    bool has_result = true;
    switch (bits_at(instruction, 21, 4)) {
#define RESULT(number, name)                                                                                           \
    case number: DATA_##name(FLAGS) break;
#define TEST(number, name)                                                                                             \
    case number: has_result = false; DATA_##name(FLAGS) break;
        EACH_RESULT(ONCE, RESULT)
        EACH_TEST(ONCE, TEST)
    }
    if (has_result && rd == 15) {
        return set_flags ? arm_return_from_exception(core, n) : branch(core, n);
    }
    if (has_result) {
        core->r[rd] = n;
    }
    if (set_flags) {
        core->cpsr = status(core->cpsr, n, z, c, v);
    }
    return SEQUENTIAL;
}

/* One of the operations of a list on registers. Those that are not in the list do nothing. */
#define RUN(number, name, cost, written)                                                                               \
    case number: core->cycles += cost; DO_##name(core->r[rd], core->r[rn], rm, rs, 0u, halves) break;

/* MUL, MLA, UMULL, UMLAL, SMULL, SMLAL. C and V are left alone (DDI 0100 A4.1.40: from ARMv5 on). */
enum flow plain_multiply(struct arm_core *core, uint32_t instruction) {
    const unsigned rd = bits_16(instruction), rn = bits_12(instruction);
    const uint32_t rm = core->r[bits_0(instruction)], rs = core->r[bits_8(instruction)];
    switch (bits_at(instruction, 21, 3)) { EACH_MULTIPLY(RUN) }
    if (bit_at(instruction, BIT_SET_FLAGS)) {
        uint32_t n, z, c, v;
        FLAGS_FROM(core->cpsr)
        n = core->r[rd];
        z = bit_at(instruction, 23) ? core->r[rd] | core->r[rn] : n;
        core->cpsr = status(core->cpsr, n, z, c, v);
    }
    return SEQUENTIAL;
}

/* The 16-bit multiplications: DDI 0100 A10.7. */
enum flow plain_half_multiply(struct arm_core *core, uint32_t instruction) {
    const unsigned rd = bits_16(instruction), rn = bits_12(instruction);
    const uint32_t rm = core->r[bits_0(instruction)], rs = core->r[bits_8(instruction)];
    const uint32_t halves = bits_at(instruction, 5, 2);
    switch (half_multiply_number(instruction)) { EACH_HALF_MULTIPLY(RUN) }
    return SEQUENTIAL;
}

/* QADD, QSUB, QDADD, QDSUB. */
enum flow plain_saturating(struct arm_core *core, uint32_t instruction) {
    const unsigned rd = bits_16(instruction), rn = bits_12(instruction);
    const uint32_t rm = core->r[bits_0(instruction)];
    switch (bits_at(instruction, 21, 2)) { EACH_SATURATING(RUN) }
    return SEQUENTIAL;
}
