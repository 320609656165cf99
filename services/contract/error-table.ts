/**
 * The rows of the error table (see `errors.ts`), grouped by area: BERTH_<AREA>_<WHAT>.
 * `retry`: never (the same call fails again), backoff (try again later), refetch (get fresh state
 * first). `exit`: exit code of a command that ends with it.
 */
import { ACL_ERRORS } from './acl-errors.ts';
import {
  type ErrorRow,
  EXIT_ENVIRONMENT,
  EXIT_FAILED,
  EXIT_INPUT,
  EXIT_INTERNAL,
  EXIT_UNAVAILABLE,
  EXIT_USAGE,
  row,
} from './error-row.ts';
import { INFRA_ERRORS } from './infra-errors.ts';
import { LOG_ERRORS } from './log-errors.ts';
import { TRIGGER_ERRORS } from './trigger-errors.ts';

export type { ErrorRow } from './error-row.ts';

export const ERROR_TABLE = {
  ...ACL_ERRORS,
  ...LOG_ERRORS,
  ...TRIGGER_ERRORS,
  ...INFRA_ERRORS,
  BERTH_AGENT_BEHIND: row(
    'refetch',
    EXIT_INTERNAL,
    'push {nonce} is older than what this node has.',
    'The hub waits until it has read as far as the node.',
  ),
  BERTH_AGENT_CHECKSUM: row(
    'refetch',
    EXIT_INTERNAL,
    'after push {nonce} the node has checksum {have}, the hub says {want}.',
    'The agent asks for a snapshot by itself.',
  ),
  BERTH_AGENT_FAILED: row(
    'refetch',
    EXIT_INTERNAL,
    'push {nonce} could not be applied: {reason}.',
    'What was in force before stays.',
  ),
  BERTH_AGENT_READ_BACK: row(
    'refetch',
    EXIT_INTERNAL,
    'kernel table {table} does not hold what was written to it.',
    'Something else writes to the pinned maps; the drift check repairs it.',
  ),
  BERTH_AGENT_RUNNING: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'another agent works on the state folder {folder}.',
    'Stop that one first; each node has one agent, with a state folder of its own.',
  ),
  BERTH_CERTIFICATE_FILES: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'the certificate files in {folder} cannot be used: {reason}.',
    'The folder holds ca.crt, tls.crt and tls.key; for a node `berth certificate` makes them.',
  ),
  BERTH_CNI_BAD_REQUEST: row(
    'never',
    EXIT_INPUT,
    'CNI request refused: {reason}.',
    'Send one line of JSON with verb, uid, ip, netns and hostInterface.',
  ),
  BERTH_CNI_FAILED: row(
    'backoff',
    EXIT_INTERNAL,
    'the CNI request could not be carried out: {reason}.',
    'The call is repeated.',
  ),
  BERTH_CNI_NOT_MAPPED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'pod {uid} has no mapping on this node after {waitedMs} ms ({reason}).',
    'The pod stays without network until it has one; the call is repeated.',
  ),
  BERTH_CONFIG_BAD: row('never', EXIT_USAGE, 'configuration: {field}: {reason}.'),
  BERTH_COURIER_BEHIND: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: revision {revision} is wanted, and this courier has read up to {read} only.',
    'The job is left to whoever has read on; look at the consumer lag if it stays so.',
  ),
  BERTH_DATAPATH_ANNOUNCE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'NAT addresses could not be announced on {interface}: {reason}.',
    'Targets learn the way at their next ARP request; look at the interface.',
  ),
  BERTH_DATAPATH_ATTACH: row(
    'backoff',
    EXIT_ENVIRONMENT,
    '{program} could not be attached to {interface}: {reason}.',
  ),
  BERTH_DATAPATH_BAD_ENTRY: row('never', EXIT_INTERNAL, 'table {table}: bad entry: {reason}.'),
  BERTH_DATAPATH_CLOSED: row('never', EXIT_INTERNAL, 'the datapath is closed.'),
  BERTH_DATAPATH_FULL: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'table {table} is full ({max} entries).',
    'What was in force stays; new pods are held.',
  ),
  BERTH_DATAPATH_LAYOUT: row(
    'never',
    EXIT_ENVIRONMENT,
    'pinned table {table} has another layout than this program: {reason}.',
  ),
  BERTH_DATAPATH_LOAD: row(
    'never',
    EXIT_ENVIRONMENT,
    'the kernel programs could not be loaded: {reason}.',
  ),
  BERTH_DATAPATH_NEEDS_ROOT: row(
    'never',
    EXIT_ENVIRONMENT,
    'the kernel datapath needs root (CAP_BPF, CAP_NET_ADMIN).',
    'Without root: --datapath memory.',
  ),
  BERTH_DATAPATH_UNKNOWN_KEY: row('never', EXIT_INTERNAL, 'table {table}: no such key to remove.'),
  BERTH_FENCE_LINKED: row(
    'never',
    EXIT_FAILED,
    '{node} is not fenced: its agent is linked right now, so it lives.',
    'Switch it off first. With --force its acks count as given until it says hello again.',
  ),
  BERTH_FENCE_NOT_CONFIRMED: row(
    'never',
    EXIT_USAGE,
    '{node} is not fenced: nobody confirmed it.',
    "Type the node's name, or say --yes.",
  ),
  BERTH_FENCE_UNKNOWN_NODE: row(
    'never',
    EXIT_INPUT,
    'no node {node} was ever heard of.',
    'The name is that of the Node object.',
  ),
  BERTH_FOLD_INVARIANT: row(
    'never',
    EXIT_INTERNAL,
    'the fold of {aggregate} broke a rule: {rule}.',
    'The reader stops here; please report it with the log.',
  ),
  BERTH_FOLD_RULES_UNKNOWN: row(
    'never',
    EXIT_INTERNAL,
    '{aggregate} uses rules {rules}, this program knows up to {known}.',
    'Run a newer version.',
  ),
  BERTH_FOLD_UNKNOWN_TYPE: row(
    'never',
    EXIT_INTERNAL,
    'record {id} (partition {partition}, offset {offset}, {aggregate}) is of a new type: {type}.',
    'Run a newer version. If none knows it: docs/operating.md, "A record that nobody knows".',
  ),
  BERTH_FOLD_CHECKPOINT_DIFFERS: row(
    'never',
    EXIT_INTERNAL,
    'the fold of {aggregate} differs from its checkpoint at offset {offset}.',
    'The log or the checkpoint was changed; the reader stops here.',
  ),
  BERTH_INPUT_ADDRESS: row('never', EXIT_INPUT, "'{value}' is not an IP address."),
  BERTH_INPUT_CIDR: row('never', EXIT_INPUT, "'{value}' is not a CIDR such as 198.51.100.0/24."),
  BERTH_INPUT_CIDR_HOST_BITS: row(
    'never',
    EXIT_INPUT,
    "'{value}' has bits behind its prefix.",
    'Did you mean {network}?',
  ),
  BERTH_INPUT_DUPLICATE: row(
    'never',
    EXIT_INPUT,
    '{object} is defined in {first} and again in {second}.',
    'The first stays in force; take one of them out.',
  ),
  BERTH_INPUT_FIELD: row('never', EXIT_INPUT, '{field}: {reason}.'),
  BERTH_INPUT_SYNTAX: row('never', EXIT_INPUT, 'cannot be parsed: {reason}.'),
  BERTH_INPUT_UNREADABLE: row('backoff', EXIT_INPUT, '{path} cannot be read: {reason}.'),
  BERTH_INPUT_WATCH_ERROR: row(
    'refetch',
    EXIT_INPUT,
    'the stream reports an error: {reason}.',
    'What was in force stays.',
  ),
  BERTH_GATEWAY_LAST: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'no other gateway took over from {node}: it still answers for {addresses} addresses.',
    'It stays drained, and lets go as soon as another that serves these addresses is live.',
  ),
  BERTH_GATEWAY_NONE: row(
    'never',
    EXIT_USAGE,
    'this node is no gateway.',
    'Ask the agent of a gateway (started with --gateway).',
  ),
  BERTH_HUB_STARTING: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the hub is still reading the log.',
    'Try again in a moment.',
  ),
  BERTH_HUB_UNREACHABLE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the hub does not answer on {socket}: {reason}.',
    'Is `berth up` running, with this --operator-socket?',
  ),
  BERTH_HUB_OTHER_LOG: row(
    'never',
    EXIT_ENVIRONMENT,
    'node {node} has more of log generation {generation} than generation {own} here goes on from.',
    'Run hubs on the log that was moved last; until then the node goes on with what it has.',
  ),
  BERTH_HUB_NODE_AHEAD: row(
    'never',
    EXIT_ENVIRONMENT,
    'node {node} has applied offset {offset} of partition {partition}, but the log ends at {end}.',
    'The data folder is another or an older one than the node knew: bring back the right one, ' +
      'or see "When the data folder is lost" in docs/operating.md.',
  ),
  BERTH_LINK_BAD_MESSAGE: row('never', EXIT_INTERNAL, 'agent link: {reason}.'),
  BERTH_LINK_CERTIFICATE_EXPIRED: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: the certificate of {peer} has expired ({reason}).',
    'Put a new one in its folder; it is read again by itself.',
  ),
  BERTH_LINK_CERTIFICATE_NAME: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: the certificate of {peer} has another name: {reason}.',
    "A node's has the one URI berth://node/NAME, the hub's the DNS name berth-hub.",
  ),
  BERTH_LINK_CERTIFICATE_NOT_YET_VALID: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: the certificate of {peer} is not valid yet ({reason}).',
    'Compare the clocks of node, hub and CA.',
  ),
  BERTH_LINK_CERTIFICATE_PURPOSE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: the certificate of {peer} is not for this end of the link ({reason}).',
    "A node's is for client authentication, the hub's for server authentication.",
  ),
  BERTH_LINK_CERTIFICATE_UNKNOWN_CA: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: the certificate of {peer} is from a CA that is not known ({reason}).',
    "The CA must be in the other end's ca.crt.",
  ),
  BERTH_LINK_HANDSHAKE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: no TLS with {peer}: {reason}.',
  ),
  BERTH_LINK_HELLO_REPLAYED: row(
    'never',
    EXIT_INTERNAL,
    'agent link: the hello of {node} does not repeat the challenge of its stream.',
    'It was recorded on another one.',
  ),
  BERTH_LINK_LEFT: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: {peer} left before it opened a stream.',
    "Its own log says why; mostly it does not believe the hub's certificate.",
  ),
  BERTH_LINK_NO_CERTIFICATE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'agent link: {peer} shows no certificate.',
    'Agents connect with the certificate of their node.',
  ),
  BERTH_LINK_NO_CHALLENGE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the hub at {hub} did not open the stream with a challenge within {waitedMs} ms.',
  ),
  BERTH_LINK_PLAINTEXT: row(
    'never',
    EXIT_ENVIRONMENT,
    'agent link: {peer} does not speak TLS ({reason}).',
  ),
  BERTH_LINK_LISTEN: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'the hub cannot listen on {address}: {reason}.',
  ),
  BERTH_CHECKPOINT_CLOSED: row('never', EXIT_INTERNAL, 'the checkpoints are closed.'),
  BERTH_CHECKPOINT_BACKWARDS: row(
    'never',
    EXIT_INTERNAL,
    'checkpoint of {aggregate} at {offset} is older than the one that is there ({have}).',
  ),
  BERTH_JOBS_BAD_JOB: row('never', EXIT_INTERNAL, 'queue {queue}: a job is refused: {reason}.'),
  BERTH_JOBS_CLOSED: row('never', EXIT_INTERNAL, 'the job queue is closed.'),
  BERTH_JOBS_FULL: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'queue {queue} holds {held} jobs.',
    'Something makes jobs that nobody works.',
  ),
  BERTH_JOBS_REDIS: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'Redis at {address} cannot be used: {reason}.',
    'Start it, or name the right one, with its password and CA.',
  ),
  BERTH_JOBS_REDIS_EVICTS: row(
    'never',
    EXIT_ENVIRONMENT,
    'Redis at {address} throws keys away when its memory is full: maxmemory-policy is {policy}.',
    'Set `maxmemory-policy noeviction`: a queue that lost a part of its keys may lose its jobs.',
  ),
  BERTH_JOBS_REDIS_FORGETS: row(
    'never',
    EXIT_ENVIRONMENT,
    'Redis at {address} writes no append-only file: it forgets jobs when it is started anew.',
    'Set `appendonly yes`. What is lost is asked for again from the log, minutes later.',
  ),
  BERTH_JOBS_REDIS_OLD: row(
    'never',
    EXIT_ENVIRONMENT,
    'Redis at {address} is version {version}; {min} or later is needed.',
    'Upgrade it.',
  ),
  BERTH_JOBS_STUCK: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'queue {queue}: {waiting} jobs wait, and nothing was begun or ended for {seconds} s.',
    'The process ends so that a new one works them: let something start it again.',
  ),
  BERTH_JOBS_WORKED: row('never', EXIT_INTERNAL, 'queue {queue} has a worker already.'),
  BERTH_JOBS_WRITE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'jobs of queue {queue} could not be written: {reason}.',
    'Add the same ones again.',
  ),
  BERTH_METRICS_LISTEN: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'metrics cannot be served at {address}: {reason}.',
    'Name a free address (HOST:PORT or unix:PATH), or none.',
  ),
  BERTH_NAT_CONFLICT: row(
    'never',
    EXIT_INPUT,
    'pod {pod} is selected by {first} and {second}, whose destinations overlap.',
    'The older EgressNat wins where they do.',
  ),
  BERTH_POOL_EXHAUSTED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'EgressNat {egressNat} has no free block for {pods} pods.',
    'Raise addresses.max, or give the pool more addresses.',
  ),
  BERTH_RUNTIME_BEYOND_END: row(
    'never',
    EXIT_ENVIRONMENT,
    '{topic} is to be read from offset {from} of partition {partition}, but it ends at {end}.',
    'Log and checkpoints are not of one time: bring both back from the same copy, ' +
      'or delete the folder of the checkpoints.',
  ),
  BERTH_RUNTIME_STOP_TIMEOUT: row(
    'never',
    EXIT_INTERNAL,
    '{name} did not stop within {waitedMs} ms.',
    'It was left behind; see its last log lines.',
  ),
  BERTH_RUNTIME_DUPLICATE_FUNCTION: row('never', EXIT_INTERNAL, 'two functions are named {name}.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_TABLE;
