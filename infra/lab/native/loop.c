// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define EVENTS_MAX 256
/* Timers of one turn, so that a crowd of due ones cannot keep the sockets waiting. */
#define TIMERS_MAX 1024
#define US_PER_S   1000000LL
#define NS_PER_US  1000LL

static int epoll_fd = -1;
static struct timer **heap;
static size_t heap_used, heap_size;
static void **dead;
static size_t dead_used, dead_size;

void loop__die(const char *what)
{
	fprintf(stderr, "lab-traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

void *loop__alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		loop__die("out of memory");
	return memory;
}

void loop__init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		loop__die("epoll_create1");
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return at.tv_sec * US_PER_S + at.tv_nsec / NS_PER_US;
}

int64_t loop__now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int64_t loop__wall_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

void loop__watch(struct watch *watch, int fd, void (*ready)(struct watch *, uint32_t))
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

	watch->fd = fd;
	watch->ready = ready;
	event.data.ptr = watch;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		loop__die("epoll_ctl");
}

void loop__unwatch(struct watch *watch)
{
	if (watch->fd < 0)
		return;
	close(watch->fd);
	watch->fd = -1;
}

static void *grown(void *array, size_t *size, size_t used, size_t item)
{
	if (used < *size)
		return array;
	*size = *size ? *size * 2 : 64;
	array = realloc(array, *size * item);
	if (!array)
		loop__die("out of memory");
	return array;
}

void loop__free_later(void *memory)
{
	dead = grown(dead, &dead_size, dead_used, sizeof(*dead));
	dead[dead_used++] = memory;
}

static void bury(void)
{
	while (dead_used)
		free(dead[--dead_used]);
}

static void place(size_t slot, struct timer *timer)
{
	heap[slot - 1] = timer;
	timer->heap_slot = slot;
}

static void sift_up(size_t slot, struct timer *timer)
{
	for (; slot > 1 && heap[slot / 2 - 1]->due_us > timer->due_us; slot /= 2)
		place(slot, heap[slot / 2 - 1]);
	place(slot, timer);
}

static void sift_down(size_t slot, struct timer *timer)
{
	for (;;) {
		size_t child = slot * 2;

		if (child > heap_used)
			break;
		if (child < heap_used && heap[child]->due_us < heap[child - 1]->due_us)
			child++;
		if (heap[child - 1]->due_us >= timer->due_us)
			break;
		place(slot, heap[child - 1]);
		slot = child;
	}
	place(slot, timer);
}

void loop__timer_clear(struct timer *timer)
{
	size_t slot = timer->heap_slot;
	struct timer *last;

	if (!slot)
		return;
	timer->heap_slot = 0;
	last = heap[--heap_used];
	if (last == timer)
		return;
	if (slot > 1 && heap[slot / 2 - 1]->due_us > last->due_us)
		sift_up(slot, last);
	else
		sift_down(slot, last);
}

void loop__timer_set(struct timer *timer, int64_t due_us)
{
	loop__timer_clear(timer);
	timer->due_us = due_us;
	heap = grown(heap, &heap_size, heap_used, sizeof(*heap));
	heap_used++;
	sift_up(heap_used, timer);
}

static void fire_due(void)
{
	int64_t now = loop__now_us();

	for (int i = 0; i < TIMERS_MAX && heap_used && heap[0]->due_us <= now; i++) {
		struct timer *timer = heap[0];

		loop__timer_clear(timer);
		timer->fire(timer);
	}
}

static int wait_for(struct epoll_event *events)
{
	int64_t left = heap_used ? heap[0]->due_us - loop__now_us() : US_PER_S;
	struct timespec timeout;

	if (left < 0)
		left = 0;
	timeout.tv_sec = left / US_PER_S;
	timeout.tv_nsec = left % US_PER_S * NS_PER_US;
	return epoll_pwait2(epoll_fd, events, EVENTS_MAX, &timeout, NULL);
}

void loop__run(void)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int count = wait_for(events);

		if (count < 0 && errno != EINTR)
			loop__die("epoll_wait");
		for (int i = 0; i < count; i++) {
			struct watch *watch = events[i].data.ptr;

			/* Closed by an earlier event of this turn. */
			if (watch->fd >= 0)
				watch->ready(watch, events[i].events);
		}
		fire_due();
		bury();
		report__flush();
	}
}
