/* Communications controller of a core, datasheet section 8: sends and receives packets. */
#include "chip.h"

#define TCR_TYPE_SHIFT 22u
#define TCR_EMPTY_NOT_FULL 0x90000000u
#define TCR_FULL 0x40000000u    /* sticky, as TCR_OVERRUN is: set until 0 is written to the bit (8.6, r0) */
#define TCR_OVERRUN 0x20000000u
#define RSR_RECEIVED 0x80000000u
#define RSR_ERROR_FREE 0x10000000u
#define RSR_TYPE_SHIFT 22u
#define RSR_PAYLOAD (1u << 17)

/* The buffer only becomes full by a send of the core itself, as programs rely on; so congestion takes one packet. */
static bool full(const struct core *core) {
    return core->comms.held || core->comms.sent == OUTBOX_PACKETS;
}

/* Drives the interrupt lines that follow from the state of the boxes. */
void comms_update(struct core *core) {
    struct comms *comms = &core->comms;
    uint32_t lines = 1u << INT_TX_EMPTY | 1u << INT_TX_NOT_FULL;
    if (full(core)) {
        lines = 0;
        comms->sticky |= TCR_FULL;
    }
    lines |=
        (comms->sticky & TCR_FULL ? 1u << INT_TX_FULL : 0) | (comms->sticky & TCR_OVERRUN ? 1u << INT_TX_OVERRUN : 0);
    if (comms->waiting > 0) {
        lines |= 1u << INT_PACKET | 1u << (INT_MULTICAST + comms->inbox[comms->first].type);
    }
    uint32_t mine = 1u << INT_TX_FULL | 1u << INT_TX_OVERRUN | 1u << INT_TX_EMPTY | 1u << INT_TX_NOT_FULL |
                    1u << INT_PACKET | 0xfu << INT_MULTICAST;
    uint32_t raw = (core->vic.raw & ~mine) | lines;
    if (raw != core->vic.raw) {
        core->vic.raw = raw;
        vic_update(core);
    }
}

void comms_reset(struct core *core) {
    struct packet *inbox = core->comms.inbox;
    core->comms = (struct comms){.inbox = inbox};
    comms_update(core);
}

/* Puts a packet into the inbox; false when there is no room. Called between quanta only. */
bool comms_receive(struct core *core, const struct packet *packet) {
    struct comms *comms = &core->comms;
    if (!core->on || comms->waiting == INBOX_PACKETS) {
        core->count.packets_lost++;
        return false;
    }
    comms->inbox[(comms->first + comms->waiting) % INBOX_PACKETS] = *packet;
    comms->waiting++;
    core->count.packets_in++;
    core->count.payloads_in += packet->has_payload;
    if (comms->waiting > core->count.inbox_longest) {
        core->count.inbox_longest = comms->waiting;
    }
    return true;
}

/* Routes what the core sent in the quantum that has just ended. */
void comms_deliver(struct core *sender) {
    for (unsigned n = 0; n < sender->comms.sent; n++) {
        router_send(sender, &sender->comms.outbox[n]);
    }
    sender->comms.sent = 0;
    comms_update(sender);
}

/* After all packets of a quantum are delivered: is there back-pressure on this sender in the next one? */
void comms_settle(struct core *sender) {
    struct comms *comms = &sender->comms;
    comms->congested = comms->receiver->comms.waiting >= INBOX_HIGH;
    if (!comms->congested) {
        comms->receiver = NULL;
        comms->held = false;
    }
    comms_update(sender);
}

/* The control byte of a packet as RSR shows it; a packet's payload bit tells whether it brought one. */
static uint32_t control_byte(const struct packet *packet) {
    return (uint32_t)packet->type << RSR_TYPE_SHIFT | (packet->has_payload ? RSR_PAYLOAD : 0);
}

int comms_read(struct core *core, uint32_t offset, uint32_t *value) {
    struct comms *comms = &core->comms;
    const struct packet *head = comms->waiting > 0 ? &comms->inbox[comms->first] : NULL;
    switch (offset) {
    case 0x00: *value = (comms->control & 0x00ffffffu) | comms->sticky | (full(core) ? 0 : TCR_EMPTY_NOT_FULL); break;
    case 0x04: *value = comms->tx_data; break;
    case 0x0c: /* the control byte of the last packet stays when it was taken; the other bits follow the interrupts */
        *value = head == NULL ? control_byte(&comms->last)
                              : RSR_RECEIVED | RSR_ERROR_FREE | control_byte(head) | 1u << head->type;
        break;
    case 0x10: /* a packet without payload leaves the register as it was */
        *value = head != NULL && head->has_payload ? head->payload : comms->last.payload;
        break;
    case 0x14: /* reading the key takes the packet */
        if (head != NULL) {
            uint32_t payload = head->has_payload ? head->payload : comms->last.payload;
            comms->last = *head;
            comms->last.payload = payload;
            comms->first = (comms->first + 1) % INBOX_PACKETS;
            comms->waiting--;
            comms_update(core);
        }
        *value = comms->last.key;
        break;
    case 0x18: *value = comms->source_address; break;
    default: *value = 0; break;
    }
    return 0;
}

int comms_write(struct core *core, uint32_t offset, uint32_t value) {
    struct comms *comms = &core->comms;
    bool has_data;
    switch (offset) {
    case 0x00:
        comms->control = value;
        if (comms->sticky & ~value) {
            comms->sticky &= value;
            comms_update(core);
        }
        break;
    case 0x04: /* of several writes before a key the last one counts */
        comms->tx_data = value;
        comms->has_data = true;
        break;
    case 0x08: /* Writing the key sends, with the payload that was written since the last key, if any was (8.5, and 8.6
                * r1, r2). The payload bit of TCR has no say. A packet that is lost takes its payload with it. */
        has_data = comms->has_data;
        comms->has_data = false;
        if (comms->sent == OUTBOX_PACKETS) {
            core->count.packets_lost++;
            comms->sticky |= TCR_OVERRUN;
            comms_update(core);
            break;
        }
        comms->outbox[comms->sent++] = (struct packet){
            .key = value,
            .payload = has_data ? comms->tx_data : 0,
            .type = comms->control >> TCR_TYPE_SHIFT & 3u,
            .has_payload = has_data,
        };
        core->count.packets_out++;
        core->count.payloads_out += has_data;
        comms->held = comms->congested;
        comms_update(core);
        break;
    case 0x18: comms->source_address = value; break;
    default: break;
    }
    return 0;
}
