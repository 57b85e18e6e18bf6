#include "native.h"

#include <string.h>

#include "decoded.h"
#include "memory.h"

bool native_fits(const struct native_table *table) {
    for (uint32_t n = 0; table->abi == NATIVE_ABI && n < table->parts; n++) {
        const struct native_part *part = table->part + n;
        for (uint32_t i = 0; i < part->runs; i++) {
            uint64_t end = part->run[i].address + 4u * (uint64_t)part->run[i].count;
            if (part->run[i].address % 4u || end > ITCM_BYTES) {
                return false;
            }
        }
        for (uint32_t i = 0; i < part->heads; i++) {
            if (part->head[i] % 4u || part->head[i] >= ITCM_BYTES) {
                return false;
            }
        }
    }
    return table->abi == NATIVE_ABI;
}

static bool stands(const struct arm_core *core, const struct native_part *part) {
    for (uint32_t i = 0; i < part->runs; i++) {
        const struct native_run *run = part->run + i;
        if (memcmp(core->itcm + run->address, run->word, 4u * run->count) != 0) {
            return false;
        }
    }
    for (uint32_t i = 0; i < part->heads; i++) {
        if (core->decoded->native[part->head[i] / 4u].function) {
            return false;
        }
    }
    return true;
}

unsigned native_install(struct arm_core *core, const struct native_table *table) {
    struct arm_decoded *decoded = core->decoded;
    unsigned installed = 0;
    for (uint32_t n = 0; n < table->parts; n++) {
        const struct native_part *part = table->part + n;
        if (!stands(core, part)) {
            continue;
        }
        for (uint32_t i = 0; i < part->runs; i++) {
            memset(decoded->native_word + part->run[i].address / 4u, 1, part->run[i].count);
        }
        for (uint32_t i = 0; i < part->heads; i++) {
            uint32_t index = part->head[i] / 4u;
            struct entry *entry = decoded->arm + index;
            if (entry->code == OP_UNDECODED) {
                decode(core, entry, part->head[i], false);
            }
            decoded->native[index] = (struct native_entry){part->function, i, entry->code};
            entry->code = OP_NATIVE;
        }
        installed++;
    }
    decoded->native_parts += installed;
    return installed;
}

void native_forget(struct arm_decoded *decoded) {
    for (uint32_t i = 0; i < ARM_ENTRIES; i++) {
        if (decoded->native[i].function) {
            decoded->arm[i].code = decoded->native[i].code;
        }
    }
    memset(decoded->native, 0, sizeof decoded->native);
    memset(decoded->native_word, 0, sizeof decoded->native_word);
    decoded->native_parts = 0;
    decoded->native_losses++;
}

void native_profile(struct arm_core *core, uint8_t *entered, uint8_t *translated, uint32_t *heat) {
    struct arm_decoded *decoded = core->decoded;
    memset(entered, 0, ARM_ENTRIES);
    memset(translated, 0, ARM_ENTRIES);
    memset(heat, 0, ARM_ENTRIES * sizeof *heat);
    if (!decoded) {
        return; /* the core never started */
    }
    for (uint32_t i = 0; i < ARM_ENTRIES; i++) {
        entered[i] = decoded->arm[i].code != OP_UNDECODED;
    }
    memcpy(translated, decoded->native_word, ARM_ENTRIES);
    memcpy(heat, decoded->heat, ARM_ENTRIES * sizeof *heat);
    memset(decoded->heat, 0, sizeof decoded->heat);
}

void native_sample(struct arm_core *core) {
    if (!core->waiting && !(core->cpsr & PSR_T) && is_itcm(core->r[15])) {
        core->decoded->heat[core->r[15] / 4u] += NATIVE_SAMPLE;
    }
}
