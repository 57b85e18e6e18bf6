/*
 * The engine that executes decoded instructions, and the processor's entry, arm_run.
 *
 * Within run_decoded the state of the core is in local variables: the entry instead of the pc, the flags as
 * instructions.h defines them, and the remaining cycles. It returns to arm_run after an OP_PLAIN, for a target outside
 * the ITCM, when an interrupt is due and when the cycles are used up. Each operation ends with a jump to the next one.
 * The jumps need labels as values, an extension of GCC and Clang, and all operations in one function: most come from
 * the rows of instructions.h, and rare cases are in functions of their own.
 */
#include "engine.h"

static const struct native_block single_instruction = {0, 0, 0};

static inline bool interrupt_is_due(const struct arm_core *core) {
    return (core->fiq && !(core->cpsr & PSR_F)) || (core->irq && !(core->cpsr & PSR_I));
}

static inline uint32_t address_of(const struct arm_core *core, const struct entry *e) {
    const struct arm_decoded *decoded = core->decoded;
    return core->cpsr & PSR_T ? (uint32_t)(e - decoded->thumb) * 2u : (uint32_t)(e - decoded->arm) * 4u;
}

static inline struct entry *entry_at(const struct arm_core *core, uint32_t address) {
    struct arm_decoded *decoded = core->decoded;
    return core->cpsr & PSR_T ? decoded->thumb + (address >> 1) : decoded->arm + (address >> 2);
}

static inline bool block_in_sdram(uint32_t first, uint32_t words) {
    uint32_t last = first + 4u * words - 4u;
    return is_sdram(first) && is_sdram(last) && aligned(first, 4) && last > first;
}

/* An instruction that has no operation: the plain interpreter's executor, without fetching it again. */
static void run_plain(struct arm_core *core, const struct entry *e) {
    bool thumb = core->cpsr & PSR_T;
    uint32_t instruction = e->immediate;
    uint32_t address = address_of(core, e);
    core->r[15] = address + (thumb ? 4u : 8u);
    enum flow flow = thumb ? plain_thumb(core, instruction) : plain_arm(core, instruction);
    if (flow == SEQUENTIAL) {
        core->r[15] = address + (thumb ? 2u : 4u);
    }
}

/*
 * Executes from r[15], in the ITCM, until time is up, an interrupt is due or the plain interpreter has stepped in
 * (returns false), or until an instruction comes that the plain interpreter has to fetch and execute (returns true).
 */
static bool run_decoded(struct arm_core *core) {
    /* clang-format off */
    static const void *const labels[OPERATIONS] = {
        [OP_UNDECODED] = &&undecoded,
        [OP_PLAIN] = &&plain,
        [OP_BEHIND] = &&delegate,
        [OP_NATIVE] = &&native,
        EACH_REGISTER_OPERATION(REGISTER_LABEL) EACH_OTHER_OPERATION(OTHER_LABEL) EACH_CONDITION(CONDITION_LABELS)
            EACH_RESULT(DATA_FORMS, DATA_LABELS) EACH_TEST(DATA_FORMS, TEST_LABEL)
                EACH_LOAD(ADDRESS_FORMS_OF, TRANSFER_LABEL) EACH_STORE(ADDRESS_FORMS_OF, TRANSFER_LABEL)};
    /* clang-format on */
    struct arm_decoded *const decoded = core->decoded;
    struct native_frame *const frame = &decoded->frame;
    uint32_t *const r = core->r;
    uint8_t *const dtcm = core->dtcm;
    int64_t budget = (int64_t)(core->until - core->cycles);
    int64_t left = budget;
    int64_t extra = 0; /* cycles beyond one for each instruction; the remaining cycles count the instructions */
    uint32_t n, z, c, v, p, q;
    FLAGS_FROM(core->cpsr)
    struct entry *e = entry_at(core, r[15]);
    uint32_t target = 0;
    bool for_plain = true;
    DISPATCH;

undecoded:
    decode(core, e, address_of(core, e), core->cpsr & PSR_T);
    DISPATCH;

    EACH_CONDITION(RUN_CONDITION)

    EACH_RESULT(DATA_FORMS, RUN_RESULT_FORM)
    EACH_TEST(DATA_FORMS, RUN_TEST_FORM)

    EACH_REGISTER_OPERATION(RUN_REGISTER_OPERATION)

    EACH_LOAD(ADDRESS_FORMS_OF, RUN_LOAD)

    EACH_STORE(ADDRESS_FORMS_OF, RUN_STORE)

last: /* after an access that ends the loop: cycles are used up, or interrupt lines may have changed */
    e++;
    left -= COST_INSTRUCTION;
    goto out_of_time;
not_done:
    if (frame->aborted) {
        goto abort_data;
    }
    goto delegate;

run_LDRD:
    target = r[e->rn] + e->immediate;
    if (!block_in_dtcm(target, 2)) {
        goto delegate;
    }
    r[e->rd] = get_bytes(dtcm + (target - DTCM_BASE), 4);
    r[e->rm] = get_bytes(dtcm + (target + 4u - DTCM_BASE), 4);
    NEXT_AFTER(EXTRA_LDRD);
run_STRD:
    target = r[e->rn] + e->immediate;
    if (!block_in_dtcm(target, 2)) {
        goto delegate;
    }
    put_bytes(dtcm + (target - DTCM_BASE), 4, r[e->rd]);
    put_bytes(dtcm + (target + 4u - DTCM_BASE), 4, r[e->rm]);
    NEXT_AFTER(EXTRA_STRD);

/* Block transfers that lie in the DTCM or the SDRAM as a whole; the lowest register has the lowest address. */
run_LDM:
run_LDM_PC:
    {
        const uint32_t base = r[e->rn], first = BLOCK_FIRST(base, e->step), words = e->rs;
        const uint8_t *from = NULL;
        uint32_t more = words * COST_BLOCK_REGISTER;
        if (block_in_dtcm(first, words)) {
            from = dtcm + (first - DTCM_BASE);
        } else if (core->sdram && block_in_sdram(first, words)) {
            from = core->sdram + sdram_offset(first);
            more += words * COST_SDRAM_READ;
        } else {
            goto delegate;
        }
        if (e->write_back) {
            r[e->rn] = BLOCK_BASE_AFTER(base, e->amount, words);
        }
        for (uint32_t list = e->immediate; list; list &= list - 1u, from += 4) {
            r[__builtin_ctz(list)] = get_bytes(from, 4);
        }
        if (e->immediate >> 15) {
            left -= more;
            extra += more;
            target = r[15];
            goto exchange;
        }
        NEXT_AFTER(more);
    }
run_LDM_RETURN:
    {
        const uint32_t base = r[e->rn], first = BLOCK_FIRST(base, e->step), words = e->rs;
        if (!block_in_dtcm(first, words)) {
            goto delegate;
        }
        const uint8_t *from = dtcm + (first - DTCM_BASE);
        if (e->write_back) {
            r[e->rn] = BLOCK_BASE_AFTER(base, e->amount, words);
        }
        for (uint32_t list = e->immediate & 0x7fffu; list; list &= list - 1u, from += 4) {
            r[__builtin_ctz(list)] = get_bytes(from, 4);
        }
        core->cpsr = status(core->cpsr, n, z, c, v);
        core->cycles += (uint64_t)(budget - left) + COST_INSTRUCTION + words * COST_BLOCK_REGISTER;
        core->instructions += (uint64_t)(budget - left - extra) + 1u;
        arm_return_from_exception(core, get_bytes(from, 4)); /* takes the cycles of the jump */
        return false;
    }
run_STM:
    {
        const uint32_t base = r[e->rn], first = BLOCK_FIRST(base, e->step), words = e->rs;
        uint8_t *to = NULL;
        uint32_t more = words * COST_BLOCK_REGISTER;
        if (block_in_dtcm(first, words)) {
            to = dtcm + (first - DTCM_BASE);
        } else if (core->sdram_store && block_in_sdram(first, words)) {
            to = core->sdram_store + sdram_offset(first);
            more += words * COST_SDRAM_WRITE;
        } else {
            goto delegate;
        }
        for (uint32_t list = e->immediate; list; list &= list - 1u, to += 4) {
            put_bytes(to, 4, r[__builtin_ctz(list)]);
        }
        if (e->write_back) {
            r[e->rn] = BLOCK_BASE_AFTER(base, e->amount, words);
        }
        NEXT_AFTER(more);
    }

run_MSR_IMMEDIATE:
    target = e->immediate;
    goto write_status;
run_MSR:
    target = r[e->rm];
write_status:
    if ((core->cpsr & PSR_MODE) == MODE_USR) {
        goto delegate;
    }
    {
        const uint32_t now = status(core->cpsr, n, z, c, v), fields = status_fields(e->amount);
        arm_write_cpsr(core, (now & ~fields) | (target & fields));
        FLAGS_FROM(core->cpsr)
    }
    if (interrupt_is_due(core)) {
        goto last;
    }
    NEXT;

run_BRANCH_LINK:
    r[14] = (uint32_t)(e + 1 - decoded->arm) * 4u;
    decoded->heat[r[14] / 4u + e->immediate - 1u]++;
run_BRANCH:
    GO(e + (int32_t)e->immediate, COST_INSTRUCTION + EXTRA_BRANCH);

/* A word loaded into the pc. */
run_LDR_PC_INDEX:
    target = r[e->rn] + (r[e->rm] << e->amount);
    goto load_target;
run_LDR_PC:
    target = r[e->rn] + e->immediate;
    goto load_target;
run_LDR_PC_LITERAL:
    target = e->immediate;
load_target:
    if (in_dtcm(target, 4)) {
        target = get_bytes(dtcm + (target - DTCM_BASE), 4);
        goto exchange;
    }
    if (is_itcm(target) && aligned(target, 4)) {
        target = get_bytes(core->itcm + target, 4);
        goto exchange;
    }
    CLOCK_TO_FRAME
    if (native_load(frame, target, 4, &single_instruction) == NATIVE_NOT_DONE) {
        goto not_done;
    }
    CLOCK_FROM_FRAME
    target = frame->value; /* the vector of the interrupt controller, mostly: reading it may change the lines */
    core->cpsr = target & 1u ? core->cpsr | PSR_T : core->cpsr & ~PSR_T;
    for_plain = false;
    goto leave;
run_BLX_CONSTANT:
    r[14] = (uint32_t)(e + 1 - decoded->arm) * 4u;
    target = e->immediate;
    goto exchange;
run_BLX:
    target = r[e->rm];
    r[14] = e->immediate;
    goto exchange;
run_BX:
    target = r[e->rm];
exchange: /* bit 0 of the target is the state */
    core->cpsr = target & 1u ? core->cpsr | PSR_T : core->cpsr & ~PSR_T;
    goto jump;
run_THUMB_LINK: /* Thumb state; `amount` says whether to stay in it */
    target = r[14] + e->immediate;
    r[14] = (uint32_t)(e + 1 - decoded->thumb) * 2u | 1u;
    core->cpsr = e->amount ? core->cpsr : core->cpsr & ~PSR_T;
    goto jump;
run_MOV_PC:
    target = r[e->rm];
jump:
    if (is_itcm(target)) {
        decoded->heat[target >> 2] += !(core->cpsr & PSR_T);
        GO(entry_at(core, target), COST_INSTRUCTION + COST_BRANCH);
    }
leave:
    left -= COST_INSTRUCTION + COST_BRANCH;
    extra += COST_BRANCH;
    r[15] = target & (core->cpsr & PSR_T ? ~1u : ~3u);
    goto save;

native:
    {
        const struct native_entry entry = decoded->native[e - decoded->arm];
        CLOCK_TO_FRAME
        frame->n = n;
        frame->z = z;
        frame->c = c;
        frame->v = v;
        core->native_instructions -= core->instructions + (uint64_t)(budget - left - extra);
        target = entry.function(frame, entry.head);
        if (frame->left == left && !frame->aborted) { /* the cycles left do not suffice for its first block */
            core->native_instructions += core->instructions + (uint64_t)(budget - left - extra);
            goto *labels[entry.code];
        }
        CLOCK_FROM_FRAME
        n = frame->n;
        z = frame->z;
        c = frame->c;
        v = frame->v;
        core->native_instructions += core->instructions;
        if (frame->aborted) {
            e = decoded->arm + (target >> 2);
            goto abort_data;
        }
        core->native_instructions += (uint64_t)(budget - left - extra);
        core->cpsr |= target & 1u ? PSR_T : 0u;
        if (!is_itcm(target)) {
            r[15] = target & ~1u;
            goto save;
        }
        e = entry_at(core, target);
        if (left <= 0 || interrupt_is_due(core)) {
            goto out_of_time;
        }
        DISPATCH;
    }

abort_data: /* with the registers as they were, and the clock as access.c left it */
    core->cpsr = status(core->cpsr, n, z, c, v);
    core->cycles += frame->bus_cost;
    r[15] = address_of(core, e) + (core->cpsr & PSR_T ? 4u : 8u);
    data_abort(core);
    return false;

plain:
    core->cpsr = status(core->cpsr, n, z, c, v);
    core->cycles += (uint64_t)(budget - left) + COST_INSTRUCTION;
    core->instructions += (uint64_t)(budget - left - extra) + 1u;
    run_plain(core, e);
    return false;

out_of_time:
    for_plain = false;
delegate:
    r[15] = address_of(core, e);
save:
    core->cpsr = status(core->cpsr, n, z, c, v);
    core->cycles += (uint64_t)(budget - left);
    core->instructions += (uint64_t)(budget - left - extra);
    return for_plain && left > 0;
}

void arm_run(struct arm_core *core, uint64_t until) {
    core->until = until;
    while (core->cycles < core->until && !arm_sleeps(core)) {
        if (!arm_take_interrupt(core) && (!is_itcm(core->r[15]) || run_decoded(core))) {
            plain_step(core);
        }
    }
}
