/* SPDX-License-Identifier: Apache-2.0 */
/* Being in another network namespace for a moment. */
#ifndef BERTH_NETNS_H
#define BERTH_NETNS_H

struct netns_visit {
	int home; /* -1: nothing to return to */
};

/* 0 or -errno; a visit that failed needs no return. `path` NULL: stays at home. */
int netns_enter(struct netns_visit *visit, const char *path);
void netns_return(struct netns_visit *visit);

#endif
