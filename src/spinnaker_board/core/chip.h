/*
 * A SpiNNaker machine around its processors: chips, memories, devices, routers, and the rule by which time advances.
 *
 * Register layouts follow the SpiNNaker datasheet, version 2.02 (section numbers below); constants that only one
 * device needs are in that device's file. Virtual and physical core numbers are the same here, and core 0, the
 * monitor, has no processor: Python does its work between quanta.
 *
 * Time. The machine advances in quanta of QUANTUM_CYCLES. Within a quantum the cores of one chip run one after
 * another, in order of their number, and see each other's stores to SDRAM, System RAM and the system controller;
 * cores of different chips do not affect each other. Packets wait in the sender's outbox; after the quantum they are
 * delivered in the order of chips, then cores, then sending, whatever the number of hops. So the result depends on
 * the quantum and not on the number of threads, which share out whole chips.
 */
#ifndef SPINNAKER_BOARD_CHIP_H
#define SPINNAKER_BOARD_CHIP_H

#include <stddef.h>

#include "arm.h"

#define CYCLES_PER_MS (1000u * CLOCK_MHZ)
#define OUTBOX_PACKETS 64u                   /* packets that a core may send in a quantum before TCR reads "full" */
#define INBOX_PACKETS 2048u                  /* packets that may wait for a core; more are dropped and counted */
#define INBOX_HIGH 64u                       /* from here on senders to this core see "full" (back-pressure) */
#define NEVER UINT64_MAX

/* Interrupt sources, datasheet section 5. */
enum interrupt_source {
    INT_SOFTWARE = 1,
    INT_TIMER1 = 4,
    INT_TIMER2 = 5,
    INT_PACKET = 6,
    INT_TX_FULL = 9,
    INT_TX_OVERRUN = 10,
    INT_TX_EMPTY = 11,
    INT_DMA_DONE = 12,
    INT_CPU = 18,
    INT_TX_NOT_FULL = 23,
    INT_MULTICAST = 24, /* ... 25 point to point, 26 nearest neighbour, 27 fixed route */
};

enum packet_type { PACKET_MULTICAST, PACKET_POINT_TO_POINT, PACKET_NEAREST, PACKET_FIXED_ROUTE };

struct packet {
    uint32_t key;
    uint32_t payload;
    uint8_t type;        /* enum packet_type */
    uint8_t has_payload;
};

/* Vectored interrupt controller (PL190), datasheet section 5. */
struct vic {
    uint32_t raw;     /* levels that the devices drive */
    uint32_t soft;
    uint32_t select;  /* bit set: FIQ */
    uint32_t enable;
    uint32_t vector[16];
    uint32_t control[16];
    uint32_t default_vector;
    uint32_t in_service; /* bit n: vector n was read and not yet acknowledged; bit 16: the default */
};

/* One of the two counters of the SP804 timer, datasheet section 6. */
struct timer {
    uint32_t control;
    uint32_t reload;
    uint32_t frozen;    /* count while disabled or expired in one-shot mode */
    uint64_t expiry;    /* cycle at which the count reaches zero, NEVER when it does not run */
    bool raised;        /* raw interrupt */
};

/* DMA controller, datasheet section 7. One transfer runs and one waits. */
struct dma_request {
    uint32_t system_address;
    uint32_t tcm_address;
    uint32_t description;
};
struct dma {
    struct dma_request request[2]; /* running, waiting */
    unsigned queued;
    uint64_t completion;           /* of the running transfer, else NEVER */
    uint32_t system_address, tcm_address, global_control;
    bool done;
    bool error;
};

/* Communications controller, datasheet section 8. */
struct comms {
    uint32_t control, tx_data, source_address;
    uint32_t sticky;           /* bits of TCR: full, overrun */
    bool has_data;             /* tx_data was written since the last key */
    struct packet last;        /* the last one taken; its payload is the last payload that came at all */
    struct packet outbox[OUTBOX_PACKETS];
    unsigned sent;             /* in this quantum */
    bool congested;            /* at the end of the last quantum a receiver's inbox was long */
    bool held;                 /* a packet was sent since: no more until the congestion ends */
    struct core *receiver;     /* of the last packets sent, the core with the longest inbox */
    struct packet *inbox;      /* ring of INBOX_PACKETS */
    unsigned first, waiting;
};

#define EACH_TICK_COLUMN(X) X(busy_cycles) X(instructions) X(packets_in) X(packets_out) X(dma_bytes)
struct tick { /* one period of timer 1 */
#define COLUMN(name) uint32_t name;
    EACH_TICK_COLUMN(COLUMN)
#undef COLUMN
};

struct counters {
    uint64_t packets_in, packets_out, packets_lost, payloads_in, payloads_out, dma_bytes;
    uint32_t inbox_longest; /* most packets that waited at once */
};

struct tick_log {
    uint64_t busy_cycles, instructions; /* of the core when the tick began */
    struct counters begun;
    uint32_t period;                    /* cycles; the last one */
    uint64_t ticks, overruns;           /* all of them, and those without a cycle of sleep */
    uint64_t busy_sum;
    uint32_t busy_max;
    struct tick *series;                /* the first `recorded` ticks */
    size_t recorded, room;
};

struct chip;
struct core {
    struct arm_core arm;
    struct chip *chip;
    unsigned number;
    bool on;
    unsigned native_losses; /* of the processor when translated code was last installed */
    uint64_t next_event; /* cycle of the next timer expiry or end of a transfer */
    struct vic vic;
    struct timer timer[2];
    struct dma dma;
    struct comms comms;
    struct counters count;
    struct tick_log log;
    uint8_t tcm[ITCM_BYTES + DTCM_BYTES];
};

/* Router, datasheet section 10. */
#define ROUTE_CACHE 1024u
struct route_cache {
    uint32_t key, route;
    bool valid, hit;
};
struct router {
    uint32_t control, fixed_route, diagnostic_enable;
    uint32_t route[ROUTER_ENTRIES], key[ROUTER_ENTRIES], mask[ROUTER_ENTRIES];
    uint32_t p2p[P2P_WORDS];
    uint32_t filter[16], counter[16];
    uint32_t used; /* no entry from here on can match */
    struct route_cache cache[ROUTE_CACHE];
};

struct system_controller {
    uint32_t cpu_irq; /* bit n: CPU_INT of core n */
    uint32_t flags;
    uint32_t test_and_set; /* bit n: register n is set */
    uint32_t misc[0x210 / 4]; /* all other registers read as they were written */
};

struct machine;
struct chip {
    struct machine *machine;
    unsigned x, y;
    struct chip *neighbour[CHIP_LINKS];
    uint8_t *sdram;
    uint8_t sysram[SYSRAM_BYTES];
    struct router router;
    struct system_controller control;
    struct core *core[CHIP_CORES]; /* core[0] is NULL */
};

struct pool;
struct translation; /* a loaded file of translated code */
struct machine {
    unsigned chips;
    struct chip *chip;
    uint64_t cycles; /* start of the next quantum */
    uint64_t start_unix_s;
    unsigned active;      /* entries of the next two, in the order of chips and of cores */
    struct core **cores;  /* that are on */
    unsigned active_chips;
    struct chip **busy;   /* that have a core that is on */
    struct pool *pool;
    uint64_t router_hops;
    unsigned translations;
    struct translation *translation;
};

/* vic.c */
void vic_update(struct core *core);
void vic_drive(struct core *core, unsigned source, bool level);
int vic_read(struct core *core, uint32_t offset, uint32_t *value);
int vic_write(struct core *core, uint32_t offset, uint32_t value);

/* timer.c */
void timer_reset(struct core *core);
int timer_read(struct core *core, uint32_t offset, uint32_t *value);
int timer_write(struct core *core, uint32_t offset, uint32_t value);
void timer_expire(struct core *core, uint64_t now);

/* dma.c */
void dma_reset(struct core *core);
int dma_read(struct core *core, uint32_t offset, uint32_t *value);
int dma_write(struct core *core, uint32_t offset, uint32_t value);
void dma_complete(struct core *core);

/* comms.c */
void comms_reset(struct core *core);
void comms_update(struct core *core);
void comms_deliver(struct core *sender);
void comms_settle(struct core *sender);
bool comms_receive(struct core *core, const struct packet *packet);
int comms_read(struct core *core, uint32_t offset, uint32_t *value);
int comms_write(struct core *core, uint32_t offset, uint32_t value);

/* router.c */
void router_send(struct core *sender, const struct packet *packet);
int router_read(struct chip *chip, uint32_t offset, uint32_t *value);
int router_write(struct chip *chip, uint32_t offset, uint32_t value);

/* bus.c: everything that a core or the monitor reaches outside TCM and SDRAM */
extern const struct arm_bus chip_bus;
int chip_read(struct chip *chip, uint32_t address, unsigned size, uint32_t *value);
int chip_write(struct chip *chip, uint32_t address, unsigned size, uint32_t value);
void chip_interrupt(struct chip *chip, uint32_t cores);

/* core.c */
int core_create(struct chip *chip, unsigned number);
void core_destroy(struct core *core);
int core_start(struct core *core, uint32_t r0, uint32_t pc);
void core_stop(struct core *core);
void core_schedule(struct core *core);
void core_run_quantum(struct core *core, uint64_t end);

/* ticks.c */
void ticks_reset(struct core *core);
void ticks_record(struct core *core, uint32_t period);

/* machine.c */
int machine_create(struct machine *machine, unsigned chips, unsigned threads);
void machine_destroy(struct machine *machine);
void machine_list_active(struct machine *machine);
void machine_set_clock(struct machine *machine);
bool machine_quantum(struct machine *machine);

/* translations.c */
const char *translations_load(struct machine *machine, const char *path, unsigned *parts);
void translations_install(struct core *core);
void translations_restore(struct machine *machine);
void translations_free(struct machine *machine);

/* pool.c */
void chip_run_quantum(struct chip *chip, uint64_t end);
struct pool *pool_create(unsigned threads);
void pool_destroy(struct pool *pool);
void pool_run(struct pool *pool, struct chip **chips, unsigned count, uint64_t end);

#endif
