/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The tables, pinned by name, so that both objects, and whoever loads them next, share them.
 * Nothing here grows with pods x targets: pods are of one node, policies are shared by pods.
 */
#ifndef BERTH_MAPS_H
#define BERTH_MAPS_H

#include "berth_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BERTH_PODS_ENTRIES);
	__type(key, union berth_ip);
	__type(value, struct berth_pod);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pods_2 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BERTH_SLOTS_ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, BERTH_POLICIES_ENTRIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct berth_policy_key);
	__type(value, struct berth_policy);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BERTH_BLOCKS_ENTRIES);
	__type(key, __u32);
	__type(value, struct berth_block);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BERTH_NODES_ENTRIES);
	__type(key, __u32);
	__type(value, struct berth_node);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BERTH_NODES_ENTRIES);
	__type(key, union berth_ip);
	__type(value, struct berth_underlay);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} underlays SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BERTH_ADDRESSES_ENTRIES);
	__type(key, union berth_ip);
	__type(value, struct berth_address);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, BERTH_LOCAL_PODS_ENTRIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct berth_cidr_key);
	__type(value, struct berth_local_pods);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} local_pods SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BERTH_INTERFACES_ENTRIES);
	__type(key, __u32);
	__type(value, struct berth_interface);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct berth_config);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct berth_lease);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} lease SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct berth_heartbeats);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} heartbeats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BERTH_REASONS_ENTRIES);
	__type(key, __u32);
	__type(value, struct berth_counter);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BERTH_EVENTS_BYTES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps");

/* A ring says nothing of what lies in it: so its struct is in every object's BTF. */
const struct berth_event event_layout SEC("layout") = {};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BERTH_EVENT_LIMITS_ENTRIES);
	__type(key, struct berth_event_key);
	__type(value, struct berth_event_limit);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} event_limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct berth_counter);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events_lost SEC(".maps");

#endif
