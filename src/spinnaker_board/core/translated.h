/*
 * The macros of translated code. The file that translation/source.py writes includes this one and calls INSTRUCTION for
 * each instruction, which does what the rows of instructions.h say.
 *
 * In a function, r0 to r14 are registers of the core, n, z, c and v its flags, p and q the operands of the last
 * comparison, pc the value to return, and f the frame. The arguments of INSTRUCTION are the operands (see struct entry;
 * a register that is not used may be 0u) and the `place`: the address, the cost of the instruction, and the fields of
 * struct native_block (owed, owed_extra, rest).
 */
#ifndef SPINNAKER_BOARD_TRANSLATED_H
#define SPINNAKER_BOARD_TRANSLATED_H

#include "instructions.h"
#include "memory.h"
#include "native.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define CPSR (*cpsr)

#define ENTER                                                                                                          \
    uint32_t *const r = f->r, *const cpsr = f->cpsr;                                                                   \
    uint8_t *const dtcm = f->dtcm;                                                                                     \
    const bool *const irq = f->irq, *const fiq = f->fiq;                                                               \
    uint32_t n = f->n, z = f->z, c = f->c, v = f->v, p = 0, q = 0, pc = 0;
#define RETURN                                                                                                         \
    f->n = n;                                                                                                          \
    f->z = z;                                                                                                          \
    f->c = c;                                                                                                          \
    f->v = v;                                                                                                          \
    return pc;

/* Counts cycles; `more` of them are beyond one for each instruction. */
#define PAY(cycles, more)                                                                                              \
    f->left -= (cycles);                                                                                               \
    f->extra += (more);
#define LEAVE(address, cycles, more)                                                                                   \
    {                                                                                                                  \
        PAY(cycles, more)                                                                                              \
        pc = address;                                                                                                  \
        goto out;                                                                                                      \
    }
#define BEFORE(place, cost, owed, owed_extra, rest) LEAVE(place, owed, owed_extra)
#define BEHIND(place, cost, owed, owed_extra, rest)                                                                    \
    LEAVE((place) + 4u, (owed) + (cost), (owed_extra) + (cost) - COST_INSTRUCTION)
#define BLOCK_OF(place, cost, owed, owed_extra, rest) {owed, owed_extra, rest}

/* The target of a word that is loaded into the pc; bit 0 is the state. */
static inline uint32_t target_of(uint32_t word) {
    return word & 1u ? word : word & ~3u;
}

#define INSTRUCTION(kind, ...) INSTRUCTION_##kind(__VA_ARGS__)
#define INSTRUCTION_DATA(name, form, rd, rn, rm, rs, immediate, amount, ...)                                           \
    RUN_DATA(name, form, rd, rn, rm, rs, immediate, amount)
#define INSTRUCTION_DATA_S(name, form, rd, rn, rm, rs, immediate, amount, ...)                                         \
    RUN_DATA_S(name, form, rd, rn, rm, rs, immediate, amount)
#define INSTRUCTION_TEST(name, form, rd, rn, rm, rs, immediate, amount, ...)                                           \
    RUN_TEST(name, form, rd, rn, rm, rs, immediate, amount)
#define INSTRUCTION_REGISTERS(name, form, rd, rn, rm, rs, immediate, amount, ...)                                      \
    DO_##name(rd, rn, rm, rs, immediate, amount)

#define INSTRUCTION_LOAD(name, form, rd, rn, rm, rs, immediate, amount, ...)                                           \
    {                                                                                                                  \
        const uint32_t address = AT_##form(OF_ADDRESS, rn, rm, immediate, amount);                                     \
        uint32_t value;                                                                                                \
        if (LIKELY(in_dtcm(address, TRANSFER_##name(OF_SIZE)))) {                                                      \
            value = get_bytes(dtcm + (address - DTCM_BASE), TRANSFER_##name(OF_SIZE));                                 \
            AT_##form(OF_WRITE_BACK, rn, rm, immediate, amount);                                                       \
            rd = TRANSFER_##name(OF_LOADED);                                                                           \
        } else {                                                                                                       \
            static const struct native_block here = BLOCK_OF(__VA_ARGS__);                                             \
            const int done = f->load(f, address, TRANSFER_##name(OF_SIZE), &here);                                     \
            if (done == NATIVE_NOT_DONE) {                                                                             \
                BEFORE(__VA_ARGS__)                                                                                    \
            }                                                                                                          \
            value = f->value;                                                                                          \
            AT_##form(OF_WRITE_BACK, rn, rm, immediate, amount);                                                       \
            rd = TRANSFER_##name(OF_LOADED);                                                                           \
            if (done == NATIVE_LAST) {                                                                                 \
                BEHIND(__VA_ARGS__)                                                                                    \
            }                                                                                                          \
        }                                                                                                              \
    }
#define INSTRUCTION_STORE(name, form, rd, rn, rm, rs, immediate, amount, ...)                                          \
    {                                                                                                                  \
        const uint32_t address = AT_##form(OF_ADDRESS, rn, rm, immediate, amount);                                     \
        if (LIKELY(in_dtcm(address, TRANSFER_##name(OF_SIZE)))) {                                                      \
            put_bytes(dtcm + (address - DTCM_BASE), TRANSFER_##name(OF_SIZE), rd);                                     \
            AT_##form(OF_WRITE_BACK, rn, rm, immediate, amount);                                                       \
        } else {                                                                                                       \
            static const struct native_block here = BLOCK_OF(__VA_ARGS__);                                             \
            const int done = f->store(f, address, TRANSFER_##name(OF_SIZE), &here, rd);                                \
            if (done == NATIVE_NOT_DONE) {                                                                             \
                BEFORE(__VA_ARGS__)                                                                                    \
            }                                                                                                          \
            AT_##form(OF_WRITE_BACK, rn, rm, immediate, amount);                                                       \
            if (done == NATIVE_LAST) {                                                                                 \
                BEHIND(__VA_ARGS__)                                                                                    \
            }                                                                                                          \
        }                                                                                                              \
    }

/* These enclose the transfers of single registers to or from `at`; `base` is the old base. */
#define BEGIN_BLOCK(rn, step, words, ...)                                                                              \
    {                                                                                                                  \
        const uint32_t base = rn, first = BLOCK_FIRST(base, step);                                                     \
        if (UNLIKELY(!block_in_dtcm(first, words))) {                                                                  \
            BEFORE(__VA_ARGS__)                                                                                        \
        }                                                                                                              \
        uint8_t *const at = dtcm + (first - DTCM_BASE);
#define END_BLOCK }

/* Operations that are translated in their own way. */
#define INSTRUCTION_SPECIAL(name, ...) SPECIAL_##name(__VA_ARGS__)
#define SPECIAL_LDRD(form, rd, rn, rm, rs, immediate, amount, ...)                                                     \
    BEGIN_BLOCK(rn + (immediate), 0u, 2u, __VA_ARGS__)                                                                 \
    rd = get_bytes(at, 4);                                                                                             \
    rm = get_bytes(at + 4, 4);                                                                                         \
    END_BLOCK
#define SPECIAL_STRD(form, rd, rn, rm, rs, immediate, amount, ...)                                                     \
    BEGIN_BLOCK(rn + (immediate), 0u, 2u, __VA_ARGS__)                                                                 \
    put_bytes(at, 4, rd);                                                                                              \
    put_bytes(at + 4, 4, rm);                                                                                          \
    END_BLOCK
#define SPECIAL_MSR(form, rd, rn, rm, rs, immediate, amount, ...) WRITE_STATUS(rm, amount, __VA_ARGS__)
#define SPECIAL_MSR_IMMEDIATE(form, rd, rn, rm, rs, immediate, amount, ...) WRITE_STATUS(immediate, amount, __VA_ARGS__)
/* If the mode stays the same and no interrupt is let in; otherwise the engine executes it. */
#define WRITE_STATUS(value, mask, ...)                                                                                 \
    {                                                                                                                  \
        const uint32_t now = status(CPSR, n, z, c, v), fields = status_fields(mask);                                   \
        const uint32_t next = (now & ~fields) | ((value) & fields);                                                    \
        const bool interrupted = (*irq && !(next & PSR_I)) || (*fiq && !(next & PSR_F));                               \
        if (interrupted || ((now ^ next) & PSR_MODE) || (now & PSR_MODE) == MODE_USR) {                                \
            BEFORE(__VA_ARGS__)                                                                                        \
        }                                                                                                              \
        CPSR = next;                                                                                                   \
        FLAGS_FROM(next)                                                                                               \
    }

/* Jumps, which set pc. */
#define INSTRUCTION_JUMP(name, ...) JUMP_##name(__VA_ARGS__)
#define JUMP_BX(form, rd, rn, rm, ...) pc = target_of(rm);
#define JUMP_MOV_PC(form, rd, rn, rm, ...) pc = rm & ~3u;
#define JUMP_LDR_PC(form, rd, rn, rm, rs, immediate, amount, ...)                                                      \
    LOAD_PC(AT_OFFSET(OF_ADDRESS, rn, rm, immediate, amount), __VA_ARGS__)
#define JUMP_LDR_PC_INDEX(form, rd, rn, rm, rs, immediate, amount, ...)                                                \
    LOAD_PC(AT_INDEX(OF_ADDRESS, rn, rm, immediate, amount), __VA_ARGS__)
/* From outside the ITCM; a target in the ITCM is a constant of the text. */
#define JUMP_LDR_PC_LITERAL(form, rd, rn, rm, rs, immediate, amount, ...) BEFORE(__VA_ARGS__)
#define LOAD_PC(from, ...)                                                                                             \
    {                                                                                                                  \
        const uint32_t address = from;                                                                                 \
        if (!in_dtcm(address, 4)) {                                                                                    \
            BEFORE(__VA_ARGS__)                                                                                        \
        }                                                                                                              \
        pc = target_of(get_bytes(dtcm + (address - DTCM_BASE), 4));                                                    \
    }

#endif
