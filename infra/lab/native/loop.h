/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoll loop and one heap of timers; everything in this program runs on it. A watch or timer
 * is embedded in its owner. What is removed while events are being handled is freed after them.
 */
#ifndef BERTH_LAB_LOOP_H
#define BERTH_LAB_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

struct watch {
	int fd;
	/* `events` as of epoll; edge-triggered: read and write until EAGAIN. */
	void (*ready)(struct watch *watch, uint32_t events);
};

struct timer {
	int64_t due_us;
	size_t heap_slot; /* 1-based; 0: not set */
	void (*fire)(struct timer *timer);
};

void loop__init(void);
void loop__run(void);

/* Monotonic, and the wall's for reports. */
int64_t loop__now_us(void);
int64_t loop__wall_ms(void);

/* IN, OUT and RDHUP, edge-triggered. Dies when the kernel refuses. */
void loop__watch(struct watch *watch, int fd, void (*ready)(struct watch *, uint32_t));
/* Closes the descriptor. */
void loop__unwatch(struct watch *watch);

/* Sets, or moves, a timer. */
void loop__timer_set(struct timer *timer, int64_t due_us);
void loop__timer_clear(struct timer *timer);

/* Frees after the events at hand, which may still point into it. */
void loop__free_later(void *memory);

/* calloc that never answers NULL: out of memory ends the program. */
void *loop__alloc(size_t size);
void loop__die(const char *what);

#endif
