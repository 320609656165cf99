// SPDX-License-Identifier: Apache-2.0
/* Whole batches of map entries in one call. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "libberth.h"

/* Entries taken from the kernel at a time. More than any bucket of a hash map holds. */
#define DUMP_CHUNK 4096

static int map_info(int map, struct bpf_map_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, size);
	return bpf_obj_get_info_by_fd(map, info, &size);
}

int berth_map__update_batch(int map, const void *keys, const void *values, uint32_t *count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	return *count ? bpf_map_update_batch(map, keys, values, count, &opts) : 0;
}

int berth_map__delete_batch(int map, const void *keys, uint32_t *count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	return *count ? bpf_map_delete_batch(map, keys, count, &opts) : 0;
}

/*
 * A look-up in an LPM trie answers for the longest prefix, not for this one. But whoever asks for
 * the key after one that is not there gets the very first key, which comes after none. (One writer:
 * between the calls nothing changes.)
 */
static int has_prefix(int map, const void *key, uint32_t key_size, bool *found)
{
	char *next = malloc(2 * (size_t)key_size);
	char *first = next ? next + key_size : NULL;
	int err = next ? bpf_map_get_next_key(map, NULL, first) : -ENOMEM;

	*found = false;
	if (!err) {
		err = bpf_map_get_next_key(map, key, next);
		*found = err == -ENOENT || (!err && memcmp(next, first, key_size) != 0);
	}
	free(next);
	return err == -ENOENT ? 0 : err;
}

int berth_map__lookup_batch(int map, const void *keys, void *values, uint8_t *found, uint32_t count)
{
	struct bpf_map_info info;
	int err = map_info(map, &info);

	for (uint32_t i = 0; i < count && !err; i++) {
		const char *key = (const char *)keys + (size_t)i * info.key_size;
		char *value = (char *)values + (size_t)i * info.value_size;

		err = bpf_map_lookup_elem(map, key, value);
		found[i] = err == 0;
		if (err == -ENOENT)
			err = 0;
		if (found[i] && info.type == BPF_MAP_TYPE_LPM_TRIE) {
			bool exact;

			err = has_prefix(map, key, info.key_size, &exact);
			found[i] = exact;
		}
	}
	return err;
}

/* Where a dump has got to. `zero`: what an array's element is when nothing was put there. */
struct dump {
	const struct bpf_map_info *info;
	char *keys, *values;
	uint32_t room, count;
	char *chunk_keys, *chunk_values, *zero;
};

static void take_chunk(struct dump *dump, uint32_t length)
{
	const uint32_t key_size = dump->info->key_size, value_size = dump->info->value_size;
	const bool is_array = dump->info->type == BPF_MAP_TYPE_ARRAY;

	for (uint32_t i = 0; i < length; i++) {
		const char *value = dump->chunk_values + (size_t)i * value_size;

		if (is_array && !memcmp(value, dump->zero, value_size))
			continue;
		if (dump->count < dump->room) {
			memcpy(dump->keys + (size_t)dump->count * key_size,
			       dump->chunk_keys + (size_t)i * key_size, key_size);
			memcpy(dump->values + (size_t)dump->count * value_size, value, value_size);
		}
		dump->count++;
	}
}

static int take_all(int map, struct dump *dump, void *position)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	void *from = NULL;
	int err = 0;

	while (!err) {
		uint32_t length = DUMP_CHUNK;

		err = bpf_map_lookup_batch(map, from, position, dump->chunk_keys,
					   dump->chunk_values, &length, &opts);
		if (!err || err == -ENOENT)
			take_chunk(dump, length);
		from = position;
	}
	/* That is how the last chunk is told. */
	return err == -ENOENT ? 0 : err;
}

int berth_map__dump(int map, void *keys, void *values, uint32_t *count)
{
	struct bpf_map_info info;
	struct dump dump = { .info = &info, .keys = keys, .values = values, .room = *count };
	int err = map_info(map, &info);
	void *position;

	if (err)
		return err;
	/* An opaque place in a hash map is 4 bytes, in others a key. */
	position = malloc(info.key_size + sizeof(__u32));
	dump.chunk_keys = malloc((size_t)DUMP_CHUNK * info.key_size);
	dump.chunk_values = malloc((size_t)DUMP_CHUNK * info.value_size);
	dump.zero = calloc(1, info.value_size);
	err = -ENOMEM;
	if (position && dump.chunk_keys && dump.chunk_values && dump.zero)
		err = take_all(map, &dump, position);
	free(position);
	free(dump.chunk_keys);
	free(dump.chunk_values);
	free(dump.zero);
	if (!err && dump.count > dump.room)
		err = -ENOSPC;
	*count = dump.count;
	return err;
}

int berth_map__sum_pairs(int map, uint64_t *sums, uint32_t count)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t(*pairs)[2];
	int err = 0;

	if (cpus < 0)
		return cpus;
	pairs = calloc((size_t)cpus, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !err; i++) {
		err = bpf_map_lookup_elem(map, &i, pairs);
		sums[2 * i] = sums[2 * i + 1] = 0;
		for (int cpu = 0; cpu < cpus && !err; cpu++) {
			sums[2 * i] += pairs[cpu][0];
			sums[2 * i + 1] += pairs[cpu][1];
		}
	}
	free(pairs);
	return err;
}
