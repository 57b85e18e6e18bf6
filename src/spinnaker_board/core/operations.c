/* The rows of instructions.h by the code of their operation, as the translator is told of them. */
#include <stddef.h>
#include <string.h>

#include "decoded.h"

/* How the flags come from data processing. */
#define WRITTEN_LOGICAL(x) WRITES_FLAGS
#define WRITTEN_SUM(x, y, carry) WRITES_FLAGS
#define WRITTEN_DIFFERENCE(x, y) (WRITES_FLAGS | WRITES_COMPARISON)

#define DATA_ROWS(form, number, name)                                                                                  \
    [DATA_CODE(number, OPERAND_##form)] = {"DATA", #name, #form, 0, WRITES_RD},                                        \
                       [DATA_CODE(number, OPERAND_##form) + 1u] = {"DATA_S", #name, #form, 0,                          \
                                                                   WRITES_RD | DATA_##name(WRITTEN)},
#define TEST_ROW(form, number, name)                                                                                   \
    [DATA_CODE(number, OPERAND_##form) + 1u] = {"TEST", #name, #form, 0, DATA_##name(WRITTEN)},
#define LOAD_ROW(form, name, written)                                                                                  \
    [TRANSFER_CODE(KIND_##name, ADDRESS_##form)] = {"LOAD", #name, #form, 0, WRITES_RD | (written)},
#define STORE_ROW(form, name, written)                                                                                 \
    [TRANSFER_CODE(KIND_##name, ADDRESS_##form)] = {"STORE", #name, #form, 0, written},
#define REGISTER_ROW(number, name, cost, written) [OP_##name] = {"REGISTERS", #name, "", cost, written},
#define OTHER_ROW(kind, name, cost, written) [OP_##name] = {CALLED_##kind, #name, "", cost, written},
#define CALLED_NONE NULL
#define CALLED_BLOCK "BLOCK"
#define CALLED_JUMP "JUMP"
#define CALLED_BRANCH "BRANCH"
#define CALLED_SPECIAL "SPECIAL"

#define EACH_DATA_FORM(X, number, name) EACH_FORM(X, number, name)
#define EACH_ADDRESS_FORM(X, name) EACH_ADDRESS(X, name)

/* clang-format off */
const struct operation operations[OPERATIONS] = {
    EACH_RESULT(EACH_DATA_FORM, DATA_ROWS)
    EACH_TEST(EACH_DATA_FORM, TEST_ROW)
    EACH_LOAD(EACH_ADDRESS_FORM, LOAD_ROW)
    EACH_STORE(EACH_ADDRESS_FORM, STORE_ROW)
    EACH_REGISTER_OPERATION(REGISTER_ROW)
    EACH_OTHER_OPERATION(OTHER_ROW)
};
/* clang-format on */

const char *condition_name(unsigned condition) {
    static const char *const names[] = {
#define NAME(number, name) [number] = #name,
        EACH_CONDITION(NAME)};
    return condition < ALWAYS ? names[condition] : "";
}

uint32_t registers_written(const struct entry *entry, unsigned written) {
    return (written & WRITES_RD ? 1u << entry->rd : 0u) | (written & WRITES_RN ? 1u << entry->rn : 0u) |
           (written & WRITES_RM ? 1u << entry->rm : 0u) | (written & WRITES_LIST ? entry->immediate & 0x7fffu : 0u) |
           (written & WRITES_LINK ? 1u << 14 : 0u) | (entry->write_back ? 1u << entry->rn : 0u);
}

uint32_t cycles_of(const struct entry *entry, const struct operation *operation) {
    bool block = operation->kind && strcmp(operation->kind, CALLED_BLOCK) == 0;
    return COST_INSTRUCTION + operation->extra + (block ? entry->rs * COST_BLOCK_REGISTER : 0u);
}
