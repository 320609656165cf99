/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Flexible ports: what the narrow range cannot hold (bound ports, pods older than Berth, source
 * ports that conntrack chose, ids of ICMP echo). The last F = N/4 ports of a block, one slot each.
 *
 * A slot is one 64-bit word; slot i of a berth is element `flexible + i` of the map, and its port
 * is base + D + i. One word serves both directions, so no pair can be half there. Low bit first:
 *
 *    0-15  port         the pod's source port; of ICMP echo, the id
 *   16-31  remote       hash of the first remote end
 *   32-33  protocol     0: free; 1: TCP; 2: UDP; 3: ICMP
 *   34     ESTABLISHED  the pod sent more than SYNs (UDP, ICMP: always)
 *   35     FIN_OUT      the pod's end is closed; 36: FIN_IN, the remote end is
 *   37     RESET        a RST went through
 *   38     SHARED       more remote ends than one
 *   39     zero
 *   40-43  generation   the berth's: a word of another generation is a free slot
 *   44-63  seen         when it was last refreshed, in units of 2^30 ns, modulo 2^20
 *
 * Age = now - seen, modulo 2^20; now = bpf_ktime_get_coarse_ns() >> 30 (slot_now, the only clock).
 * A unit is 1.07 s, so n units apart are never less than n seconds, for any n above 15. A slot
 *   lives       if it is not free and age < limit: ICMP 60, UDP 300; TCP 7440 if SHARED, or
 *               ESTABLISHED without FIN_OUT, FIN_IN and RESET, else 240 (slot_limit_*)
 *   is closing  if RESET, or FIN_OUT and FIN_IN, and not SHARED
 *
 * Hash of (address, port): w = exclusive or of the address's four words, HBO;
 *   x = w * 0x9e3779b1 + port * 0x85ebca77;  x ^= x >> 15;  hash = x * 0xc2b2ae3d >> 16
 * all modulo 2^32; ICMP: port 0.
 *
 * Window: W = min(F, 256) places; place k is slot (port + k) mod F. All W are looked at, past
 * holes, since what a slot was pushed on by may be gone: only so has a flow one slot. W is bounded
 * so that a packet without a slot costs a microsecond at most (one that claims a slot: two); it is
 * 256 so that the default block (F = 256) can be filled to the last slot. A flow that has its slot
 * mostly finds it at place 0.
 *
 * Out (protocol, port, remote, flags; RST counts before SYN, SYN before FIN):
 *   1. The first place whose word has this protocol, port and generation is the flow's, living or
 *      not. Go to 3.
 *   2. None: a RST gets no slot (SLOT_NONE). Else claim the first place that does not live; else,
 *      under pressure, the closing slot of the greatest age, the first of equals; else SLOT_FULL.
 *      The word becomes `fresh`: remote; seen = now; TCP SYN no bits, FIN ESTABLISHED and FIN_OUT,
 *      else ESTABLISHED. After a claim every other place is looked at again: if another CPU has
 *      claimed one for this flow meanwhile, that one counts, ours is given back, and all begins
 *      anew. A later one too: what did not live to that CPU may have lived to us a moment ago.
 *   3. A word that does not live: a RST finds nothing (SLOT_NONE), all else makes it `fresh`.
 *      SHARED: seen = now, but not by a RST.
 *      Another remote: a RST changes nothing; a SYN makes a closing word `fresh`; all else makes it
 *      SHARED and ESTABLISHED alone, seen = now.
 *      The same remote: RST: RESET, and seen = now if it was not RESET (RFC 7857, 7: it does not
 *      refresh). SYN: if FIN_OUT, FIN_IN or RESET, no bits; seen = now. FIN: ESTABLISHED and
 *      FIN_OUT, not RESET; seen = now. Else: ESTABLISHED, not RESET; seen = now.
 *   So after a RST any packet restores the connection (RFC 7857, 2.2); after both FINs only a SYN
 *   does, since the pod's last ACK is still to come (RFC 6146, 3.5.2.2).
 *
 * In (port): reads one slot. It must live and be of this protocol, else SLOT_NONE. Nothing
 * refreshes it (RFC 4787, REQ-6: allowed, and outsiders cannot keep it). A RST or FIN (RST counts
 * before FIN) of the one remote (hash; not SHARED) sets RESET or FIN_IN; if it was not set,
 * seen = now: the closing time begins. Who may send in is the policy set's business, as for direct
 * ports.
 *
 * ICMP errors read, by the same search and by the same port, and change nothing (RFC 5508, REQ-6).
 *
 * Each change is one compare-and-swap. Out: where it fails, all begins anew, SLOT_TRIES times in
 * all, then SLOT_BUSY. In: where it fails, the packet passes unnoticed.
 */
#ifndef BERTH_SLOTS_H
#define BERTH_SLOTS_H

#include "maps.h"
#include "packet.h"

#define SLOT_REMOTE_SHIFT     16
#define SLOT_PROTOCOL_SHIFT   32
#define SLOT_GENERATION_SHIFT 40
#define SLOT_SEEN_SHIFT	      44
#define SLOT_SEEN_MASK	      0xfffffU

#define SLOT_ESTABLISHED (1ULL << 34)
#define SLOT_FIN_OUT	 (1ULL << 35)
#define SLOT_FIN_IN	 (1ULL << 36)
#define SLOT_RESET	 (1ULL << 37)
#define SLOT_SHARED	 (1ULL << 38)
#define SLOT_ENDS	 (SLOT_FIN_OUT | SLOT_FIN_IN | SLOT_RESET)
#define SLOT_BITS	 (SLOT_ESTABLISHED | SLOT_ENDS | SLOT_SHARED)

#define SLOT_PROTOCOL_MASK   (3ULL << SLOT_PROTOCOL_SHIFT)
#define SLOT_GENERATION_MASK (15ULL << SLOT_GENERATION_SHIFT)
#define SLOT_REMOTE_MASK     (0xffffULL << SLOT_REMOTE_SHIFT)
#define SLOT_SEEN_BITS	     ((__u64)SLOT_SEEN_MASK << SLOT_SEEN_SHIFT)
/* Whose the slot is. */
#define SLOT_FLOW_MASK (0xffffULL | SLOT_PROTOCOL_MASK | SLOT_GENERATION_MASK)

#define SLOT_NONE -1
#define SLOT_FULL -2
#define SLOT_BUSY -3

#define SLOT_TRIES 4

enum slot_protocol { SLOT_FREE, SLOT_TCP, SLOT_UDP, SLOT_ICMP };
enum slot_event { SLOT_PLAIN, SLOT_OPENS, SLOT_ENDS_IT, SLOT_RESETS };

/* Seconds at least. RFC 5508, REQ-2. */
const volatile __u32 slot_limit_icmp = BERTH_SLOT_LIMIT_ICMP;
/* RFC 4787, REQ-5. */
const volatile __u32 slot_limit_udp = BERTH_SLOT_LIMIT_UDP;
/* RFC 5382, REQ-5: 2 hours 4 minutes; while opening or closing 4 minutes (RFC 7857, 2.1, 2.2). */
const volatile __u32 slot_limit_established = BERTH_SLOT_LIMIT_ESTABLISHED;
const volatile __u32 slot_limit_transitory = BERTH_SLOT_LIMIT_TRANSITORY;

/* The slots of one berth, and a flow that looks for its own. */
struct slot_range {
	__u32 first;	  /* element of the map */
	__u32 mask;	  /* F - 1 */
	__u32 base;	  /* port of slot 0 */
	__u64 generation; /* in its place in the word */
};

struct slot_flow {
	__u64 owner;  /* as under SLOT_FLOW_MASK */
	__u64 remote; /* in its place in the word */
	__u32 port;
	enum slot_event event;
};

static __always_inline __u32 slot_now(void)
{
	return bpf_ktime_get_coarse_ns() >> 30 & SLOT_SEEN_MASK;
}

static __always_inline __u64 slot_seen(__u32 now)
{
	return (__u64)now << SLOT_SEEN_SHIFT;
}

static __always_inline __u32 slot_age(__u64 word, __u32 now)
{
	return (now - (__u32)(word >> SLOT_SEEN_SHIFT)) & SLOT_SEEN_MASK;
}

static __always_inline __u32 slot_limit(__u64 word)
{
	switch (word >> SLOT_PROTOCOL_SHIFT & 3) {
	case SLOT_TCP:
		if (word & SLOT_SHARED)
			return slot_limit_established;
		return (word & (SLOT_ESTABLISHED | SLOT_ENDS)) == SLOT_ESTABLISHED
			       ? slot_limit_established
			       : slot_limit_transitory;
	case SLOT_UDP:
		return slot_limit_udp;
	case SLOT_ICMP:
		return slot_limit_icmp;
	default:
		return 0;
	}
}

static __always_inline bool slot_lives(__u64 word, __u64 generation, __u32 now)
{
	return (word & SLOT_GENERATION_MASK) == generation &&
	       slot_age(word, now) < slot_limit(word);
}

static __always_inline bool slot_is_closing(__u64 word)
{
	if (word & SLOT_SHARED)
		return false;
	return word & SLOT_RESET ||
	       (word & (SLOT_FIN_OUT | SLOT_FIN_IN)) == (SLOT_FIN_OUT | SLOT_FIN_IN);
}

static __always_inline __u64 slot_remote(const union berth_ip *ip, __u32 port)
{
	__u32 x = bpf_ntohl(ip->words[0]) ^ bpf_ntohl(ip->words[1]) ^ bpf_ntohl(ip->words[2]) ^
		  bpf_ntohl(ip->words[3]);

	x = x * 0x9e3779b1U + port * 0x85ebca77U;
	x ^= x >> 15;
	return (__u64)(x * 0xc2b2ae3dU >> 16) << SLOT_REMOTE_SHIFT;
}

static __always_inline __u64 slot_protocol(__u8 protocol)
{
	__u64 kind = protocol == IPPROTO_TCP   ? SLOT_TCP
		     : protocol == IPPROTO_UDP ? SLOT_UDP
					       : SLOT_ICMP;

	return kind << SLOT_PROTOCOL_SHIFT;
}

static __always_inline __u64 *slot_at(__u32 index)
{
	return bpf_map_lookup_elem(&slots, &index);
}

/*
 * The search. `place`: W if there is none; `own` is ours already, and not looked for; the rest is
 * the best place to claim, rank 0: none.
 */
struct slot_search {
	struct slot_range range;
	__u64 owner;
	__u32 port;
	__u32 now;
	__u32 places;
	__u32 own;
	__u32 place;
	__u64 word;
	__u32 claim_place;
	__u32 claim_rank;
	__u64 claim_word;
};

static __always_inline __u32 slot_index(const struct slot_range *range, __u32 port, __u32 place)
{
	return range->first + ((port + place) & range->mask);
}

/* Greater is better: what does not live before all that does. */
static __always_inline __u32 slot_rank(__u64 word, __u64 generation, __u32 now)
{
	if (!slot_lives(word, generation, now))
		return ~0U;
	return slot_is_closing(word) ? 1 + slot_age(word, now) : 0;
}

static long slot_look(__u32 place, struct slot_search *search)
{
	const __u64 *slot = slot_at(slot_index(&search->range, search->port, place));
	__u64 word;
	__u32 rank;

	if (!slot)
		return 1;
	word = *(const volatile __u64 *)slot;
	if ((word & SLOT_FLOW_MASK) == search->owner && place != search->own) {
		search->place = place;
		search->word = word;
		return 1;
	}
	rank = slot_rank(word, search->range.generation, search->now);
	if (rank > search->claim_rank) {
		search->claim_rank = rank;
		search->claim_place = place;
		search->claim_word = word;
	}
	return 0;
}

static __always_inline __u64 slot_fresh(const struct slot_flow *flow, __u32 now)
{
	__u64 bits = SLOT_ESTABLISHED;

	if (flow->event == SLOT_OPENS)
		bits = 0;
	else if (flow->event == SLOT_ENDS_IT)
		bits |= SLOT_FIN_OUT;
	return flow->owner | flow->remote | bits | slot_seen(now);
}

/* A living word after a packet of its flow. */
static __always_inline __u64 slot_next(__u64 word, const struct slot_flow *flow, __u32 now)
{
	__u64 bits = word & SLOT_BITS;

	if (word & SLOT_SHARED || (word & SLOT_REMOTE_MASK) != flow->remote) {
		if (flow->event == SLOT_RESETS)
			return word;
		if (flow->event == SLOT_OPENS && slot_is_closing(word))
			return slot_fresh(flow, now);
		if (!(word & SLOT_SHARED))
			bits = SLOT_SHARED | SLOT_ESTABLISHED;
	} else if (flow->event == SLOT_RESETS) {
		if (word & SLOT_RESET)
			return word;
		bits |= SLOT_RESET;
	} else if (flow->event == SLOT_OPENS) {
		bits = bits & SLOT_ENDS ? 0 : bits;
	} else {
		bits = (bits & ~SLOT_RESET) | SLOT_ESTABLISHED;
		bits |= flow->event == SLOT_ENDS_IT ? SLOT_FIN_OUT : 0;
	}
	return (word & ~(SLOT_BITS | SLOT_SEEN_BITS)) | bits | slot_seen(now);
}

static __always_inline bool slot_swap(const struct slot_search *search, __u32 place, __u64 old,
				      __u64 word)
{
	__u64 *slot = slot_at(slot_index(&search->range, search->port, place));

	if (!slot)
		return false;
	return old == word || __sync_val_compare_and_swap(slot, old, word) == old;
}

static __always_inline void slot_search_first(struct slot_search *search)
{
	search->place = search->places;
	/* Most flows are at home: without the loop's frame. */
	if (!slot_look(0, search))
		bpf_loop(search->places, slot_look, search, 0);
}

/* The place that is the flow's now, SLOT_NONE, SLOT_FULL, or SLOT_BUSY: all begins anew. */
static __always_inline int slot_try(struct slot_search *search, const struct slot_flow *flow)
{
	const __u64 fresh = slot_fresh(flow, search->now);
	__u32 place;
	__u64 word;

	search->claim_rank = 0;
	search->own = search->places;
	slot_search_first(search);
	place = search->place;
	word = search->word;
	if (place < search->places) {
		if (slot_lives(word, search->range.generation, search->now))
			word = slot_next(word, flow, search->now);
		else if (flow->event == SLOT_RESETS)
			return SLOT_NONE;
		else
			word = fresh;
		return slot_swap(search, place, search->word, word) ? (int)place : SLOT_BUSY;
	}
	if (flow->event == SLOT_RESETS)
		return SLOT_NONE;
	if (!search->claim_rank)
		return SLOT_FULL;
	place = search->claim_place;
	if (!slot_swap(search, place, search->claim_word, fresh))
		return SLOT_BUSY;
	search->own = place;
	slot_search_first(search);
	if (search->place >= search->places)
		return place;
	slot_swap(search, place, fresh, 0);
	return SLOT_BUSY;
}

static __always_inline void slot_search_of(struct slot_search *search,
					   const struct slot_range *range,
					   const struct slot_flow *flow)
{
	__builtin_memset(search, 0, sizeof(*search));
	search->range = *range;
	search->owner = flow->owner;
	search->port = flow->port;
	search->now = slot_now();
	search->places = range->mask < BERTH_SLOT_WINDOW ? range->mask + 1 : BERTH_SLOT_WINDOW;
	search->own = search->places;
}

/* The number of the flow's slot, or less than 0: why it has none. */
static __noinline int slot_out(const struct slot_range *range, const struct slot_flow *flow)
{
	struct slot_search search;
	int place = SLOT_BUSY;

	if (!range || !flow)
		return SLOT_NONE;
	slot_search_of(&search, range, flow);
	for (__u32 i = 0; i < SLOT_TRIES && place == SLOT_BUSY; i++)
		place = slot_try(&search, flow);
	return place < 0 ? place : (int)((search.port + place) & range->mask);
}

/* Likewise, for an ICMP error about the flow: it is looked for, and not touched. */
static __noinline int slot_find(const struct slot_range *range, const struct slot_flow *flow)
{
	struct slot_search search;

	if (!range || !flow)
		return SLOT_NONE;
	slot_search_of(&search, range, flow);
	slot_search_first(&search);
	if (search.place >= search.places ||
	    !slot_lives(search.word, range->generation, search.now))
		return SLOT_NONE;
	return (search.port + search.place) & range->mask;
}

/* The pod's port, or SLOT_NONE. `event`: PLAIN where nothing is to be noted. */
static __always_inline int slot_in(const struct slot_range *range, __u32 number, __u64 protocol,
				   __u64 remote, enum slot_event event)
{
	__u64 *slot = slot_at(range->first + (number & range->mask));
	__u32 now = slot_now();
	__u64 word, bit;

	if (!slot)
		return SLOT_NONE;
	word = *(volatile __u64 *)slot;
	if (!slot_lives(word, range->generation, now) || (word & SLOT_PROTOCOL_MASK) != protocol)
		return SLOT_NONE;
	bit = event == SLOT_RESETS ? SLOT_RESET : event == SLOT_ENDS_IT ? SLOT_FIN_IN : 0;
	if (word & SLOT_SHARED || (word & SLOT_REMOTE_MASK) != remote)
		bit = 0;
	if (bit & ~word)
		__sync_val_compare_and_swap(slot, word,
					    (word & ~SLOT_SEEN_BITS) | bit | slot_seen(now));
	return word & 0xffff;
}

#endif
