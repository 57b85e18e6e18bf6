/*
 * The operations of the engine, made from the rows of instructions.h: for each one its label, what it does, and the
 * jump to the next one. The macros use local variables of run_decoded; only engine.c includes this file.
 */
#ifndef SPINNAKER_BOARD_ENGINE_H
#define SPINNAKER_BOARD_ENGINE_H

#include "decoded.h"
#include "memory.h"

#define CPSR core->cpsr

/* The operands of an entry, for rows. */
#define OPERANDS r[e->rm], r[e->rs], e->immediate, e->amount
#define CALL(row, ...) row(__VA_ARGS__)
#define SIZE(name) TRANSFER_##name(OF_SIZE)

#define DISPATCH goto *labels[e->code]
/* After an instruction that took `cost` cycles: goes on with the entry `next`. */
#define GO(next, cost)                                                                                                 \
    do {                                                                                                               \
        e = (next);                                                                                                    \
        left -= (int64_t)(cost);                                                                                       \
        extra += (int64_t)(cost) - (int64_t)COST_INSTRUCTION;                                                          \
        if (left <= 0) {                                                                                               \
            goto out_of_time;                                                                                          \
        }                                                                                                              \
        DISPATCH;                                                                                                      \
    } while (0)
#define NEXT GO(e + 1, COST_INSTRUCTION)
#define NEXT_AFTER(extra) GO(e + 1, COST_INSTRUCTION + (extra))

/* While a function of access.c or translated code runs, the clock is in the frame. */
#define CLOCK_TO_FRAME                                                                                                 \
    frame->left = left;                                                                                                \
    frame->extra = extra;                                                                                              \
    frame->budget = budget;                                                                                            \
    frame->aborted = false;
#define CLOCK_FROM_FRAME                                                                                               \
    left = frame->left;                                                                                                \
    extra = frame->extra;                                                                                              \
    budget = frame->budget;

/* The labels, by the code of the operation. */
/* clang-format off */
#define DATA_LABELS(form, number, name)                                                                                \
    [DATA_CODE(number, OPERAND_##form)] = &&name##_##form, [DATA_CODE(number, OPERAND_##form) + 1u] = &&name##S_##form,
#define TEST_LABEL(form, number, name) [DATA_CODE(number, OPERAND_##form) + 1u] = &&name##_##form,
#define TRANSFER_LABEL(form, name, written) [TRANSFER_CODE(KIND_##name, ADDRESS_##form)] = &&name##_##form,
#define CONDITION_LABELS(number, name) [OP_IF + number] = &&if_##name, [OP_BRANCH_IF + number] = &&branch_if_##name,
#define REGISTER_LABEL(number, name, cost, written) [OP_##name] = &&run_##name,
#define OTHER_LABEL(kind, name, cost, written) [OP_##name] = &&run_##name,
#define DATA_FORMS(X, number, name) EACH_FORM(X, number, name)
#define ADDRESS_FORMS_OF(X, name) EACH_ADDRESS(X, name)
/* clang-format on */

#define RUN_CONDITION(number, name)                                                                                    \
    if_##name : if (IF_##name(OF_FLAGS)) {                                                                             \
        goto *labels[e->body];                                                                                         \
    }                                                                                                                  \
    NEXT;                                                                                                              \
    branch_if_##name : if (IF_##name(OF_FLAGS)) {                                                                      \
        GO(e + (int32_t)e->immediate, COST_INSTRUCTION + EXTRA_BRANCH);                                                \
    }                                                                                                                  \
    NEXT;

#define RUN_RESULT_FORM(form, number, name)                                                                            \
    name##_##form : RUN_DATA(name, form, r[e->rd], r[e->rn], OPERANDS) NEXT;                                           \
    name##S_##form : RUN_DATA_S(name, form, r[e->rd], r[e->rn], OPERANDS) NEXT;
#define RUN_TEST_FORM(form, number, name) name##_##form : RUN_TEST(name, form, r[e->rd], r[e->rn], OPERANDS) NEXT;

#define RUN_REGISTER_OPERATION(number, name, cost, written)                                                            \
    run_##name : CALL(DO_##name, r[e->rd], r[e->rn], OPERANDS) NEXT_AFTER(EXTRA_##name);

/* The entry is copied before an access, because a device may overwrite the code. */
#define RUN_LOAD(form, name, written)                                                                                  \
    name##_##form : {                                                                                                  \
        const uint32_t address = AT_##form(OF_ADDRESS, r[e->rn], r[e->rm], e->immediate, e->amount);                   \
        if (in_dtcm(address, SIZE(name))) {                                                                            \
            const uint32_t value = get_bytes(dtcm + (address - DTCM_BASE), SIZE(name));                                \
            AT_##form(OF_WRITE_BACK, r[e->rn], r[e->rm], e->immediate, e->amount);                                     \
            r[e->rd] = TRANSFER_##name(OF_LOADED);                                                                     \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (is_itcm(address) && aligned(address, SIZE(name))) {                                                        \
            const uint32_t value = get_bytes(core->itcm + address, SIZE(name));                                        \
            AT_##form(OF_WRITE_BACK, r[e->rn], r[e->rm], e->immediate, e->amount);                                     \
            r[e->rd] = TRANSFER_##name(OF_LOADED);                                                                     \
            NEXT;                                                                                                      \
        }                                                                                                              \
        const struct entry keep = *e;                                                                                  \
        CLOCK_TO_FRAME                                                                                                 \
        int done = native_load(frame, address, SIZE(name), &single_instruction);                                       \
        if (done == NATIVE_NOT_DONE) {                                                                                 \
            goto not_done;                                                                                             \
        }                                                                                                              \
        const uint32_t value = frame->value;                                                                           \
        AT_##form(OF_WRITE_BACK, r[keep.rn], r[keep.rm], keep.immediate, keep.amount);                                 \
        r[keep.rd] = TRANSFER_##name(OF_LOADED);                                                                       \
        CLOCK_FROM_FRAME                                                                                               \
        if (done == NATIVE_LAST) {                                                                                     \
            goto last;                                                                                                 \
        }                                                                                                              \
        NEXT;                                                                                                          \
    }

#define RUN_STORE(form, name, written)                                                                                 \
    name##_##form : {                                                                                                  \
        const uint32_t address = AT_##form(OF_ADDRESS, r[e->rn], r[e->rm], e->immediate, e->amount);                   \
        if (in_dtcm(address, SIZE(name))) {                                                                            \
            put_bytes(dtcm + (address - DTCM_BASE), SIZE(name), r[e->rd]);                                             \
            AT_##form(OF_WRITE_BACK, r[e->rn], r[e->rm], e->immediate, e->amount);                                     \
            NEXT;                                                                                                      \
        }                                                                                                              \
        const struct entry keep = *e;                                                                                  \
        (void)keep;                                                                                                    \
        CLOCK_TO_FRAME                                                                                                 \
        int done = native_store(frame, address, SIZE(name), &single_instruction, r[e->rd]);                            \
        if (done == NATIVE_NOT_DONE) {                                                                                 \
            goto not_done;                                                                                             \
        }                                                                                                              \
        AT_##form(OF_WRITE_BACK, r[keep.rn], r[keep.rm], keep.immediate, keep.amount);                                 \
        CLOCK_FROM_FRAME                                                                                               \
        if (done == NATIVE_LAST) {                                                                                     \
            goto last;                                                                                                 \
        }                                                                                                              \
        NEXT;                                                                                                          \
    }

#endif
