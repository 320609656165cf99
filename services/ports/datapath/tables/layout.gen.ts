/** Generated from the kernel programs' BTF by bpf/gen/generate.ts; do not edit. */

export const ABI = {
  ABI_VERSION: 1,
  BERTHS_MAX: 4,
  RULES_MAX: 8,
  SIZE_LOG2_MIN: 6,
  SIZE_LOG2_MAX: 14,
  PODS_ENTRIES: 4096,
  INTERFACES_ENTRIES: 4096,
  POLICIES_ENTRIES: 65536,
  NODES_ENTRIES: 8192,
  ADDRESSES_ENTRIES: 256,
  LOCAL_PODS_ENTRIES: 256,
  BLOCKS_PER_ADDRESS_LOG2: 10,
  REASONS_ENTRIES: 64,
  POD_SELECTED: 1,
  SLOT_MAPPED: 1,
  SLOTS_ENTRIES: 1048576,
  SLOT_WINDOW: 256,
  SLOT_LIMIT_ICMP: 60,
  SLOT_LIMIT_UDP: 300,
  SLOT_LIMIT_ESTABLISHED: 7440,
  SLOT_LIMIT_TRANSITORY: 240,
  SET_UNKNOWN: 0,
  SET_SELECTED: 1,
  SET_EVERY: 65535,
  VERDICT_COVERED: 1,
  VERDICT_HOLE: 2,
  VERDICT_OBSERVED: 3,
  RULE_OBSERVED: 1,
  BLOCK_NONE: 0,
  BLOCK_POD: 1,
  BLOCK_NODE: 2,
  ADDRESS_OWNED: 1,
  EVENTS_BYTES: 65536,
  EVENT_LIMITS_ENTRIES: 4096,
  EVENT_INTERVAL_NS: 1000000000,
} as const;

export const LAYOUT = {
  berth_address: {
    size: 4,
    offsets: {
      address_index: 0,
      size_log2: 2,
      flags: 3,
    },
  },
  berth_block: {
    size: 24,
    offsets: {
      kind: 0,
      reserved: 1,
      node_index: 2,
      base: 4,
      reserved2: 6,
      pod_ip: 8,
    },
  },
  berth_cidr_key: {
    size: 20,
    offsets: {
      prefixlen: 0,
      address: 4,
    },
  },
  berth_config: {
    size: 16,
    offsets: {
      pod_port_first: 0,
      uplink_mac: 2,
      reserved: 8,
    },
  },
  berth_counter: {
    size: 16,
    offsets: {
      packets: 0,
      bytes: 8,
    },
  },
  berth_event: {
    size: 48,
    offsets: {
      pod_ip: 0,
      destination: 16,
      seen_ns: 32,
      untold: 40,
      destination_port: 44,
      protocol: 46,
      reason: 47,
    },
  },
  berth_event_key: {
    size: 20,
    offsets: {
      pod_ip: 0,
      reason: 16,
    },
  },
  berth_event_limit: {
    size: 16,
    offsets: {
      told_ns: 0,
      untold: 8,
      reserved: 12,
    },
  },
  berth_heartbeats: {
    size: 8,
    offsets: {
      heartbeat_seen_ns: 0,
    },
  },
  berth_interface: {
    size: 16,
    offsets: {
      pod_ip: 0,
    },
  },
  berth_lease: {
    size: 24,
    offsets: {
      arp_lease_until_ns: 0,
      heartbeat_fresh_ns: 8,
      heartbeat_port: 16,
      reserved: 18,
    },
  },
  berth_local_pods: {
    size: 4,
    offsets: {
      is_pod: 0,
      reserved: 1,
    },
  },
  berth_node: {
    size: 24,
    offsets: {
      mac: 0,
      in_use: 6,
      reserved: 7,
      underlay_ip: 8,
    },
  },
  berth_pod: {
    size: 152,
    offsets: {
      ip: 0,
      flags: 16,
      berth_count: 17,
      reserved: 18,
      berths: 24,
    },
  },
  berth_policy: {
    size: 52,
    offsets: {
      verdict: 0,
      rule_count: 1,
      reserved: 2,
      rules: 4,
    },
  },
  berth_policy_key: {
    size: 24,
    offsets: {
      prefixlen: 0,
      policy_set: 4,
      address: 8,
    },
  },
  berth_port_rule: {
    size: 6,
    offsets: {
      protocol: 0,
      flags: 1,
      port_from: 2,
      port_to: 4,
    },
  },
  berth_slot: {
    size: 32,
    offsets: {
      nat_address: 0,
      base: 16,
      size_log2: 18,
      flags: 19,
      policy_set: 20,
      flexible: 24,
      generation: 28,
      reserved: 29,
    },
  },
  berth_underlay: {
    size: 4,
    offsets: {
      node_index: 0,
      reserved: 2,
    },
  },
} as const;

export const MAPS = {
  pods_2: {
    kind: 'hash',
    keySize: 16,
    valueSize: 152,
    maxEntries: 4096,
  },
  slots: {
    kind: 'array',
    keySize: 4,
    valueSize: 8,
    maxEntries: 1048576,
  },
  policies: {
    kind: 'lpm-trie',
    keySize: 24,
    valueSize: 52,
    maxEntries: 65536,
  },
  blocks: {
    kind: 'array',
    keySize: 4,
    valueSize: 24,
    maxEntries: 262144,
  },
  nodes: {
    kind: 'array',
    keySize: 4,
    valueSize: 24,
    maxEntries: 8192,
  },
  underlays: {
    kind: 'hash',
    keySize: 16,
    valueSize: 4,
    maxEntries: 8192,
  },
  addresses: {
    kind: 'hash',
    keySize: 16,
    valueSize: 4,
    maxEntries: 256,
  },
  local_pods: {
    kind: 'lpm-trie',
    keySize: 20,
    valueSize: 4,
    maxEntries: 256,
  },
  interfaces: {
    kind: 'hash',
    keySize: 4,
    valueSize: 16,
    maxEntries: 4096,
  },
  config: {
    kind: 'array',
    keySize: 4,
    valueSize: 16,
    maxEntries: 1,
  },
  lease: {
    kind: 'array',
    keySize: 4,
    valueSize: 24,
    maxEntries: 1,
  },
  heartbeats: {
    kind: 'array',
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
  },
  counters: {
    kind: 'per-cpu-array',
    keySize: 4,
    valueSize: 16,
    maxEntries: 64,
  },
  events: {
    kind: 'ring-buffer',
    keySize: 0,
    valueSize: 0,
    maxEntries: 65536,
  },
  event_limits: {
    kind: 'lru-hash',
    keySize: 20,
    valueSize: 16,
    maxEntries: 4096,
  },
  events_lost: {
    kind: 'per-cpu-array',
    keySize: 4,
    valueSize: 16,
    maxEntries: 1,
  },
} as const;
