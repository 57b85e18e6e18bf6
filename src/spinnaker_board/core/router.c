/*
 * Packet router of a chip, datasheet section 10. A packet reaches all its destinations within the step in which it is
 * delivered; links are never congested, time-outs and emergency routing do not happen. Only multicast and fixed-route
 * packets are routed; point-to-point and nearest-neighbour packets, which applications do not use, are dumped.
 */
#include "chip.h"

#define FIXED_ROUTE_MASK 0x00ffffffu
#define MAX_HOPS 512u /* of one packet on all its branches: a routing loop ends here, as by age on the real board */
#define FROM_CORE CHIP_LINKS

/* Diagnostic filter, datasheet section 10.3: which packets a counter counts. */
#define FILTER_DESTINATION_SHIFT 16u
#define FILTER_SOURCE_SHIFT 14u
#define FILTER_PAYLOAD_SHIFT 12u
#define FILTER_DEFAULT_SHIFT 10u
#define DESTINATION_DUMP 1u
#define DESTINATION_CORE 2u
#define DESTINATION_MONITOR 4u
#define DESTINATION_LINK_SHIFT 3u

static bool match(const struct router *router, uint32_t key, uint32_t *route) {
    struct route_cache *entry = &((struct router *)router)->cache[(key ^ key >> 11 ^ key >> 21) % ROUTE_CACHE];
    if (!entry->valid || entry->key != key) {
        *entry = (struct route_cache){.key = key, .valid = true};
        for (uint32_t n = 0; n < router->used && !entry->hit; n++) {
            if ((key & router->mask[n]) == router->key[n]) {
                entry->hit = true;
                entry->route = router->route[n];
            }
        }
    }
    *route = entry->route;
    return entry->hit;
}

static void diagnose(struct router *router, const struct packet *packet, bool local, bool by_default,
                     uint32_t destination) {
    for (unsigned n = 0; n < 16; n++) {
        uint32_t filter = router->filter[n];
        if ((router->diagnostic_enable >> n & 1u) && (filter >> packet->type & 1u) &&
            (filter >> FILTER_DEFAULT_SHIFT >> (by_default ? 0 : 1) & 1u) &&
            (filter >> FILTER_PAYLOAD_SHIFT >> (packet->has_payload ? 0 : 1) & 1u) &&
            (filter >> FILTER_SOURCE_SHIFT >> (local ? 0 : 1) & 1u) &&
            (filter >> FILTER_DESTINATION_SHIFT & destination)) {
            router->counter[n]++;
        }
    }
}

struct hop {
    struct chip *chip;
    unsigned from; /* the link it came in by, or FROM_CORE */
};

/* Hands the packet to the cores of one chip and appends the next hops; returns the kinds of destination it found. */
static uint32_t branch(struct core *sender, const struct packet *packet, struct chip *chip, uint32_t route,
                       struct hop *hops, unsigned *count) {
    uint32_t destination = 0;
    for (unsigned link = 0; link < CHIP_LINKS; link++) {
        if (route >> link & 1u) {
            if (chip->neighbour[link] != NULL && *count < MAX_HOPS) {
                hops[(*count)++] = (struct hop){chip->neighbour[link], (link + 3) % CHIP_LINKS};
                destination |= 1u << link << DESTINATION_LINK_SHIFT;
            } else {
                destination |= DESTINATION_DUMP;
            }
        }
    }
    for (unsigned n = 0; n < CHIP_CORES; n++) {
        if (!(route >> CHIP_LINKS >> n & 1u)) {
            continue;
        }
        if (n == 0) {
            destination |= DESTINATION_MONITOR; /* the monitor takes no multicast packets */
            continue;
        }
        struct core *core = chip->core[n];
        if (!comms_receive(core, packet)) {
            destination |= DESTINATION_DUMP;
            continue;
        }
        destination |= DESTINATION_CORE;
        comms_update(core);
        if (sender->comms.receiver == NULL || core->comms.waiting > sender->comms.receiver->comms.waiting) {
            sender->comms.receiver = core;
        }
    }
    return destination;
}

void router_send(struct core *sender, const struct packet *packet) {
    struct hop hops[MAX_HOPS];
    unsigned count = 1;
    hops[0] = (struct hop){sender->chip, FROM_CORE};
    for (unsigned n = 0; n < count; n++) {
        struct chip *chip = hops[n].chip;
        struct router *router = &chip->router;
        uint32_t route = 0;
        bool by_default = false;
        if (packet->type == PACKET_FIXED_ROUTE) {
            route = router->fixed_route & FIXED_ROUTE_MASK;
        } else if (packet->type == PACKET_MULTICAST && !match(router, packet->key, &route)) {
            /* Default routing: straight on; a packet that starts here has no such direction and is dropped. */
            by_default = true;
            route = hops[n].from == FROM_CORE ? 0 : 1u << (hops[n].from + 3) % CHIP_LINKS;
        }
        uint32_t destination = branch(sender, packet, chip, route & FIXED_ROUTE_MASK, hops, &count);
        diagnose(router, packet, hops[n].from == FROM_CORE, by_default, destination ? destination : DESTINATION_DUMP);
        chip->machine->router_hops++;
    }
}

static void table_changed(struct router *router) {
    for (unsigned n = 0; n < ROUTE_CACHE; n++) {
        router->cache[n].valid = false;
    }
    while (router->used > 0 && (router->key[router->used - 1] & ~router->mask[router->used - 1])) {
        router->used--; /* a key bit outside the mask: the entry can match nothing */
    }
}

/* Finds the table word at `offset`, or NULL. `*row` becomes the row of a multicast table, or ROUTER_ENTRIES. */
static uint32_t *table(struct router *router, uint32_t offset, uint32_t *row) {
    *row = (offset & 0x3fffu) / 4u;
    if (offset >= ROUTER_P2P) {
        *row = ROUTER_ENTRIES;
        return offset < ROUTER_P2P + P2P_WORDS * 4u ? &router->p2p[(offset - ROUTER_P2P) / 4u] : NULL;
    }
    if (*row >= ROUTER_ENTRIES) {
        return NULL;
    }
    switch (offset & ~0x3fffu) {
    case ROUTER_ROUTE: return &router->route[*row];
    case ROUTER_KEY: return &router->key[*row];
    case ROUTER_MASK: return &router->mask[*row];
    default: return NULL;
    }
}

int router_read(struct chip *chip, uint32_t offset, uint32_t *value) {
    struct router *router = &chip->router;
    uint32_t row;
    const uint32_t *word = table(router, offset, &row);
    *value = 0; /* status, error and dump registers: nothing is ever stuck or dumped for re-injection */
    if (word != NULL) {
        *value = *word;
    } else if (offset == ROUTER_CONTROL) {
        *value = router->control;
    } else if (offset == ROUTER_DIAGNOSTIC_ENABLE) {
        *value = router->diagnostic_enable;
    } else if (offset == ROUTER_FIXED_ROUTE) {
        *value = router->fixed_route;
    } else if (offset >= ROUTER_FILTERS && offset < ROUTER_FILTERS + 64) {
        *value = router->filter[(offset - ROUTER_FILTERS) / 4];
    } else if (offset >= ROUTER_COUNTERS && offset < ROUTER_COUNTERS + 64) {
        *value = router->counter[(offset - ROUTER_COUNTERS) / 4];
    }
    return 0;
}

int router_write(struct chip *chip, uint32_t offset, uint32_t value) {
    struct router *router = &chip->router;
    uint32_t row;
    uint32_t *word = table(router, offset, &row);
    if (word != NULL) {
        *word = value;
        if (row < ROUTER_ENTRIES) {
            if (row >= router->used) {
                router->used = row + 1;
            }
            table_changed(router);
        }
    } else if (offset == ROUTER_CONTROL) {
        router->control = value;
    } else if (offset == ROUTER_DIAGNOSTIC_ENABLE) {
        router->diagnostic_enable = value & 0xffffu;
        for (unsigned n = 0; n < 16; n++) {
            if (value >> 16 >> n & 1u) {
                router->counter[n] = 0;
            }
        }
    } else if (offset == ROUTER_FIXED_ROUTE) {
        router->fixed_route = value;
    } else if (offset >= ROUTER_FILTERS && offset < ROUTER_FILTERS + 64) {
        router->filter[(offset - ROUTER_FILTERS) / 4] = value;
    } else if (offset >= ROUTER_COUNTERS && offset < ROUTER_COUNTERS + 64) {
        router->counter[(offset - ROUTER_COUNTERS) / 4] = value;
    }
    return 0;
}
