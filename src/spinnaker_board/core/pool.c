/*
 * Threads that share the chips of a quantum. Chips do not affect each other within a quantum, so it does not matter
 * which thread takes which chip. The caller works, too; with one thread there is no pool.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "chip.h"

#define SPIN 2000 /* looks at the counter before a thread goes to sleep: some microseconds, less than a wake-up */

struct pool {
    unsigned workers;
    pthread_t *thread;
    pthread_mutex_t mutex;
    pthread_cond_t begin, end;
    struct chip **chips; /* the quantum's work */
    unsigned count;
    uint64_t until;
    atomic_uint next;       /* chip to take */
    atomic_uint generation; /* counts quanta */
    atomic_uint working;    /* workers that are not done with this quantum */
    atomic_bool quit;
};

void chip_run_quantum(struct chip *chip, uint64_t end) {
    for (unsigned n = 1; n < CHIP_CORES; n++) {
        if (chip->core[n]->on) {
            core_run_quantum(chip->core[n], end);
        }
    }
}

static void take_chips(struct pool *pool) {
    unsigned n;
    while ((n = atomic_fetch_add(&pool->next, 1)) < pool->count) {
        chip_run_quantum(pool->chips[n], pool->until);
    }
}

static void *work(void *argument) {
    struct pool *pool = argument;
    unsigned seen = 0;
    for (;;) {
        for (int n = 0; n < SPIN && atomic_load(&pool->generation) == seen; n++) {
        }
        if (atomic_load(&pool->generation) == seen) {
            pthread_mutex_lock(&pool->mutex);
            while (atomic_load(&pool->generation) == seen) {
                pthread_cond_wait(&pool->begin, &pool->mutex);
            }
            pthread_mutex_unlock(&pool->mutex);
        }
        seen++;
        if (atomic_load(&pool->quit)) {
            return NULL;
        }
        take_chips(pool);
        if (atomic_fetch_sub(&pool->working, 1) == 1) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->end);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

static void announce(struct pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_run(struct pool *pool, struct chip **chips, unsigned count, uint64_t end) {
    if (pool->workers == 0 || count < 2) {
        for (unsigned n = 0; n < count; n++) {
            chip_run_quantum(chips[n], end);
        }
        return;
    }
    pool->chips = chips;
    pool->count = count;
    pool->until = end;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->working, pool->workers);
    announce(pool);
    take_chips(pool);
    for (int n = 0; n < SPIN && atomic_load(&pool->working) > 0; n++) {
    }
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->working) > 0) {
        pthread_cond_wait(&pool->end, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

struct pool *pool_create(unsigned threads) {
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->begin, NULL);
    pthread_cond_init(&pool->end, NULL);
    pool->thread = calloc(threads, sizeof *pool->thread);
    while (pool->thread != NULL && pool->workers + 1 < threads &&
           pthread_create(&pool->thread[pool->workers], NULL, work, pool) == 0) {
        pool->workers++;
    }
    if (pool->workers + 1 < threads) {
        pool_destroy(pool);
        return NULL;
    }
    return pool;
}

void pool_destroy(struct pool *pool) {
    atomic_store(&pool->quit, true);
    announce(pool);
    for (unsigned n = 0; n < pool->workers; n++) {
        pthread_join(pool->thread[n], NULL);
    }
    pthread_cond_destroy(&pool->end);
    pthread_cond_destroy(&pool->begin);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->thread);
    free(pool);
}
