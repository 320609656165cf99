/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Two CPUs that look for one flow's slot at the same moment (bpf/lib/slots.h), not in a kernel but
 * in every order that matters: the second CPU does all of its work between two steps of the first,
 * which are its looks at the map, and a slot may have died meanwhile. Whatever the slots held
 * before, the flow has one slot afterwards, and both CPUs mean that one. Says what is wrong.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline	__attribute__((noinline))

/* What bpf/lib/maps.h and the helpers are to slots.h. */
#define BERTH_MAPS_H
#include "berth_abi.h"

#define SLOTS 16

static __u64 slots[SLOTS];
static __u64 now_units = 1000;
static int step, second_at;
/* By how much the second CPU read the clock later than the first. */
static int second_later;

static void second_cpu(void);

static void *bpf_map_lookup_elem(__u64 *map, const __u32 *index)
{
	if (++step == second_at)
		second_cpu();
	return &map[*index];
}
#define bpf_map_lookup_elem(map, key) bpf_map_lookup_elem(*(map), key)

static __u64 bpf_ktime_get_coarse_ns(void)
{
	return now_units << 30;
}

#define bpf_loop(count, look, search, flags)                             \
	do {                                                             \
		for (__u32 at = 0; at < (count) && !look(at, search);) { \
			at++;                                            \
		}                                                        \
	} while (0)

#include "lib/slots.h"

enum { LIVES, DIES, FREE, CLOSING, KINDS };
#define PLACES	   3
#define STEPS_MAX  200
#define DEATH	   1001 /* of what DIES */
#define GENERATION (5ULL << SLOT_GENERATION_SHIFT)

static const struct slot_range range = { .mask = SLOTS - 1, .generation = GENERATION };
static struct slot_flow flow = { .owner = 443 | GENERATION | (__u64)SLOT_TCP << SLOT_PROTOCOL_SHIFT,
				 .port = 0 };
static int second_result, orders, wrong;

static void second_cpu(void)
{
	const __u64 first_now = now_units;

	now_units += second_later;
	second_result = slot_out(&range, &flow);
	if (second_later < 0)
		now_units = first_now;
}

/* Of other flows. */
static __u64 word_of(int kind, __u32 place)
{
	const __u64 other = (1000 + place) | GENERATION | (__u64)SLOT_TCP << SLOT_PROTOCOL_SHIFT;

	switch (kind) {
	case FREE:
		return 0;
	case DIES:
		return other | slot_seen(DEATH - BERTH_SLOT_LIMIT_TRANSITORY);
	case CLOSING:
		return other | SLOT_ESTABLISHED | SLOT_RESET | slot_seen(DEATH - 9 - place);
	default:
		return other | SLOT_ESTABLISHED | slot_seen(now_units);
	}
}

static bool is_right(int first_result)
{
	int owned = 0;
	bool is_one = true;

	for (int i = 0; i < SLOTS; i++)
		owned += (slots[i] & SLOT_FLOW_MASK) == flow.owner;
	if (first_result >= 0 && second_result >= 0)
		is_one = first_result == second_result;
	if (first_result >= 0)
		is_one = is_one && slot_find(&range, &flow) == first_result;
	return is_one && owned == (first_result >= 0 || second_result >= 0);
}

/* False: the first CPU was done before. */
static bool run(int kinds, int at, int later)
{
	int result;

	now_units = later > 0 ? DEATH - 1 : DEATH;
	second_later = later;
	second_at = at;
	step = 0;
	for (int i = 0; i < SLOTS; i++)
		slots[i] = word_of(LIVES, i);
	for (int i = 0, rest = kinds; i < PLACES; i++, rest /= KINDS)
		slots[i] = word_of(rest % KINDS, i);
	flow.event = kinds & 1 ? SLOT_OPENS : SLOT_PLAIN;
	second_result = SLOT_NONE;
	result = slot_out(&range, &flow);
	if (step < at)
		return false;
	orders++;
	if (!is_right(result)) {
		wrong++;
		printf("kinds %d, step %d, clock %+d: %d and %d\n", kinds, at, later, result,
		       second_result);
	}
	return true;
}

int main(void)
{
	for (int kinds = 0; kinds < KINDS * KINDS * KINDS; kinds++) {
		for (int later = -1; later <= 1; later++) {
			for (int at = 1; at <= STEPS_MAX && run(kinds, at, later); at++)
				;
		}
	}
	printf("%d orders, %d wrong\n", orders, wrong);
	return wrong > 0;
}
