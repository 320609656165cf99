// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

static struct flow *flows;
static struct flow **by_id;
static uint32_t by_id_size;

static void make_room(uint32_t id)
{
	uint32_t size = by_id_size ? by_id_size : 1024;

	if (id < by_id_size)
		return;
	while (size <= id)
		size *= 2;
	by_id = realloc(by_id, size * sizeof(*by_id));
	if (!by_id)
		loop__die("out of memory");
	memset(by_id + by_id_size, 0, (size - by_id_size) * sizeof(*by_id));
	by_id_size = size;
}

void flow__register(struct flow *flow)
{
	errno = EINVAL;
	if (flow->id > FLOW_ID_MAX)
		loop__die("flow number out of bounds");
	make_room(flow->id);
	if (by_id[flow->id])
		loop__die("flow number taken");
	by_id[flow->id] = flow;
	flow->next = flows;
	flow->linked_by = &flows;
	if (flows)
		flows->linked_by = &flow->next;
	flows = flow;
}

void flow__unregister(struct flow *flow)
{
	by_id[flow->id] = NULL;
	*flow->linked_by = flow->next;
	if (flow->next)
		flow->next->linked_by = flow->linked_by;
}

void flow__close(uint32_t id)
{
	if (id < by_id_size && by_id[id])
		by_id[id]->end(by_id[id], FLOW_CLOSE);
}

void flow__drop_netns(const char *netns)
{
	struct flow *next;

	for (struct flow *flow = flows; flow; flow = next) {
		next = flow->next;
		if (!strcmp(flow->netns, netns))
			flow->end(flow, FLOW_DROP);
	}
}
