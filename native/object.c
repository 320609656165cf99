// SPDX-License-Identifier: Apache-2.0
/*
 * Loading an object, with its maps by their pins: adopted when the layout is the same, refused
 * otherwise (never flushed, never replaced: packets are flowing by them).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "berth_abi.h"
#include "libberth.h"

struct berth_object {
	struct bpf_object *bpf;
};

/* Where libbpf's warnings go while an object is loaded: it says more than its error numbers. */
static struct {
	char *text;
	size_t size;
	size_t used;
} detail_sink;

static int keep_warning(enum libbpf_print_level level, const char *format, va_list args)
{
	int length;

	if (level != LIBBPF_WARN || detail_sink.used + 1 >= detail_sink.size)
		return 0;
	length = vsnprintf(detail_sink.text + detail_sink.used, detail_sink.size - detail_sink.used,
			   format, args);
	if (length > 0)
		detail_sink.used += (size_t)length;
	return 0;
}

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_warning(LIBBPF_WARN, format, args);
	va_end(args);
}

uint32_t berth_abi_version(void)
{
	return BERTH_ABI_VERSION;
}

/* The pinned map against what the object wants. 0, -EPROTO, or -errno. */
static int check_pin(const struct bpf_map *map)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	const char *name = bpf_map__name(map);
	int fd = bpf_obj_get(bpf_map__pin_path(map));
	int err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	if (err)
		return err;
	if (info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	    info.value_size == bpf_map__value_size(map) &&
	    info.max_entries == bpf_map__max_entries(map) &&
	    info.map_flags == bpf_map__map_flags(map))
		return 0;
	say("%s: pinned with key %u, value %u, %u entries; wanted %u, %u, %u", name, info.key_size,
	    info.value_size, info.max_entries, bpf_map__key_size(map), bpf_map__value_size(map),
	    bpf_map__max_entries(map));
	return -EPROTO;
}

static int load(struct berth_object *object, const char *path, const char *pin_dir)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = pin_dir);
	struct bpf_map *map;
	int err;

	object->bpf = bpf_object__open_file(path, &opts);
	if (!object->bpf)
		return -errno;
	bpf_object__for_each_map(map, object->bpf) {
		err = bpf_map__pin_path(map) ? check_pin(map) : 0;
		if (err)
			return err;
	}
	return bpf_object__load(object->bpf);
}

int berth_object__open(const char *path, const char *pin_dir, struct berth_object **object,
		       char *detail, uint32_t detail_size)
{
	struct berth_object *made = calloc(1, sizeof(*made));
	libbpf_print_fn_t printer;
	int err;

	if (!made)
		return -ENOMEM;
	if (detail_size)
		detail[0] = '\0';
	detail_sink.text = detail;
	detail_sink.size = detail_size;
	detail_sink.used = 0;
	printer = libbpf_set_print(keep_warning);
	err = load(made, path, pin_dir);
	libbpf_set_print(printer);
	detail_sink.size = 0;
	if (err) {
		berth_object__close(made);
		return err;
	}
	*object = made;
	return 0;
}

void berth_object__close(struct berth_object *object)
{
	if (!object)
		return;
	bpf_object__close(object->bpf);
	free(object);
}

int berth_object__program(const struct berth_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object->bpf, name);

	return program ? bpf_program__fd(program) : -ENOENT;
}

int berth_object__map(const struct berth_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object->bpf, name);
}

static bool append(char *text, uint32_t size, uint32_t *used, const char *name, uint32_t number,
		   char before, char between)
{
	int length =
		snprintf(text + *used, size - *used, "%c%s%c%u", before, name, between, number);

	if (length < 0 || (uint32_t)length >= size - *used)
		return false;
	*used += (uint32_t)length;
	return true;
}

int berth_object__layout(const struct berth_object *object, char *text, uint32_t size)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	uint32_t used = 0;

	if (!btf || !size)
		return -EINVAL;
	text[0] = '\0';
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);
		const struct btf_member *member = btf_members(type);

		if (!btf_is_struct(type) || strncmp(name, "berth_", 6) != 0)
			continue;
		if (!append(text, size, &used, name, type->size, '\n', ' '))
			return -ENOSPC;
		for (__u16 i = 0; i < btf_vlen(type); i++)
			if (!append(text, size, &used, btf__name_by_offset(btf, member[i].name_off),
				    btf_member_bit_offset(type, i) / 8, ' ', '='))
				return -ENOSPC;
	}
	return 0;
}
