/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libberth: the kernel, in calls that a foreign function interface makes cheaply and safely.
 *
 * Each returns 0 (or what it says, never negative) or -errno. Callers own all buffers; nothing is
 * kept of them after the call, and nothing calls back. One call does a whole batch. Nothing here
 * decides anything. Any thread may call; berth_object__open alone only one at a time, since
 * libbpf's warnings go to one place.
 *
 * `netns`: path of a network namespace (/run/netns/x, /proc/N/ns/net), or NULL for the caller's.
 * The thread enters it and returns within the call; one that cannot return ends the process, since
 * everything after would happen in the wrong place.
 */
#ifndef LIBBERTH_H
#define LIBBERTH_H

#include <stdint.h>
#include "berth_abi.h"

#define BERTH_API __attribute__((visibility("default")))

/* That of berth_abi.h: what the maps' structs look like. */
BERTH_API uint32_t berth_abi_version(void);

/* --- objects: a loaded .bpf.o --- */

struct berth_object;

/*
 * Loads the object; its maps are those pinned in `pin_dir`, or are made and pinned there.
 * `detail` gets what is known of a failure, as text. -EPROTO: a pinned map has another layout.
 */
BERTH_API int berth_object__open(const char *path, const char *pin_dir,
				 struct berth_object **object, char *detail, uint32_t detail_size);
/* Maps and attached programs that are pinned stay. NULL is no error. */
BERTH_API void berth_object__close(struct berth_object *object);
/* A descriptor that the object owns. */
BERTH_API int berth_object__program(const struct berth_object *object, const char *name);
BERTH_API int berth_object__map(const struct berth_object *object, const char *name);
/* Of each struct named berth_*, by the object's BTF: `NAME SIZE MEMBER=OFFSET...`, a line each. */
BERTH_API int berth_object__layout(const struct berth_object *object, char *text, uint32_t size);

/* --- maps --- */

/* `count`: of entries; after a failure, of those that are in force. */
BERTH_API int berth_map__update_batch(int map, const void *keys, const void *values,
				      uint32_t *count);
/* Likewise. -ENOENT: the next key is not there. Not for arrays. */
BERTH_API int berth_map__delete_batch(int map, const void *keys, uint32_t *count);
/* found[i] is 1 and values[i] filled, or 0. In an LPM trie too a key is that very prefix. */
BERTH_API int berth_map__lookup_batch(int map, const void *keys, void *values, uint8_t *found,
				      uint32_t count);
/*
 * All entries; of an array those that are not all zero. `count`: room in the buffers, then the
 * number of entries. -ENOSPC: there are more than there is room for; count says how many.
 */
BERTH_API int berth_map__dump(int map, void *keys, void *values, uint32_t *count);
/* Of a per-CPU array of u64 pairs: one pair of sums for each of the first `count` elements. */
BERTH_API int berth_map__sum_pairs(int map, uint64_t *sums, uint32_t count);

/* --- ring buffers --- */

struct berth_ring;

/* One reader a ring. */
BERTH_API int berth_ring__open(int map, struct berth_ring **ring);
/* What was not taken stays in the ring. NULL is no error. */
BERTH_API void berth_ring__close(struct berth_ring *ring);
/*
 * Takes records of one size, the oldest first, and does not wait. `count`: room in the buffer, then
 * the number of records. -EPROTO: a record had another size; it is lost.
 */
BERTH_API int berth_ring__take(struct berth_ring *ring, void *records, uint32_t record_size,
			       uint32_t *count);

/* --- hooks --- */

#define BERTH_HOOK_TCX_INGRESS 0
#define BERTH_HOOK_TCX_EGRESS  1
#define BERTH_HOOK_XDP	       2 /* native */

struct berth_link_info {
	uint32_t ifindex; /* 0: the interface is gone */
	uint32_t program_id;
};

/* Attaches, first in the chain, and pins the link. */
BERTH_API int berth_link__create(int program, uint32_t ifindex, uint32_t hook, const char *netns,
				 const char *pin);
/* Replaces the program of a pinned link. -ENOLINK: the interface is gone. */
BERTH_API int berth_link__update(const char *pin, int program);
/* Detaches and removes the pin. */
BERTH_API int berth_link__destroy(const char *pin);
BERTH_API int berth_link__info(const char *pin, struct berth_link_info *info);
/* The program that sees packets first there; 0: none. */
BERTH_API int berth_hook__first(uint32_t ifindex, uint32_t hook, const char *netns,
				uint32_t *program_id);

/* --- runs without a network --- */

struct berth_run {
	uint32_t verdict;
	uint32_t size;
	/* Of each reason: packets, bytes. Other traffic through the same tables is in it too. */
	uint32_t counted[BERTH_REASONS_ENTRIES][2];
};

/*
 * Runs a program on each of `count` frames, which lie end to end. What it made of the i-th is at
 * out + i * room. -ENOSPC: a frame came out longer than `room`.
 */
BERTH_API int berth_prog__run(int program, int counters, const void *frames, const uint32_t *sizes,
			      uint32_t count, void *out, uint32_t room, struct berth_run *runs);

/*
 * Nanoseconds that a program takes on a frame, on average over `repeat` runs, each on what the run
 * before made of it. For measurements.
 */
BERTH_API int berth_prog__time(int program, const void *frame, uint32_t size, uint32_t repeat,
			       uint32_t *verdict, double *ns);

/* --- network namespaces --- */

/* A descriptor of a socket made inside the namespace. */
BERTH_API int berth_netns__socket(const char *netns, int family, int type, int protocol);
BERTH_API int berth_netns__ifindex(const char *netns, const char *name, uint32_t *ifindex);

/* --- announcements --- */

/*
 * Sends gratuitous ARP from `mac` for each of `count` IPv4 addresses (4 bytes each), as request and
 * as reply. Stops at the first that cannot be sent.
 */
BERTH_API int berth_arp__announce(const char *netns, const char *interface, const uint8_t *mac,
				  const uint8_t *addresses, uint32_t count);

#endif
