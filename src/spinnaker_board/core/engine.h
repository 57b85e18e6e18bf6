/* The loop of decoded.c, which alone includes this file: run_decoded and the operations. */
#include "operations.h"

/*
 * The bus must see the right time; `bus_cost` is charged afterwards. An address that comes here is outside the TCMs,
 * or in the SDRAM without a pointer to it.
 */
#define BEGIN_BUS_ACCESS(sdram_cost)                                                                                   \
    do {                                                                                                               \
        core->cycles += (uint64_t)(budget - left) + COST_INSTRUCTION;                                                  \
        core->instructions += (uint64_t)(budget - left - extra) + 1u;                                                  \
        bus_cost = is_sdram(address) ? (sdram_cost) : COST_DEVICE;                                                     \
    } while (0)

#define DISPATCH goto *labels[e->code]
/* Behind an instruction that took `cost` cycles: on to entry `next`. */
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

/*
 * Executes from r[15], in the ITCM, until time is up, an interrupt is due or the plain interpreter has stepped in
 * (returns false), or until an instruction comes that the plain interpreter has to fetch and execute (returns true).
 */
static bool run_decoded(struct arm_core *core) {
    /* clang-format off: it takes the macros of this table for names */
    static const void *const labels[OPERATIONS] = {
        [OP_PLAIN] = &&plain,
        [OP_BEHIND] = &&delegate,
#define LABEL(number, form, name) [DATA(number, form)] = &&name##_##form, [DATA(number, form) + 1] = &&name##S_##form,
#define LABEL_LOGICAL(form, number, name, result) LABEL(number, form, name)
#define LABEL_ARITHMETIC(form, number, name, x, y, carry) LABEL(number, form, name)
#define LABEL_TEST(form, number, name, result) [DATA(number, form) + 1] = &&name##_##form,
#define LABEL_COMPARISON(form, number, name, x, y, carry) [DATA(number, form) + 1] = &&name##_##form,
        EACH_LOGICAL(LABEL_LOGICAL) EACH_ARITHMETIC(LABEL_ARITHMETIC) EACH_TEST(LABEL_TEST)
            EACH_COMPARISON(LABEL_COMPARISON)
#define LABEL_LOAD(form, name, size, loaded) [TRANSFER_CODE(form, name)] = &&name##_##form,
#define LABEL_STORE(form, name, size) [TRANSFER_CODE(form, name)] = &&name##_##form,
                EACH_ADDRESSED_LOAD(LABEL_LOAD) EACH_ADDRESSED_STORE(LABEL_STORE)
#define LABEL_CONDITION(number, holds) [OP_IF + number] = &&if_##number, [OP_BRANCH_IF + number] = &&branch_if_##number,
                    EACH_CONDITION(LABEL_CONDITION)[OP_UNDECODED] = &&undecoded,
        [OP_MUL] = &&mul,
        [OP_MULS] = &&muls,
        [OP_MLA] = &&mla,
        [OP_UMULL] = &&umull,
        [OP_UMLAL] = &&umlal,
        [OP_SMULL] = &&smull,
        [OP_SMLAL] = &&smlal,
        [OP_SMULXY] = &&smulxy,
        [OP_SMLAXY] = &&smlaxy,
        [OP_SMLALXY] = &&smlalxy,
        [OP_SMULWY] = &&smulwy,
        [OP_SMLAWY] = &&smlawy,
        [OP_QADD] = &&qadd,
        [OP_QSUB] = &&qsub,
        [OP_CLZ] = &&clz,
        [OP_LDRD] = &&ldrd,
        [OP_STRD] = &&strd,
        [OP_LDM] = &&ldm,
        [OP_LDM_PC] = &&ldm,
        [OP_LDM_RETURN] = &&ldm_return,
        [OP_STM] = &&stm,
        [OP_LDR_PC] = &&ldr_pc,
        [OP_LDR_PC_INDEX] = &&ldr_pc_index,
        [OP_LDR_PC_LITERAL] = &&ldr_pc_literal,
        [OP_BRANCH] = &&branch,
        [OP_BRANCH_LINK] = &&branch_link,
        [OP_BLX_CONSTANT] = &&blx_constant,
        [OP_BX] = &&bx,
        [OP_BLX] = &&blx,
        [OP_MOV_PC] = &&mov_pc,
        [OP_THUMB_LINK] = &&thumb_link,
        [OP_MRS] = &&mrs,
        [OP_MSR] = &&msr,
        [OP_MSR_IMMEDIATE] = &&msr_immediate,
        [OP_NATIVE] = &&native,
    };
    /* clang-format on */
    struct arm_decoded *const decoded = core->decoded;
    uint32_t *const r = core->r;
    uint8_t *const dtcm = core->dtcm;
    int64_t budget = (int64_t)(core->until - core->cycles);
    int64_t left = budget;
    int64_t extra = 0; /* cycles beyond one for each instruction: the others are the instructions */
    uint32_t n = core->cpsr;
    uint32_t z = !(core->cpsr & PSR_Z);
    uint32_t c = core->cpsr >> 29 & 1u;
    uint32_t v = core->cpsr << 3;
    struct entry *e = core->cpsr & PSR_T ? decoded->thumb + (r[15] >> 1) : decoded->arm + (r[15] >> 2);
    struct native_frame *const frame = &decoded->frame;
    uint32_t target = 0;
    uint32_t bus_cost = 0;
    uint64_t wide = 0;
    bool for_plain = true;
    DISPATCH;

undecoded:
    decode(core, e, core->cpsr & PSR_T ? (uint32_t)(e - decoded->thumb) * 2u : (uint32_t)(e - decoded->arm) * 4u,
           core->cpsr & PSR_T);
    DISPATCH;

#define RUN_LOGICAL(form, number, name, result)                                                                        \
    name##_##form : {                                                                                                  \
        uint32_t b = VALUE_##form;                                                                                     \
        r[e->rd] = result;                                                                                             \
    }                                                                                                                  \
    NEXT;                                                                                                              \
    name##S_##form : {                                                                                                 \
        uint32_t b = VALUE_##form;                                                                                     \
        c = CARRY_##form;                                                                                              \
        r[e->rd] = n = z = result;                                                                                     \
    }                                                                                                                  \
    NEXT;
    EACH_LOGICAL(RUN_LOGICAL)

#define RUN_ARITHMETIC(form, number, name, x, y, carry)                                                                \
    name##_##form : {                                                                                                  \
        uint32_t b = VALUE_##form;                                                                                     \
        r[e->rd] = x + y + carry;                                                                                      \
    }                                                                                                                  \
    NEXT;                                                                                                              \
    name##S_##form : {                                                                                                 \
        uint32_t b = VALUE_##form;                                                                                     \
        uint32_t first = x;                                                                                            \
        uint32_t second = y;                                                                                           \
        wide = (uint64_t)first + second + carry;                                                                       \
        n = z = (uint32_t)wide;                                                                                        \
        c = wide >> 32 & 1u;                                                                                           \
        v = ~(first ^ second) & (first ^ n);                                                                           \
        r[e->rd] = n;                                                                                                  \
    }                                                                                                                  \
    NEXT;
    EACH_ARITHMETIC(RUN_ARITHMETIC)

#define RUN_TEST(form, number, name, result)                                                                           \
    name##_##form : {                                                                                                  \
        uint32_t b = VALUE_##form;                                                                                     \
        c = CARRY_##form;                                                                                              \
        n = z = result;                                                                                                \
    }                                                                                                                  \
    NEXT;
    EACH_TEST(RUN_TEST)

#define RUN_COMPARISON(form, number, name, x, y, carry)                                                                \
    name##_##form : {                                                                                                  \
        uint32_t b = VALUE_##form;                                                                                     \
        uint32_t first = x;                                                                                            \
        uint32_t second = y;                                                                                           \
        wide = (uint64_t)first + second + carry;                                                                       \
        n = z = (uint32_t)wide;                                                                                        \
        c = wide >> 32 & 1u;                                                                                           \
        v = ~(first ^ second) & (first ^ n);                                                                           \
    }                                                                                                                  \
    NEXT;
    EACH_COMPARISON(RUN_COMPARISON)

#define RUN_CONDITION(number, holds)                                                                                   \
    if_##number : if (holds) {                                                                                         \
        goto *labels[e->body];                                                                                         \
    }                                                                                                                  \
    NEXT;                                                                                                              \
    branch_if_##number : if (holds) {                                                                                  \
        GO(e + (int32_t)e->immediate, COST_INSTRUCTION + COST_BRANCH);                                                 \
    }                                                                                                                  \
    NEXT;
    EACH_CONDITION(RUN_CONDITION)

#define RUN_LOAD(form, name, size, loaded)                                                                             \
    name##_##form : {                                                                                                  \
        uint32_t address = ADDRESS_OF_##form;                                                                          \
        if (in_dtcm(address, size)) {                                                                                  \
            uint32_t value = get_bytes(dtcm + (address - DTCM_BASE), size);                                            \
            WRITE_BACK_##form(e) r[e->rd] = loaded;                                                                    \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (is_itcm(address) && aligned(address, size)) {                                                              \
            uint32_t value = get_bytes(core->itcm + address, size);                                                    \
            WRITE_BACK_##form(e) r[e->rd] = loaded;                                                                    \
            NEXT;                                                                                                      \
        }                                                                                                              \
        if (is_sdram(address) && aligned(address, size) && core->sdram) {                                              \
            uint32_t value = get_bytes(core->sdram + sdram_offset(address), size);                                     \
            WRITE_BACK_##form(e) r[e->rd] = loaded;                                                                    \
            NEXT_AFTER(COST_SDRAM_READ);                                                                               \
        }                                                                                                              \
        if (aligned(address, size)) {                                                                                  \
            const struct entry keep = *e; /* the device may overwrite the code */                                      \
            uint32_t value = 0;                                                                                        \
            BEGIN_BUS_ACCESS(COST_SDRAM_READ);                                                                         \
            if (core->bus->read(core, address, size, &value) != 0) {                                                   \
                goto abort_data;                                                                                       \
            }                                                                                                          \
            WRITE_BACK_##form(&keep) r[keep.rd] = loaded;                                                              \
            goto after_bus_access;                                                                                     \
        }                                                                                                              \
        goto delegate;                                                                                                 \
    }
    EACH_ADDRESSED_LOAD(RUN_LOAD)

#define RUN_STORE(form, name, size)                                                                                    \
    name##_##form : {                                                                                                  \
        uint32_t address = ADDRESS_OF_##form;                                                                          \
        if (in_dtcm(address, size)) {                                                                                  \
            put_bytes(dtcm + (address - DTCM_BASE), size, r[e->rd]);                                                   \
            WRITE_BACK_##form(e) NEXT;                                                                                 \
        }                                                                                                              \
        if (is_sdram(address) && aligned(address, size) && core->sdram_store) {                                        \
            put_bytes(core->sdram_store + sdram_offset(address), size, r[e->rd]);                                      \
            WRITE_BACK_##form(e) NEXT_AFTER(COST_SDRAM_WRITE);                                                         \
        }                                                                                                              \
        if (aligned(address, size) && !is_itcm(address)) {                                                             \
            const struct entry keep = *e;                                                                              \
            uint32_t value = size == 4 ? r[e->rd] : r[e->rd] & ((1u << 8u * (size & 3u)) - 1u);                        \
            BEGIN_BUS_ACCESS(COST_SDRAM_WRITE);                                                                        \
            if (core->bus->write(core, address, size, value) != 0) {                                                   \
                goto abort_data;                                                                                       \
            }                                                                                                          \
            WRITE_BACK_##form(&keep) goto after_bus_access;                                                            \
        }                                                                                                              \
        goto delegate;                                                                                                 \
    }
    EACH_ADDRESSED_STORE(RUN_STORE)

ldrd:
    target = r[e->rn] + e->immediate;
    if (!in_dtcm(target, 4) || !in_dtcm(target + 4u, 4)) {
        goto delegate;
    }
    r[e->rd] = get_bytes(dtcm + (target - DTCM_BASE), 4);
    r[e->rd + 1u] = get_bytes(dtcm + (target + 4u - DTCM_BASE), 4);
    NEXT_AFTER(2u * COST_BLOCK_REGISTER);
strd:
    target = r[e->rn] + e->immediate;
    if (!in_dtcm(target, 4) || !in_dtcm(target + 4u, 4)) {
        goto delegate;
    }
    put_bytes(dtcm + (target - DTCM_BASE), 4, r[e->rd]);
    put_bytes(dtcm + (target + 4u - DTCM_BASE), 4, r[e->rd + 1u]);
    NEXT_AFTER(2u * COST_BLOCK_REGISTER);

/* Block transfers that lie in the DTCM or the SDRAM as a whole; the lowest register has the lowest address. */
ldm:
    {
        uint32_t base = r[e->rn];
        uint32_t first = base + sign_extend_half(e->step);
        uint32_t last = first + 4u * e->rs - 4u;
        const uint8_t *from = NULL;
        uint32_t cost = COST_INSTRUCTION + e->rs * COST_BLOCK_REGISTER;
        if (in_dtcm(first, 4) && in_dtcm(last, 4)) {
            from = dtcm + (first - DTCM_BASE);
        } else if (core->sdram && is_sdram(first) && is_sdram(last) && aligned(first, 4) && last > first) {
            from = core->sdram + sdram_offset(first);
            cost += e->rs * COST_SDRAM_READ;
        } else {
            goto delegate;
        }
        if (e->write_back) {
            r[e->rn] = e->amount ? base + 4u * e->rs : base - 4u * e->rs;
        }
        for (uint32_t list = e->immediate; list; list &= list - 1u, from += 4) {
            r[__builtin_ctz(list)] = get_bytes(from, 4);
        }
        if (e->immediate >> 15) {
            left -= (int64_t)(cost - COST_INSTRUCTION);
            extra += (int64_t)(cost - COST_INSTRUCTION);
            target = r[15];
            goto exchange;
        }
        GO(e + 1, cost);
    }
ldm_return:
    {
        uint32_t base = r[e->rn];
        uint32_t first = base + sign_extend_half(e->step);
        uint32_t last = first + 4u * e->rs - 4u;
        if (!in_dtcm(first, 4) || !in_dtcm(last, 4)) {
            goto delegate;
        }
        const uint8_t *from = dtcm + (first - DTCM_BASE);
        if (e->write_back) {
            r[e->rn] = e->amount ? base + 4u * e->rs : base - 4u * e->rs;
        }
        for (uint32_t list = e->immediate & 0x7fffu; list; list &= list - 1u, from += 4) {
            r[__builtin_ctz(list)] = get_bytes(from, 4);
        }
        core->cpsr = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
        core->cycles += (uint64_t)(budget - left) + COST_INSTRUCTION + e->rs * COST_BLOCK_REGISTER;
        core->instructions += (uint64_t)(budget - left - extra) + 1u;
        arm_return_from_exception(core, get_bytes(from, 4));
        return false;
    }
stm:
    {
        uint32_t base = r[e->rn];
        uint32_t first = base + sign_extend_half(e->step);
        uint32_t last = first + 4u * e->rs - 4u;
        uint8_t *to = NULL;
        uint32_t cost = COST_INSTRUCTION + e->rs * COST_BLOCK_REGISTER;
        if (in_dtcm(first, 4) && in_dtcm(last, 4)) {
            to = dtcm + (first - DTCM_BASE);
        } else if (core->sdram_store && is_sdram(first) && is_sdram(last) && aligned(first, 4) && last > first) {
            to = core->sdram_store + sdram_offset(first);
            cost += e->rs * COST_SDRAM_WRITE;
        } else {
            goto delegate;
        }
        for (uint32_t list = e->immediate; list; list &= list - 1u, to += 4) {
            put_bytes(to, 4, r[__builtin_ctz(list)]);
        }
        if (e->write_back) {
            r[e->rn] = e->amount ? base + 4u * e->rs : base - 4u * e->rs;
        }
        GO(e + 1, cost);
    }

/* Multiplications, as in plain_alu.c. */
mul:
    r[e->rd] = r[e->rm] * r[e->rs];
    NEXT_AFTER(COST_MULTIPLY);
muls:
    r[e->rd] = n = z = r[e->rm] * r[e->rs];
    NEXT_AFTER(COST_MULTIPLY);
mla:
    r[e->rd] = r[e->rm] * r[e->rs] + r[e->rn];
    NEXT_AFTER(COST_MULTIPLY);
umull:
    wide = (uint64_t)r[e->rm] * r[e->rs];
    goto long_result;
umlal:
    wide = (uint64_t)r[e->rm] * r[e->rs] + ((uint64_t)r[e->rd] << 32 | r[e->rn]);
    goto long_result;
smull:
    wide = (uint64_t)(signed_word(r[e->rm]) * signed_word(r[e->rs]));
    goto long_result;
smlal:
    wide = (uint64_t)(signed_word(r[e->rm]) * signed_word(r[e->rs])) + ((uint64_t)r[e->rd] << 32 | r[e->rn]);
    goto long_result;
smlalxy:
    wide =
        (uint64_t)(signed_half(r[e->rm] >> (e->amount & 1u) * 16u) * signed_half(r[e->rs] >> (e->amount >> 1) * 16u)) +
        ((uint64_t)r[e->rd] << 32 | r[e->rn]);
long_result:
    r[e->rn] = (uint32_t)wide;
    r[e->rd] = (uint32_t)(wide >> 32);
    NEXT_AFTER(COST_MULTIPLY);
smulxy:
    r[e->rd] =
        (uint32_t)(signed_half(r[e->rm] >> (e->amount & 1u) * 16u) * signed_half(r[e->rs] >> (e->amount >> 1) * 16u));
    NEXT_AFTER(COST_MULTIPLY);
smulwy:
    r[e->rd] = (uint32_t)((uint64_t)(signed_word(r[e->rm]) * signed_half(r[e->rs] >> (e->amount >> 1) * 16u)) >> 16);
    NEXT_AFTER(COST_MULTIPLY);
smlaxy:
    target =
        (uint32_t)(signed_half(r[e->rm] >> (e->amount & 1u) * 16u) * signed_half(r[e->rs] >> (e->amount >> 1) * 16u));
    goto accumulate;
smlawy:
    target = (uint32_t)((uint64_t)(signed_word(r[e->rm]) * signed_half(r[e->rs] >> (e->amount >> 1) * 16u)) >> 16);
accumulate:
    {
        bool saturated = false;
        int64_t sum = signed_word(target) + signed_word(r[e->rn]);
        saturate(sum, &saturated);
        r[e->rd] = (uint32_t)sum;
        core->cpsr |= saturated ? PSR_Q : 0u;
        NEXT_AFTER(COST_MULTIPLY);
    }

/* In these encodings the destination is in bits 15:12, which decode.c calls rn. */
qadd:
    {
        bool saturated = false;
        r[e->rn] = saturate(signed_word(r[e->rm]) + signed_word(r[e->rd]), &saturated);
        core->cpsr |= saturated ? PSR_Q : 0u;
        NEXT;
    }
qsub:
    {
        bool saturated = false;
        r[e->rn] = saturate(signed_word(r[e->rm]) - signed_word(r[e->rd]), &saturated);
        core->cpsr |= saturated ? PSR_Q : 0u;
        NEXT;
    }
clz:
    r[e->rn] = r[e->rm] ? (uint32_t)__builtin_clz(r[e->rm]) : 32u;
    NEXT;
mrs:
    r[e->rn] = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
    NEXT;

msr_immediate:
    target = e->immediate;
    goto write_status;
msr:
    target = r[e->rm];
write_status:
    {
        uint32_t now = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
        uint32_t fields = (e->rd & 1u ? 0xdfu : 0u) | (e->rd & 8u ? PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q : 0u);
        if ((now & PSR_MODE) == MODE_USR) {
            goto delegate;
        }
        arm_write_cpsr(core, (now & ~fields) | (target & fields));
        n = core->cpsr;
        z = !(core->cpsr & PSR_Z);
        c = core->cpsr >> 29 & 1u;
        v = core->cpsr << 3;
        if (interrupt_is_due(core)) {
            e++;
            left -= COST_INSTRUCTION;
            goto out_of_time;
        }
        NEXT;
    }

branch_link:
    r[14] = (uint32_t)(e + 1 - decoded->arm) * 4u;
    decoded->heat[r[14] / 4u + e->immediate - 1u]++;
branch:
    GO(e + (int32_t)e->immediate, COST_INSTRUCTION + COST_BRANCH);

/* A word loaded into the pc. */
ldr_pc_index:
    target = r[e->rn] + (r[e->rm] << e->amount);
    goto load_target;
ldr_pc:
    target = r[e->rn] + e->immediate;
    goto load_target;
ldr_pc_literal:
    target = e->immediate;
load_target:
    if (in_dtcm(target, 4)) {
        target = get_bytes(dtcm + (target - DTCM_BASE), 4);
    } else if (is_itcm(target) && aligned(target, 4)) {
        target = get_bytes(core->itcm + target, 4);
    } else if (aligned(target, 4) && !is_sdram(target)) { /* the vector of the interrupt controller */
        uint32_t address = target;
        BEGIN_BUS_ACCESS(COST_SDRAM_READ);
        if (core->bus->read(core, address, 4, &target) != 0) {
            goto abort_data;
        }
        core->cpsr = (core->cpsr & 0x0fffffdfu) | pack_flags(n, z, c, v) | (target & 1u ? PSR_T : 0u);
        core->cycles += bus_cost + COST_BRANCH;
        r[15] = target & (target & 1u ? ~1u : ~3u);
        return false;
    } else {
        goto delegate;
    }
    goto exchange;
blx_constant:
    r[14] = (uint32_t)(e + 1 - decoded->arm) * 4u;
    target = e->immediate;
    goto exchange;
blx:
    target = r[e->rm];
    r[14] = e->immediate;
    goto exchange;
bx:
    target = r[e->rm];
exchange: /* bit 0 of the target is the state */
    core->cpsr = target & 1u ? core->cpsr | PSR_T : core->cpsr & ~PSR_T;
    goto jump;
thumb_link: /* Thumb state; `amount` says whether to stay in it */
    target = r[14] + e->immediate;
    r[14] = (uint32_t)(e + 1 - decoded->thumb) * 2u | 1u;
    core->cpsr = e->amount ? core->cpsr : core->cpsr & ~PSR_T;
    goto jump;
mov_pc:
    target = r[e->rm];
jump:
    if (is_itcm(target)) {
        decoded->heat[target >> 2] += !(core->cpsr & PSR_T);
        GO(core->cpsr & PSR_T ? decoded->thumb + (target >> 1) : decoded->arm + (target >> 2),
           COST_INSTRUCTION + COST_BRANCH);
    }
    left -= COST_INSTRUCTION + COST_BRANCH;
    extra += COST_BRANCH;
    r[15] = target & (core->cpsr & PSR_T ? ~1u : ~3u);
    goto save;

native:
    {
        uint32_t address = (uint32_t)(e - decoded->arm) * 4u;
        const struct native_entry entry = decoded->native[address / 4u];
        frame->left = left;
        frame->extra = extra;
        frame->budget = budget;
        frame->n = n;
        frame->z = z;
        frame->c = c;
        frame->v = v;
        frame->aborted = false;
        core->native_instructions -= core->instructions + (uint64_t)(budget - left - extra);
        target = entry.function(frame, entry.head);
        if (frame->left == left && !frame->aborted) { /* the cycles left do not suffice for its first block */
            core->native_instructions += core->instructions + (uint64_t)(budget - left - extra);
            goto *labels[entry.code];
        }
        n = frame->n;
        z = frame->z;
        c = frame->c;
        v = frame->v;
        left = frame->left;
        extra = frame->extra;
        budget = frame->budget;
        core->native_instructions += core->instructions;
        if (frame->aborted) {
            e = decoded->arm + (target >> 2);
            bus_cost = frame->bus_cost;
            goto abort_data;
        }
        core->native_instructions += (uint64_t)(budget - left - extra);
        core->cpsr |= target & 1u ? PSR_T : 0u;
        if (!is_itcm(target)) {
            r[15] = target & ~1u;
            goto save;
        }
        e = target & 1u ? decoded->thumb + (target >> 1) : decoded->arm + (target >> 2);
        if (left <= 0 || interrupt_is_due(core)) {
            goto out_of_time;
        }
        DISPATCH;
    }

after_bus_access: /* lines and `until` may have changed */
    core->cycles += bus_cost;
    e++;
    extra = 0;
    left = budget = (int64_t)(core->until - core->cycles);
    if (left <= 0 || interrupt_is_due(core)) {
        goto out_of_time;
    }
    DISPATCH;

abort_data: /* with the registers as they were */
    core->cpsr = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
    core->cycles += bus_cost;
    r[15] = core->cpsr & PSR_T ? (uint32_t)(e - decoded->thumb) * 2u + 4u : (uint32_t)(e - decoded->arm) * 4u + 8u;
    data_abort(core);
    return false;

plain:
    { /* an instruction that has no operation: the plain interpreter's executor, without fetching it again */
        bool thumb = core->cpsr & PSR_T;
        uint32_t instruction = e->immediate;
        uint32_t address = thumb ? (uint32_t)(e - decoded->thumb) * 2u : (uint32_t)(e - decoded->arm) * 4u;
        core->cpsr = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
        core->cycles += (uint64_t)(budget - left) + COST_INSTRUCTION;
        core->instructions += (uint64_t)(budget - left - extra) + 1u;
        r[15] = address + (thumb ? 4u : 8u);
        enum flow flow = thumb ? plain_thumb(core, instruction) : plain_arm(core, instruction);
        if (flow == SEQUENTIAL) {
            r[15] = address + (thumb ? 2u : 4u);
        }
        return false;
    }

out_of_time:
    for_plain = false;
delegate:
    r[15] = core->cpsr & PSR_T ? (uint32_t)(e - decoded->thumb) * 2u : (uint32_t)(e - decoded->arm) * 4u;
save:
    core->cpsr = (core->cpsr & 0x0fffffffu) | pack_flags(n, z, c, v);
    core->cycles += (uint64_t)(budget - left);
    core->instructions += (uint64_t)(budget - left - extra);
    return for_plain && left > 0;
}
