/* The two counters of a core: ARM SP804 (DDI 0271), datasheet section 6. */
#include "chip.h"

#define TIMER_ENABLE 0x80u
#define TIMER_PERIODIC 0x40u
#define TIMER_INTERRUPT 0x20u
#define TIMER_PRESCALE_SHIFT 2u
#define TIMER_32_BIT 0x02u
#define TIMER_ONE_SHOT 0x01u

/* Cycles a count: 1, 16 or 256 (the fourth code is reserved; it is taken as 256). */
static uint64_t prescale(const struct timer *timer) {
    static const uint64_t divisor[4] = {1, 16, 256, 256};
    return divisor[timer->control >> TIMER_PRESCALE_SHIFT & 3u];
}

static uint32_t width(const struct timer *timer) {
    return timer->control & TIMER_32_BIT ? 0xffffffffu : 0xffffu;
}

static uint32_t count(const struct timer *timer, uint64_t now) {
    if (timer->expiry == NEVER) {
        return timer->frozen;
    }
    return timer->expiry > now ? (uint32_t)((timer->expiry - now + prescale(timer) - 1) / prescale(timer)) : 0;
}

/* Starts counting down from `value` at cycle `now`; a count of zero takes one more step to expire. */
static void start(struct timer *timer, uint32_t value, uint64_t now) {
    uint64_t counts = value & width(timer);
    timer->expiry = now + (counts ? counts : 1) * prescale(timer);
}

static void drive(struct core *core, unsigned n) {
    const struct timer *timer = &core->timer[n];
    vic_drive(core, n ? INT_TIMER2 : INT_TIMER1, timer->raised && (timer->control & TIMER_INTERRUPT));
}

void timer_reset(struct core *core) {
    for (unsigned n = 0; n < 2; n++) {
        core->timer[n] = (struct timer){.control = TIMER_INTERRUPT, .frozen = 0xffffffffu, .expiry = NEVER};
    }
}

void timer_expire(struct core *core, uint64_t now) {
    for (unsigned n = 0; n < 2; n++) {
        struct timer *timer = &core->timer[n];
        while (timer->expiry <= now) {
            uint64_t at = timer->expiry;
            timer->raised = true;
            if (timer->control & TIMER_ONE_SHOT) {
                timer->expiry = NEVER;
                timer->frozen = 0;
            } else {
                start(timer, timer->control & TIMER_PERIODIC ? timer->reload : width(timer), at);
                if (n == 0 && (timer->control & TIMER_PERIODIC)) {
                    ticks_record(core, (uint32_t)(timer->expiry - at));
                }
            }
        }
        drive(core, n);
    }
}

int timer_read(struct core *core, uint32_t offset, uint32_t *value) {
    const struct timer *timer = &core->timer[offset >> 5 & 1u];
    switch (offset & 0x1cu) {
    case 0x00: *value = timer->reload; break;
    case 0x04: *value = count(timer, core->arm.cycles); break;
    case 0x08: *value = timer->control; break;
    case 0x10: *value = timer->raised; break;
    case 0x14: *value = timer->raised && (timer->control & TIMER_INTERRUPT); break;
    case 0x18: *value = timer->reload; break;
    default: *value = 0; break;
    }
    return 0;
}

int timer_write(struct core *core, uint32_t offset, uint32_t value) {
    unsigned n = offset >> 5 & 1u;
    struct timer *timer = &core->timer[n];
    uint64_t now = core->arm.cycles;
    switch (offset & 0x1cu) {
    case 0x00: /* loads the counter at once */
        timer->reload = value;
        if (timer->control & TIMER_ENABLE) {
            start(timer, value, now);
        } else {
            timer->frozen = value;
        }
        break;
    case 0x08: {
        uint32_t left = count(timer, now);
        bool ran = timer->control & TIMER_ENABLE;
        timer->control = value & 0xffu;
        if (!(value & TIMER_ENABLE)) {
            timer->expiry = NEVER;
            timer->frozen = left;
        } else if (!ran || timer->expiry != NEVER) {
            start(timer, left, now);
        }
        break;
    }
    case 0x0c: timer->raised = false; break;
    case 0x18: timer->reload = value; break; /* the running count goes on */
    default: break;
    }
    drive(core, n);
    core_schedule(core);
    return 0;
}
