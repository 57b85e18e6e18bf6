/*
 * Tables from which engine.h makes its operations: where operands and addresses come from, what data processing yields,
 * when conditions hold. They speak of the engine's local variables: registers r, entry e, flags n, z, c and v.
 */
#ifndef SPINNAKER_BOARD_OPERATIONS_H
#define SPINNAKER_BOARD_OPERATIONS_H

#include "alu.h"
#include "decoded.h"

/* Where operands of data processing come from, and the shifter's carry out; `e` is the entry. */
#define VALUE_IMMEDIATE e->immediate
#define VALUE_REGISTER r[e->rm]
#define VALUE_LSL (r[e->rm] << e->amount)
#define VALUE_LSR (uint32_t)((uint64_t)r[e->rm] >> e->amount)
#define VALUE_ASR (uint32_t)(((uint64_t)r[e->rm] | (0u - (uint64_t)(r[e->rm] >> 31)) << 32) >> e->amount)
#define VALUE_ROR (r[e->rm] >> e->amount | r[e->rm] << (32u - e->amount))
#define VALUE_LSL_REGISTER shift_by(SHIFT_LSL, r[e->rm], r[e->rs] & 0xffu, false).value
#define VALUE_LSR_REGISTER shift_by(SHIFT_LSR, r[e->rm], r[e->rs] & 0xffu, false).value
#define VALUE_ASR_REGISTER shift_by(SHIFT_ASR, r[e->rm], r[e->rs] & 0xffu, false).value
#define VALUE_ROR_REGISTER shift_by(SHIFT_ROR, r[e->rm], r[e->rs] & 0xffu, false).value

#define CARRY_IMMEDIATE (e->amount ? e->immediate >> 31 : c)
#define CARRY_REGISTER c
#define CARRY_LSL (r[e->rm] >> (32u - e->amount) & 1u)
#define CARRY_LSR (r[e->rm] >> (e->amount - 1u) & 1u)
#define CARRY_ASR (r[e->rm] >> (e->amount - 1u) & 1u)
#define CARRY_ROR (r[e->rm] >> (e->amount - 1u) & 1u)
#define CARRY_LSL_REGISTER shift_by(SHIFT_LSL, r[e->rm], r[e->rs] & 0xffu, c).carry
#define CARRY_LSR_REGISTER shift_by(SHIFT_LSR, r[e->rm], r[e->rs] & 0xffu, c).carry
#define CARRY_ASR_REGISTER shift_by(SHIFT_ASR, r[e->rm], r[e->rs] & 0xffu, c).carry
#define CARRY_ROR_REGISTER shift_by(SHIFT_ROR, r[e->rm], r[e->rs] & 0xffu, c).carry

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

/* Operation number, name, result of a = r[rn] and b = the operand. */
#define EACH_LOGICAL(X)                                                                                                \
    EACH_FORM(X, 0, AND, r[e->rn] & b)                                                                                 \
    EACH_FORM(X, 1, EOR, r[e->rn] ^ b)                                                                                 \
    EACH_FORM(X, 12, ORR, r[e->rn] | b)                                                                                \
    EACH_FORM(X, 13, MOV, b)                                                                                           \
    EACH_FORM(X, 14, BIC, r[e->rn] & ~b)                                                                               \
    EACH_FORM(X, 15, MVN, ~b)

/* Operation number, name, the two summands and the carry in; subtraction adds the complement. */
#define EACH_ARITHMETIC(X)                                                                                             \
    EACH_FORM(X, 2, SUB, r[e->rn], ~b, 1u)                                                                             \
    EACH_FORM(X, 3, RSB, b, ~r[e->rn], 1u)                                                                             \
    EACH_FORM(X, 4, ADD, r[e->rn], b, 0u)                                                                              \
    EACH_FORM(X, 5, ADC, r[e->rn], b, c)                                                                               \
    EACH_FORM(X, 6, SBC, r[e->rn], ~b, c)                                                                              \
    EACH_FORM(X, 7, RSC, b, ~r[e->rn], c)

#define EACH_TEST(X)                                                                                                   \
    EACH_FORM(X, 8, TST, r[e->rn] & b)                                                                                 \
    EACH_FORM(X, 9, TEQ, r[e->rn] ^ b)

#define EACH_COMPARISON(X)                                                                                             \
    EACH_FORM(X, 10, CMP, r[e->rn], ~b, 1u)                                                                            \
    EACH_FORM(X, 11, CMN, r[e->rn], b, 0u)

#define DATA(number, form) (OP_DATA + (number * OPERAND_FORMS + OPERAND_##form) * 2)

/* Effective addresses of single transfers, and what is written back. */
#define ADDRESS_OF_OFFSET (r[e->rn] + e->immediate)
#define ADDRESS_OF_INDEX (r[e->rn] + (r[e->rm] << e->amount))
#define ADDRESS_OF_PRE (r[e->rn] + e->immediate)
#define ADDRESS_OF_POST r[e->rn]
#define ADDRESS_OF_LITERAL e->immediate
#define WRITE_BACK_OFFSET(entry) (void)(entry);
#define WRITE_BACK_INDEX(entry) (void)(entry);
#define WRITE_BACK_PRE(entry) r[(entry)->rn] = address;
#define WRITE_BACK_POST(entry) r[(entry)->rn] = address + (entry)->immediate;
#define WRITE_BACK_LITERAL(entry) (void)(entry);

#define EACH_LOAD(X, form)                                                                                             \
    X(form, LDR, 4, value)                                                                                             \
    X(form, LDRB, 1, value)                                                                                            \
    X(form, LDRH, 2, value)                                                                                            \
    X(form, LDRSB, 1, sign_extend_byte(value))                                                                         \
    X(form, LDRSH, 2, sign_extend_half(value))
#define EACH_STORE(X, form)                                                                                            \
    X(form, STR, 4)                                                                                                    \
    X(form, STRB, 1)                                                                                                   \
    X(form, STRH, 2)
#define EACH_ADDRESSED_LOAD(X)                                                                                         \
    EACH_LOAD(X, OFFSET) EACH_LOAD(X, INDEX) EACH_LOAD(X, PRE) EACH_LOAD(X, POST) EACH_LOAD(X, LITERAL)
#define EACH_ADDRESSED_STORE(X) EACH_STORE(X, OFFSET) EACH_STORE(X, INDEX) EACH_STORE(X, PRE) EACH_STORE(X, POST)

#define TRANSFER_CODE(form, name) (OP_TRANSFER + TRANSFER_##name * ADDRESS_FORMS + ADDRESS_##form)

#define EACH_CONDITION(X)                                                                                              \
    X(0, !z)                                                                                                           \
    X(1, z)                                                                                                            \
    X(2, c)                                                                                                            \
    X(3, !c)                                                                                                           \
    X(4, n >> 31)                                                                                                      \
    X(5, !(n >> 31))                                                                                                   \
    X(6, v >> 31)                                                                                                      \
    X(7, !(v >> 31))                                                                                                   \
    X(8, c &&z)                                                                                                        \
    X(9, !(c && z))                                                                                                    \
    X(10, !((n ^ v) >> 31))                                                                                            \
    X(11, (n ^ v) >> 31)                                                                                               \
    X(12, z && !((n ^ v) >> 31))                                                                                       \
    X(13, !(z && !((n ^ v) >> 31)))

#endif
