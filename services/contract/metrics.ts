/**
 * Every metric of every process, in one table: name (its end is its unit), type, help, labels.
 * docs/metrics.md is made from it; a test compares it with what running processes expose, both
 * ways. A label's values are bounded by an enumeration, by the nodes or by the pools and targets
 * of an installation; never a pod, an EgressNat or somebody's address.
 */
export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending; without the infinite one. */
  readonly buckets?: readonly number[];
}

export type MetricTable = Readonly<Record<string, MetricSpec>>;

/** From a fast kernel call to a retry that waited. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const ENTRIES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

function counter<const Labels extends readonly string[]>(help: string, ...labels: Labels) {
  return { type: 'counter', help, labels } as const;
}

function gauge<const Labels extends readonly string[]>(help: string, ...labels: Labels) {
  return { type: 'gauge', help, labels } as const;
}

function histogram(help: string, buckets: readonly number[]) {
  return { type: 'histogram', help, labels: [], buckets } as const;
}

/** Of every process; names as other programs have them. */
export const PROCESS_METRICS = {
  process_cpu_seconds_total: counter('CPU time of the process, in user and kernel mode.'),
  process_resident_memory_bytes: gauge('Memory of the process in RAM.'),
  process_start_time_seconds: gauge('When the process started, seconds since the epoch.'),
  process_open_fds: gauge('Open file descriptors.'),
  nodejs_heap_size_used_bytes: gauge('JavaScript objects, garbage included.'),
  nodejs_eventloop_active_seconds_total: counter(
    'Time in which the event loop worked; its rate near 1: the process is saturated.',
  ),
} as const satisfies MetricTable;

/** Of an agent: one node, gateways included. */
export const AGENT_METRICS = {
  berth_datapath_packets_total: counter(
    'Packets by what the datapath did with them, since the tables were made.',
    'reason',
    'class',
  ),
  berth_datapath_bytes_total: counter(
    'Bytes by what the datapath did with them, since the tables were made.',
    'reason',
    'class',
  ),
  berth_datapath_events_lost_total: counter(
    'Events of held back packets that the agent did not take in time, since the tables were made.',
  ),
  berth_datapath_table_entries: gauge('Entries of a table, as last read back.', 'table'),
  berth_datapath_table_entries_max: gauge('Entries that a table can hold.', 'table'),
  berth_agent_pods: gauge(
    'Announced pods of the node: mapped, unmapped (held), unselected, unknown to the hub (held).',
    'state',
  ),
  berth_agent_link_up: gauge('1 while there is a link to a hub.'),
  berth_agent_link_ups_total: counter('Links to a hub that came up.'),
  berth_agent_version_offset: gauge('How far the node has acked, by partition.', 'partition'),
  berth_agent_pushes_total: counter(
    'Pushes by answer; the code is that of the refusal, empty for an ack.',
    'answer',
    'code',
  ),
  berth_agent_push_apply_seconds: histogram(
    'From the receipt of a push to its read-back, on disk.',
    SECONDS,
  ),
  berth_agent_last_push_age_seconds: gauge('Since the last push that was acked; NaN before one.'),
  berth_agent_table_repairs_total: counter('Entries that the table check repaired.', 'table'),
  berth_agent_table_check_age_seconds: gauge('Since the last whole reading of the tables.'),
  berth_agent_program_repairs_total: counter(
    'Programs that were not first in their chain, and were attached anew.',
    'program',
  ),
  berth_agent_cni_requests_total: counter(
    'Requests of the container runtime; the code is that of the refusal, empty for success.',
    'verb',
    'code',
  ),
  berth_agent_cni_add_seconds: histogram('From an add to its answer.', SECONDS),
} as const satisfies MetricTable;

/** Of `berth up`: everything above the agents. */
export const CONTROL_METRICS = {
  berth_watch_last_event_age_seconds: gauge('Since the source last said anything.'),
  berth_watch_blind_seconds: gauge(
    'For how long the watcher has no whole list of the source; 0 while it has.',
  ),
  berth_watch_relist_total: counter('Times that the source began its list anew.'),
  berth_watch_terms_total: counter('Terms that the watcher began.'),
  berth_watch_problems_total: counter('Refused input, by code of the error table.', 'code'),
  berth_log_append_entries: histogram('Entries written together, in one commit.', ENTRIES),
  berth_log_append_seconds: histogram('From a write of the log to its being on disk.', SECONDS),
  berth_log_end_offset: gauge('The next offset to be written.', 'topic', 'partition'),
  berth_consumer_lag_records: gauge(
    'Records of a topic that a function of this process has not handled yet.',
    'function',
    'topic',
    'partition',
  ),
  berth_consumer_lag_seconds: gauge(
    'Age of the oldest record that a function of this process has not handled yet; 0: none.',
    'function',
    'topic',
    'partition',
  ),
  berth_group_lag_records: gauge(
    'Records of a topic behind the offsets that a group of processes committed, be none of it up.',
    'group',
    'topic',
    'partition',
  ),
  berth_group_lag_seconds: gauge(
    'Age of the oldest record behind the offsets that a group of processes committed; 0: none.',
    'group',
    'topic',
    'partition',
  ),
  berth_mapper_events_total: counter('Records that the mapper folded, by type.', 'type'),
  berth_mapper_decisions_total: counter(
    'Decisions that the mapper read: accepted, or why they were ignored.',
    'outcome',
  ),
  berth_mapper_decisions_made_total: counter('Decisions that this mapper appended.'),
  berth_dead_letters_total: counter(
    'Records that were refused and passed over, in partitions of this mapper.',
    'because',
  ),
  berth_mapper_append_repeats_total: counter('Appends of unknown fate that were repeated.'),
  berth_mapper_partitions: gauge("Partitions of the log that are this mapper's."),
  berth_mapper_checkpoint_age_seconds: gauge(
    'How old the oldest record is that no checkpoint of this mapper covers.',
  ),
  berth_janitor_covered_records: gauge(
    'Old records that checkpoints cover: kept, since no archive has them.',
    'partition',
  ),
  berth_jobs_pending: gauge('Jobs that wait or run.', 'queue'),
  berth_jobs_attempts_total: counter('Runs of jobs that ended.', 'queue'),
  berth_jobs_failures_total: counter(
    'Runs of jobs that failed and are tried again; without a code of ours: other.',
    'queue',
    'code',
  ),
  berth_jobs_stalled_total: counter(
    'Jobs taken over since their process said nothing any more: it was killed, or stood still.',
    'queue',
  ),
  berth_hub_links: gauge('Nodes with a link now.'),
  berth_hub_nodes: gauge(
    'Nodes that have pods or are gateways: in-sync, behind, or disconnected.',
    'state',
  ),
  berth_hub_node_lag_seconds: gauge('How long a node has been out of sync; 0 in sync.', 'node'),
  berth_hub_pushes_total: counter('Pushes sent: snapshot or delta.', 'kind'),
  berth_hub_push_records_total: counter('Resources changed or removed by pushes.'),
  berth_hub_push_bytes_total: counter('Serialised resources in pushes.'),
  berth_hub_nacks_total: counter('Refused pushes by the code of the agent, or other.', 'code'),
  berth_hub_unacked_push_age_seconds: gauge('Age of the oldest push without an answer; 0: none.'),
  berth_propagation_seconds: histogram(
    'From the append of a pod’s binding to the read-back of its mapping, of pods mapped now.',
    SECONDS,
  ),
  berth_pods: gauge(
    'Pods of the cluster: present; of these selected, mapped, exhausted (no block to be had).',
    'state',
  ),
  berth_questions_open: gauge('Questions of the folded log that are open, by kind.', 'kind'),
  berth_egress_nats: gauge(
    'EgressNats: all, and those with a pod that cannot get a block.',
    'state',
  ),
  berth_pool_addresses: gauge('Addresses of a pool: total, claimed, free.', 'pool', 'state'),
  berth_pool_blocks: gauge(
    'Blocks on the claimed addresses of a pool: free, in-use, resting.',
    'pool',
    'state',
  ),
  berth_target_entries: gauge(
    'ACL entries of a target: wanted (asked for, not yet there), confirmed, dropping.',
    'target',
    'state',
  ),
  berth_target_addresses: gauge(
    'Addresses of a Webhook target: wanted in its ACL, in-force (of these, as it last said), ' +
      'lost (confirmed once, missing now).',
    'target',
    'state',
  ),
  berth_target_pushes_total: counter(
    'Times that a Webhook target was looked at, and written where need be; the code is that of ' +
      'what was wrong, empty where the wanted set is in force; without a code of ours: other.',
    'target',
    'code',
  ),
  berth_target_read_back_age_seconds: gauge(
    'Since a Webhook target last said what is in force; NaN: not since the process started.',
    'target',
  ),
  berth_target_failing_seconds: gauge(
    'For how long a Webhook target has failed in the same way, and is tried every 30 s at most; ' +
      '0 while what is wanted is in force.',
    'target',
  ),
  berth_target_last_success_age_seconds: gauge(
    'Since an ACL entry of the target was last confirmed or found to be gone.',
    'target',
  ),
} as const satisfies MetricTable;
