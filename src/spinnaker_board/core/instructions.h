/*
 * The instruction table: what the operations of ARMv5TE are called, compute, write and cost.
 *
 * Everything that executes instructions is made from it: the plain interpreter (plain_*.c), the engine with its decoder
 * (engine.c, decode.c) and translated code (translated.h, whose text translation/source.py writes). operations.c
 * describes the rows to the translator.
 *
 * A row is a macro, and a list names the rows of a kind: EACH_...(X) expands X for each of them. A row is given what is
 * wanted of it (OF_VALUE or OF_CARRY of a form of the operand, for instance), or the operands to work on: the registers
 * rd, rn, rm and rs, which may be assigned to, and the two constants of a decoded instruction (struct entry). What rows
 * share with the code around them are the variables n, z, c and v, the flags: N is bit 31 of n, Z is set when z is
 * zero, c is 0 or 1, V is bit 31 of v. CPSR names the status register, whose own copies of these flags are stale.
 */
#ifndef SPINNAKER_BOARD_INSTRUCTIONS_H
#define SPINNAKER_BOARD_INSTRUCTIONS_H

#include "alu.h"

/* Tables keep their own layout. */
/* clang-format off */
/* Conditions, DDI 0100 A3.2: by the flags, or by p and q when the flags are those of the subtraction p - q. */
#define IF_EQ(OF) OF(!z, p == q)
#define IF_NE(OF) OF(z, p != q)
#define IF_CS(OF) OF(c, p >= q)
#define IF_CC(OF) OF(!c, p < q)
#define IF_MI(OF) OF(n >> 31, n >> 31)
#define IF_PL(OF) OF(!(n >> 31), !(n >> 31))
#define IF_VS(OF) OF(v >> 31, v >> 31)
#define IF_VC(OF) OF(!(v >> 31), !(v >> 31))
#define IF_HI(OF) OF(c && z, p > q)
#define IF_LS(OF) OF(!(c && z), p <= q)
#define IF_GE(OF) OF(!((n ^ v) >> 31), (int32_t)p >= (int32_t)q)
#define IF_LT(OF) OF((n ^ v) >> 31, (int32_t)p < (int32_t)q)
#define IF_GT(OF) OF(z && !((n ^ v) >> 31), (int32_t)p > (int32_t)q)
#define IF_LE(OF) OF(!(z && !((n ^ v) >> 31)), (int32_t)p <= (int32_t)q)
#define OF_FLAGS(by_flags, by_comparison) (by_flags)
#define OF_COMPARISON(by_flags, by_comparison) (by_comparison)

/* Condition field, name. */
#define EACH_CONDITION(X)                                                                                              \
    X(0, EQ) X(1, NE) X(2, CS) X(3, CC) X(4, MI) X(5, PL) X(6, VS) X(7, VC)                                            \
    X(8, HI) X(9, LS) X(10, GE) X(11, LT) X(12, GT) X(13, LE)
/* clang-format on */
#define ALWAYS 14u

/* By the status register. */
static inline bool condition_holds(uint32_t cpsr, unsigned condition) {
    const uint32_t n = cpsr, z = !(cpsr & PSR_Z), c = cpsr >> 29 & 1u, v = cpsr << 3;
    switch (condition) {
#define HOLDS(number, name)                                                                                            \
    case number: return IF_##name(OF_FLAGS);
        EACH_CONDITION(HOLDS)
#undef HOLDS
    default: return true;
    }
}

/* clang-format off */
/*
 * Data processing, A3.4: the result of a, which is rn, and b, the operand, and how the flags come from it. LOGICAL:
 * C is the shifter's carry and V stays. DIFFERENCE(x, y): x - y. SUM(x, y, carry): x + y + carry.
 */
#define DATA_AND(DO) DO##_LOGICAL(a & b)
#define DATA_EOR(DO) DO##_LOGICAL(a ^ b)
#define DATA_SUB(DO) DO##_DIFFERENCE(a, b)
#define DATA_RSB(DO) DO##_DIFFERENCE(b, a)
#define DATA_ADD(DO) DO##_SUM(a, b, 0u)
#define DATA_ADC(DO) DO##_SUM(a, b, c)
#define DATA_SBC(DO) DO##_SUM(a, ~b, c)
#define DATA_RSC(DO) DO##_SUM(b, ~a, c)
#define DATA_TST(DO) DO##_LOGICAL(a & b)
#define DATA_TEQ(DO) DO##_LOGICAL(a ^ b)
#define DATA_CMP(DO) DO##_DIFFERENCE(a, b)
#define DATA_CMN(DO) DO##_SUM(a, b, 0u)
#define DATA_ORR(DO) DO##_LOGICAL(a | b)
#define DATA_MOV(DO) DO##_LOGICAL(b)
#define DATA_BIC(DO) DO##_LOGICAL(a & ~b)
#define DATA_MVN(DO) DO##_LOGICAL(~b)

/* Bits 24:21 and name, of those with a result and of those that only set the flags. EACH takes X as well. */
#define EACH_RESULT(EACH, X)                                                                                           \
    EACH(X, 0, AND) EACH(X, 1, EOR) EACH(X, 2, SUB) EACH(X, 3, RSB) EACH(X, 4, ADD) EACH(X, 5, ADC)                    \
    EACH(X, 6, SBC) EACH(X, 7, RSC) EACH(X, 12, ORR) EACH(X, 13, MOV) EACH(X, 14, BIC) EACH(X, 15, MVN)
#define EACH_TEST(EACH, X) EACH(X, 8, TST) EACH(X, 9, TEQ) EACH(X, 10, CMP) EACH(X, 11, CMN)
/* clang-format on */
#define ONCE(X, number, name) X(number, name)

#define NUMBER(number, name) NUMBER_##name = number,
enum data_number { EACH_RESULT(ONCE, NUMBER) EACH_TEST(ONCE, NUMBER) };
#undef NUMBER

/* The result as an expression. */
#define VALUE_LOGICAL(x) (x)
#define VALUE_DIFFERENCE(x, y) ((x) - (y))
#define VALUE_SUM(x, y, carry) ((x) + (y) + (carry))

/* Statements that set the flags; the result is then in n. `shifted_out` is the shifter's carry. */
#define FLAGS_LOGICAL(x)                                                                                               \
    n = z = x;                                                                                                         \
    c = shifted_out;
#define FLAGS_DIFFERENCE(x, y)                                                                                         \
    p = x;                                                                                                             \
    q = y;                                                                                                             \
    n = z = p - q;                                                                                                     \
    c = p >= q;                                                                                                        \
    v = (p ^ q) & (p ^ n);
#define FLAGS_SUM(x, y, carry)                                                                                         \
    {                                                                                                                  \
        const uint32_t first = x, second = y;                                                                          \
        const uint64_t wide = (uint64_t)first + second + carry;                                                        \
        n = z = (uint32_t)wide;                                                                                        \
        c = wide >> 32 & 1u;                                                                                           \
        v = ~(first ^ second) & (first ^ n);                                                                           \
    }

/* Forms of the operand, A5.1: its value and the shifter's carry. `amount` is 1 to 31, for LSR and ASR 1 to 32; that of
 * a constant says whether it was rotated. */
#define FORM_IMMEDIATE(OF, rm, rs, immediate, amount) OF(immediate, (amount) ? (immediate) >> 31 : c)
#define FORM_REGISTER(OF, rm, rs, immediate, amount) OF(rm, c)
#define FORM_LSL(OF, rm, rs, immediate, amount) OF(rm << (amount), rm >> (32u - (amount)) & 1u)
#define FORM_LSR(OF, rm, rs, immediate, amount) OF((uint32_t)((uint64_t)rm >> (amount)), rm >> ((amount) - 1u) & 1u)
#define FORM_ASR(OF, rm, rs, immediate, amount)                                                                        \
    OF((uint32_t)(((uint64_t)rm | (0u - (uint64_t)(rm >> 31)) << 32) >> (amount)), rm >> ((amount) - 1u) & 1u)
#define FORM_ROR(OF, rm, rs, immediate, amount) OF(rm >> (amount) | rm << (32u - (amount)), rm >> ((amount) - 1u) & 1u)
#define FORM_LSL_REGISTER(OF, rm, rs, immediate, amount) OF##_SHIFTED(SHIFT_LSL, rm, rs)
#define FORM_LSR_REGISTER(OF, rm, rs, immediate, amount) OF##_SHIFTED(SHIFT_LSR, rm, rs)
#define FORM_ASR_REGISTER(OF, rm, rs, immediate, amount) OF##_SHIFTED(SHIFT_ASR, rm, rs)
#define FORM_ROR_REGISTER(OF, rm, rs, immediate, amount) OF##_SHIFTED(SHIFT_ROR, rm, rs)
#define OF_VALUE(value, carry) (value)
#define OF_CARRY(value, carry) (carry)
#define OF_VALUE_SHIFTED(kind, rm, rs) shift_by(kind, rm, (rs) & 0xffu, false).value
#define OF_CARRY_SHIFTED(kind, rm, rs) shift_by(kind, rm, (rs) & 0xffu, c).carry

/* From LSL on in the order of the shift field. */
#define EACH_FORM(X, ...)                                                                                              \
    X(IMMEDIATE, __VA_ARGS__)                                                                                          \
    X(REGISTER, __VA_ARGS__)                                                                                           \
    X(LSL, __VA_ARGS__)                                                                                                \
    X(LSR, __VA_ARGS__)                                                                                                \
    X(ASR, __VA_ARGS__)                                                                                                \
    X(ROR, __VA_ARGS__)                                                                                                \
    X(LSL_REGISTER, __VA_ARGS__)                                                                                       \
    X(LSR_REGISTER, __VA_ARGS__)                                                                                       \
    X(ASR_REGISTER, __VA_ARGS__)                                                                                       \
    X(ROR_REGISTER, __VA_ARGS__)

/* Data processing without flags, with flags, and with flags alone. */
#define RUN_DATA(name, form, rd, rn, ...)                                                                              \
    {                                                                                                                  \
        const uint32_t a = rn, b = FORM_##form(OF_VALUE, __VA_ARGS__);                                                 \
        (void)a;                                                                                                       \
        rd = DATA_##name(VALUE);                                                                                       \
    }
#define RUN_TEST(name, form, rd, rn, ...)                                                                              \
    {                                                                                                                  \
        const uint32_t a = rn, b = FORM_##form(OF_VALUE, __VA_ARGS__);                                                 \
        const uint32_t shifted_out = FORM_##form(OF_CARRY, __VA_ARGS__);                                               \
        (void)a;                                                                                                       \
        (void)shifted_out;                                                                                             \
        DATA_##name(FLAGS)                                                                                             \
    }
#define RUN_DATA_S(name, form, rd, rn, ...)                                                                            \
    RUN_TEST(name, form, rd, rn, __VA_ARGS__)                                                                          \
    rd = n;

/*
 * Operations on registers alone: multiplications (A3.5), the enhanced DSP instructions (A10) and a few more. In long
 * forms rd is the high word and rn the low one; elsewhere rn is the accumulator. Saturating operations, CLZ and MRS
 * have their destination where the others have rn. `amount` chooses halves: bit 0 the top one of rm, bit 1 that of rs.
 * The accumulating 16-bit forms wrap and set Q when they do.
 */
#define DO_MUL(rd, rn, rm, rs, immediate, amount) rd = rm * rs;
#define DO_MULS(rd, rn, rm, rs, immediate, amount) rd = n = z = rm * rs;
#define DO_MLA(rd, rn, rm, rs, immediate, amount) rd = rm * rs + rn;
#define DO_UMULL(rd, rn, rm, rs, immediate, amount) SET_LONG(rd, rn, (uint64_t)rm *rs)
#define DO_UMLAL(rd, rn, rm, rs, immediate, amount) SET_LONG(rd, rn, (uint64_t)rm *rs + LONG(rd, rn))
#define DO_SMULL(rd, rn, rm, rs, immediate, amount) SET_LONG(rd, rn, SIGNED_PRODUCT(rm, rs))
#define DO_SMLAL(rd, rn, rm, rs, immediate, amount) SET_LONG(rd, rn, SIGNED_PRODUCT(rm, rs) + LONG(rd, rn))
#define DO_SMULXY(rd, rn, rm, rs, immediate, amount) rd = (uint32_t)HALF_PRODUCT(rm, rs, amount);
#define DO_SMLAXY(rd, rn, rm, rs, immediate, amount) ADD_WITH_Q(rd, (uint32_t)HALF_PRODUCT(rm, rs, amount), rn)
#define DO_SMLALXY(rd, rn, rm, rs, immediate, amount) SET_LONG(rd, rn, HALF_PRODUCT(rm, rs, amount) + LONG(rd, rn))
#define DO_SMULWY(rd, rn, rm, rs, immediate, amount) rd = WIDE_PRODUCT(rm, rs, amount);
#define DO_SMLAWY(rd, rn, rm, rs, immediate, amount) ADD_WITH_Q(rd, WIDE_PRODUCT(rm, rs, amount), rn)
#define DO_QADD(rd, rn, rm, rs, immediate, amount) SATURATED(rn, signed_word(rm) + signed_word(rd))
#define DO_QSUB(rd, rn, rm, rs, immediate, amount) SATURATED(rn, signed_word(rm) - signed_word(rd))
#define DO_QDADD(rd, rn, rm, rs, immediate, amount) SATURATED(rn, signed_word(rm) + DOUBLED(rd))
#define DO_QDSUB(rd, rn, rm, rs, immediate, amount) SATURATED(rn, signed_word(rm) - DOUBLED(rd))
#define DO_CLZ(rd, rn, rm, rs, immediate, amount) rn = rm ? (uint32_t)__builtin_clz(rm) : 32u;
#define DO_MRS(rd, rn, rm, rs, immediate, amount) rn = status(CPSR, n, z, c, v);

/* Number, name, cycles beyond the one of every instruction, registers written. Numbers: bits 23:21. */
#define EACH_MULTIPLY(X)                                                                                               \
    X(0, MUL, COST_MULTIPLY, WRITES_RD)                                                                                \
    X(1, MLA, COST_MULTIPLY, WRITES_RD)                                                                                \
    X(4, UMULL, COST_MULTIPLY, WRITES_RD | WRITES_RN)                                                                  \
    X(5, UMLAL, COST_MULTIPLY, WRITES_RD | WRITES_RN)                                                                  \
    X(6, SMULL, COST_MULTIPLY, WRITES_RD | WRITES_RN)                                                                  \
    X(7, SMLAL, COST_MULTIPLY, WRITES_RD | WRITES_RN)
/* Bits 22:21, and bit 5 as bit 2 where it chooses between two operations. */
#define EACH_HALF_MULTIPLY(X)                                                                                          \
    X(0, SMLAXY, COST_MULTIPLY, WRITES_RD)                                                                             \
    X(1, SMLAWY, COST_MULTIPLY, WRITES_RD)                                                                             \
    X(2, SMLALXY, COST_MULTIPLY, WRITES_RD | WRITES_RN)                                                                \
    X(3, SMULXY, COST_MULTIPLY, WRITES_RD)                                                                             \
    X(5, SMULWY, COST_MULTIPLY, WRITES_RD)
/* Bits 22:21. */
#define EACH_SATURATING(X)                                                                                             \
    X(0, QADD, 0u, WRITES_RN)                                                                                          \
    X(1, QSUB, 0u, WRITES_RN)                                                                                          \
    X(2, QDADD, 0u, WRITES_RN)                                                                                         \
    X(3, QDSUB, 0u, WRITES_RN)
#define EACH_REGISTER_OPERATION(X)                                                                                     \
    EACH_MULTIPLY(X)                                                                                                   \
    EACH_HALF_MULTIPLY(X)                                                                                              \
    EACH_SATURATING(X)                                                                                                 \
    X(0, MULS, COST_MULTIPLY, WRITES_RD | WRITES_FLAGS)                                                                \
    X(0, CLZ, 0u, WRITES_RN)                                                                                           \
    X(0, MRS, 0u, WRITES_RN)

/* What an operation writes; WRITES_LIST: the registers of a block, WRITES_COMPARISON: the flags of p - q. */
enum written {
    WRITES_NOTHING = 0,
    WRITES_RD = 1,
    WRITES_RN = 2,
    WRITES_RM = 4,
    WRITES_LIST = 8,
    WRITES_LINK = 16,
    WRITES_FLAGS = 32,
    WRITES_COMPARISON = 64,
};

#define LONG(high, low) ((uint64_t)high << 32 | low)
#define SET_LONG(high, low, value)                                                                                     \
    {                                                                                                                  \
        const uint64_t wide = value;                                                                                   \
        low = (uint32_t)wide;                                                                                          \
        high = (uint32_t)(wide >> 32);                                                                                 \
    }
#define SIGNED_PRODUCT(x, y) (uint64_t)(signed_word(x) * signed_word(y))
#define HALF_PRODUCT(x, y, halves)                                                                                     \
    (uint64_t)(signed_half(x >> ((halves) & 1u) * 16u) * signed_half(y >> ((halves) >> 1) * 16u))
#define WIDE_PRODUCT(x, y, halves)                                                                                     \
    (uint32_t)((uint64_t)(signed_word(x) * signed_half(y >> ((halves) >> 1) * 16u)) >> 16)
#define ADD_WITH_Q(destination, x, y)                                                                                  \
    {                                                                                                                  \
        const uint32_t first = x, second = y, sum = first + second;                                                    \
        CPSR |= (~(first ^ second) & (first ^ sum)) >> 31 ? PSR_Q : 0u;                                                \
        destination = sum;                                                                                             \
    }
#define SATURATED(destination, value)                                                                                  \
    {                                                                                                                  \
        bool saturated = false;                                                                                        \
        destination = saturate(value, &saturated);                                                                     \
        CPSR |= saturated ? PSR_Q : 0u;                                                                                \
    }
#define DOUBLED(x) signed_word(saturate(2 * signed_word(x), &saturated))

/* Single transfers, A5.2 and A5.3: bytes moved, and what a load makes of `value`. */
#define TRANSFER_LDR(OF) OF(4, value)
#define TRANSFER_LDRB(OF) OF(1, value)
#define TRANSFER_LDRH(OF) OF(2, value)
#define TRANSFER_LDRSB(OF) OF(1, sign_extend_byte(value))
#define TRANSFER_LDRSH(OF) OF(2, sign_extend_half(value))
#define TRANSFER_STR(OF) OF(4, value)
#define TRANSFER_STRB(OF) OF(1, value)
#define TRANSFER_STRH(OF) OF(2, value)
#define OF_SIZE(size, loaded) size
#define OF_LOADED(size, loaded) (loaded)

#define EACH_LOAD(EACH, X) EACH(X, LDR) EACH(X, LDRB) EACH(X, LDRH) EACH(X, LDRSB) EACH(X, LDRSH)
#define EACH_STORE(EACH, X) EACH(X, STR) EACH(X, STRB) EACH(X, STRH)
#define ONE(X, name) X(name)

/* Their addresses: where the access is, and the statement that writes the base back. LITERAL is relative to the pc. */
#define AT_OFFSET(OF, rn, rm, immediate, amount) OF(rn + (immediate), )
#define AT_INDEX(OF, rn, rm, immediate, amount) OF(rn + (rm << (amount)), )
#define AT_PRE(OF, rn, rm, immediate, amount) OF(rn + (immediate), rn = address;)
#define AT_POST(OF, rn, rm, immediate, amount) OF(rn, rn = address + (immediate);)
#define AT_LITERAL(OF, rn, rm, immediate, amount) OF(immediate, )
#define OF_ADDRESS(address, write_back) (address)
#define OF_WRITE_BACK(address, write_back) write_back

#define EACH_ADDRESS(X, ...)                                                                                           \
    X(OFFSET, __VA_ARGS__, WRITES_NOTHING)                                                                             \
    X(INDEX, __VA_ARGS__, WRITES_NOTHING)                                                                              \
    X(PRE, __VA_ARGS__, WRITES_RN)                                                                                     \
    X(POST, __VA_ARGS__, WRITES_RN)                                                                                    \
    X(LITERAL, __VA_ARGS__, WRITES_NOTHING)

/* Block transfers, A5.4: the lowest address, and the base afterwards, for `count` registers. */
#define BLOCK_FIRST(base, step) ((base) + sign_extend_half(step))
#define BLOCK_BASE_AFTER(base, up, count) ((up) ? (base) + 4u * (count) : (base) - 4u * (count))

/*
 * Operations that the engine and translated code each do in their own way, for they jump, access memory or change the
 * processor's state: what translated.h calls their kind (NONE: it leaves them to the engine), name, cycles beyond the
 * one of every instruction and those of the registers of a block, registers written.
 */
#define EACH_OTHER_OPERATION(X)                                                                                        \
    X(SPECIAL, LDRD, 2u * COST_BLOCK_REGISTER, WRITES_RD | WRITES_RM) /* base + constant */                            \
    X(SPECIAL, STRD, 2u * COST_BLOCK_REGISTER, WRITES_NOTHING)                                                         \
    X(BLOCK, LDM, 0u, WRITES_LIST)                                                                                     \
    X(BLOCK, LDM_PC, COST_BRANCH, WRITES_LIST)                                                                         \
    X(BLOCK, STM, 0u, WRITES_NOTHING)                                                                                  \
    X(NONE, LDM_RETURN, COST_BRANCH, WRITES_NOTHING) /* LDM with pc and ^: return from an exception */                 \
    X(JUMP, LDR_PC, COST_BRANCH, WRITES_NOTHING) /* base + constant */                                                 \
    X(JUMP, LDR_PC_INDEX, COST_BRANCH, WRITES_NOTHING)                                                                 \
    X(JUMP, LDR_PC_LITERAL, COST_BRANCH, WRITES_NOTHING)                                                               \
    X(JUMP, MOV_PC, COST_BRANCH, WRITES_NOTHING)                                                                       \
    X(JUMP, BX, COST_BRANCH, WRITES_NOTHING)                                                                           \
    X(NONE, BLX, COST_BRANCH, WRITES_NOTHING)                                                                          \
    X(NONE, BLX_CONSTANT, COST_BRANCH, WRITES_NOTHING)                                                                 \
    X(NONE, THUMB_LINK, COST_BRANCH, WRITES_NOTHING) /* second half of Thumb's BL and BLX */                           \
    X(BRANCH, BRANCH, COST_BRANCH, WRITES_NOTHING)                                                                     \
    X(BRANCH, BRANCH_LINK, COST_BRANCH, WRITES_LINK)                                                                   \
    X(SPECIAL, MSR, 0u, WRITES_FLAGS)                                                                                  \
    X(SPECIAL, MSR_IMMEDIATE, 0u, WRITES_FLAGS)

/* The status register with these flags, and what MSR with a mask of bytes may change of it in a privileged mode. */
static inline uint32_t status(uint32_t cpsr, uint32_t n, uint32_t z, uint32_t c, uint32_t v) {
    return (cpsr & 0x0fffffffu) | (n & PSR_N) | (z ? 0u : PSR_Z) | c << 29 | (v >> 31) << 28;
}
static inline uint32_t status_fields(uint32_t mask) {
    return (mask & 1u ? 0xffu & ~PSR_T : 0u) | (mask & 8u ? PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q : 0u);
}
#define FLAGS_FROM(cpsr)                                                                                               \
    n = (cpsr);                                                                                                        \
    z = !((cpsr) & PSR_Z);                                                                                             \
    c = (cpsr) >> 29 & 1u;                                                                                             \
    v = (cpsr) << 3;

#endif
