// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Passes everything. A veth takes what its peer sends by XDP_TX only while it has an XDP program of
 * its own; so this goes on the far end of a gateway's veth in labs. No node ever needs it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int xdp_pass(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
