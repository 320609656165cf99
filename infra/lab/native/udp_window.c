// SPDX-License-Identifier: Apache-2.0
#include "udp_window.h"

#include <errno.h>

#include "loop.h"
#include "report.h"
#include "udp_probe.h"

#define WINDOWS_MAX 64

static struct window {
	uint32_t number; /* 0: free */
	int64_t from_us, to_us;
	uint64_t count[UDP_FATES];
	struct timer timer;
} windows[WINDOWS_MAX];

static struct window *find(uint32_t number)
{
	for (int i = 0; i < WINDOWS_MAX; i++)
		if (windows[i].number == number)
			return &windows[i];
	return 0;
}

void udp_window__count(int64_t sent_us, enum udp_fate fate)
{
	for (int i = 0; i < WINDOWS_MAX; i++) {
		struct window *window = &windows[i];

		if (window->number && sent_us >= window->from_us && sent_us < window->to_us)
			window->count[fate]++;
	}
}

static void fates_known(struct timer *timer)
{
	struct window *window = container_of(timer, struct window, timer);
	uint64_t lost = window->count[UDP_LOST];

	report__line(
		"{\"event\":\"window\",\"id\":%u,\"sent\":%llu,\"lost\":%llu,\"rejected\":%llu}",
		window->number, (unsigned long long)(window->count[UDP_ECHOED] + lost),
		(unsigned long long)lost, (unsigned long long)window->count[UDP_REJECTED]);
	window->number = 0;
}

void udp_window__open(uint32_t number)
{
	struct window *window = find(0);

	errno = ENOSPC;
	if (!window)
		loop__die("too many windows");
	*window =
		(struct window){ .number = number, .from_us = loop__now_us(), .to_us = INT64_MAX };
}

void udp_window__close(uint32_t number)
{
	struct window *window = find(number);

	if (!window)
		return;
	window->to_us = loop__now_us();
	window->timer.fire = fates_known;
	loop__timer_set(&window->timer, window->to_us + UDP_FATE_US + 2 * UDP_INTERVAL_US_MAX);
}
