// SPDX-License-Identifier: Apache-2.0
/*
 * Attaching by pinned links. libbpf 1.1 knows no tcx, but its link call takes the attach types by
 * number and passes the flags on.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "libberth.h"
#include "netns.h"

/* Of enum bpf_attach_type, in kernels from 6.6 on. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47
/* In front of all that are there already. */
#define TCX_BEFORE (1U << 3)
/* More programs on one hook than anybody attaches. */
#define CHAIN_MAX 64

static int attach_type(uint32_t hook, enum bpf_attach_type *type, uint32_t *flags)
{
	switch (hook) {
	case BERTH_HOOK_TCX_INGRESS:
		*type = TCX_INGRESS;
		*flags = TCX_BEFORE;
		return 0;
	case BERTH_HOOK_TCX_EGRESS:
		*type = TCX_EGRESS;
		*flags = TCX_BEFORE;
		return 0;
	case BERTH_HOOK_XDP:
		*type = BPF_XDP;
		*flags = XDP_FLAGS_DRV_MODE;
		return 0;
	default:
		return -EINVAL;
	}
}

int berth_link__create(int program, uint32_t ifindex, uint32_t hook, const char *netns,
		       const char *pin)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	struct netns_visit visit;
	enum bpf_attach_type type;
	int link, err = attach_type(hook, &type, &opts.flags);

	err = err ?: netns_enter(&visit, netns);
	if (err)
		return err;
	link = bpf_link_create(program, (int)ifindex, type, &opts);
	netns_return(&visit);
	if (link < 0)
		return link;
	err = bpf_obj_pin(link, pin);
	/* Without a pin the link ends here, and the attachment with it. */
	close(link);
	return err;
}

int berth_link__update(const char *pin, int program)
{
	int err, link = bpf_obj_get(pin);

	if (link < 0)
		return link;
	err = bpf_link_update(link, program, NULL);
	close(link);
	return err;
}

int berth_link__destroy(const char *pin)
{
	int link = bpf_obj_get(pin);

	if (link < 0)
		return link;
	/* Fails when the interface is gone; then there is nothing to detach from. */
	bpf_link_detach(link);
	close(link);
	return unlink(pin) ? -errno : 0;
}

int berth_link__info(const char *pin, struct berth_link_info *info)
{
	struct bpf_link_info kernel;
	__u32 size = sizeof(kernel);
	int err, link = bpf_obj_get(pin);

	if (link < 0)
		return link;
	memset(&kernel, 0, sizeof(kernel));
	err = bpf_obj_get_info_by_fd(link, &kernel, &size);
	close(link);
	/* A tcx link's ifindex is where an XDP link's is. */
	info->ifindex = kernel.xdp.ifindex;
	info->program_id = kernel.prog_id;
	return err;
}

int berth_hook__first(uint32_t ifindex, uint32_t hook, const char *netns, uint32_t *program_id)
{
	struct netns_visit visit;
	enum bpf_attach_type type;
	__u32 flags, ids[CHAIN_MAX] = {}, length = CHAIN_MAX;
	int err = attach_type(hook, &type, &flags);

	err = err ?: netns_enter(&visit, netns);
	if (err)
		return err;
	err = bpf_prog_query((int)ifindex, type, 0, NULL, ids, &length);
	netns_return(&visit);
	*program_id = err ? 0 : ids[0];
	return err;
}
