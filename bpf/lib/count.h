/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one place that counts. What a reason means for the packet follows from its class. */
#ifndef BERTH_COUNT_H
#define BERTH_COUNT_H

#include "drop_reasons.h"
#include "maps.h"

#define BERTH_CLASS_retired 0
#define BERTH_CLASS_done    1
#define BERTH_CLASS_drop    2
#define BERTH_CLASS_reject  3
#define BERTH_CLASS_note    4

#define BERTH_OF_CLASS(kind, wanted, number) \
	(BERTH_CLASS_##kind == BERTH_CLASS_##wanted ? 1ULL << (number) : 0)
#define BERTH_OR_DONE(number, name, kind, meaning)   | BERTH_OF_CLASS(kind, done, number)
#define BERTH_OR_REJECT(number, name, kind, meaning) | BERTH_OF_CLASS(kind, reject, number)

/* One bit a reason: no branch and no table to find its class. */
static const __u64 done_reasons = 0 BERTH_REASONS(BERTH_OR_DONE);
static const __u64 reject_reasons = 0 BERTH_REASONS(BERTH_OR_REJECT);

static __always_inline bool is_done(enum berth_reason reason)
{
	return done_reasons >> reason & 1;
}

static __always_inline bool is_reject(enum berth_reason reason)
{
	return reject_reasons >> reason & 1;
}

static __always_inline void count(enum berth_reason reason, __u32 length)
{
	__u32 index = reason;
	struct berth_counter *counter = bpf_map_lookup_elem(&counters, &index);

	/* Per CPU, but TC may interrupt itself: a lost count is not worth an atomic per packet. */
	if (counter) {
		counter->packets++;
		counter->bytes += length;
	}
}

#endif
