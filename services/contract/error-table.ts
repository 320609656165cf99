/**
 * The rows of the error table (see `errors.ts`), grouped by area: BERTH_<AREA>_<WHAT>.
 * `retry`: never (the same call fails again), backoff (try again later), refetch (get fresh state
 * first). `exit`: exit code of a command that ends with it.
 */
export interface ErrorRow {
  readonly message: string;
  readonly retry: 'never' | 'backoff' | 'refetch';
  readonly exit: number;
  readonly hint: string;
}

/** What was checked does not hold. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INPUT = 3;
const EXIT_ENVIRONMENT = 4;
const EXIT_UNAVAILABLE = 5;
const EXIT_INTERNAL = 70;

function row(retry: ErrorRow['retry'], exit: number, message: string, hint = ''): ErrorRow {
  return { message, retry, exit, hint };
}

export const ERROR_TABLE = {
  BERTH_ACL_AHEAD: row(
    'refetch',
    EXIT_UNAVAILABLE,
    'target {target} has revision {there}, later than {revision}: nothing was written.',
    'Its set was written by a process that has read further, or from another data folder.',
  ),
  BERTH_ACL_ANSWER: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer is no ACL: {reason}.',
    'See "An ACL server" in docs/operating.md.',
  ),
  BERTH_ACL_CONTENDED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: its ACL was changed twice while it was being written.',
    'Let nobody but Berth write it.',
  ),
  BERTH_ACL_CONTENT_TYPE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    "target {target}: the answer is of type '{contentType}', not application/json.",
    'Does something else answer under that URL?',
  ),
  BERTH_ACL_CUT_OFF: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer ended after {bytes} bytes, before its end.',
  ),
  BERTH_ACL_LOST: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} no longer has {addresses} in force, which it had confirmed.',
    'They are written again, and pods keep them: find out who else writes that ACL.',
  ),
  BERTH_ACL_NOT_IN_FORCE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} took revision {revision}, but says that other addresses are in force: ' +
      '{missing} missing, {strange} too many.',
    'Its ACL server must answer what is really in force; addresses that are missing stay unused.',
  ),
  BERTH_ACL_OTHER_REVISION: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} took revision {revision}, but says that {there} is in force.',
    'Its ACL server must keep the revision of the set that is in force.',
  ),
  BERTH_ACL_REDIRECT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} answers with a redirect ({status}), which is not followed.',
    'Write the right URL into the AclTarget.',
  ),
  BERTH_ACL_REPORT_LOST: row(
    'backoff',
    EXIT_INTERNAL,
    'what target {target} says is in force was not taken by the log.',
    'Another courier reported at the same time; it is read again.',
  ),
  BERTH_ACL_SECRET: row(
    'backoff',
    EXIT_ENVIRONMENT,
    "target {target}: secret '{name}' cannot be used: {reason}.",
    'Put it into the folder that `berth up --secrets` names.',
  ),
  BERTH_ACL_STATUS: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} answers {method} with {status}.',
    'Look into the log of its ACL server; 401 says that the signature was refused.',
  ),
  BERTH_ACL_TIMEOUT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} did not answer within {timeoutMs} ms.',
  ),
  BERTH_ACL_TOO_LARGE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer has more than {max} bytes.',
    'Does something else answer under that URL?',
  ),
  BERTH_ACL_UNREACHABLE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: {host} cannot be reached: {reason}.',
  ),
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
  BERTH_DEMO_CLAIM: row('never', EXIT_FAILED, 'the run did not hold: {reason}.'),
  BERTH_DEMO_ENDING: row('never', EXIT_INTERNAL, '{what} is refused: the demo is ending.'),
  BERTH_DEMO_NOT_UP: row(
    'never',
    EXIT_ENVIRONMENT,
    'the pipeline did not come up: {reason}.',
    'The logs of its processes have said that.',
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
    'record type {type} in {aggregate} is not known to this version.',
    'Run a newer version.',
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
  BERTH_LAB_AGENT_SILENT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the agent did not answer the CNI call: {reason}.',
    'The call is repeated for a while.',
  ),
  BERTH_LAB_COMMAND: row('never', EXIT_ENVIRONMENT, 'lab: {command} failed: {reason}.'),
  BERTH_LAB_NEEDS_ROOT: row(
    'never',
    EXIT_ENVIRONMENT,
    'the lab of network namespaces needs root.',
    'Without root: npm run demo -- --datapath memory.',
  ),
  BERTH_LAB_NOT_EMPTY: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'lab {id} cannot be removed: processes or namespaces of it keep coming.',
    'The next lab tries again.',
  ),
  BERTH_LAB_POD_REFUSED: row('backoff', EXIT_UNAVAILABLE, 'the agent refused pod {uid}: {message}'),
  BERTH_LAB_TRAFFIC: row('never', EXIT_ENVIRONMENT, 'the traffic process of the lab: {reason}.'),
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
  BERTH_LOG_IN_USE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    '{path} is in use by process {pid}.',
    'One process owns a data folder; stop that one first.',
  ),
  BERTH_LOG_PARTITIONS: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log has {have} partitions, the configuration says {want}.',
    'The count is fixed when the log is made; use the old one.',
  ),
  BERTH_LOG_BAD_ENTRY: row('never', EXIT_INTERNAL, 'entry {index} cannot be appended: {reason}.'),
  BERTH_LOG_OVERLOADED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    '{waiting} entries wait to be written to the log.',
    'The disk is slower than what is appended.',
  ),
  BERTH_LOG_UNREADABLE: row(
    'never',
    EXIT_ENVIRONMENT,
    '{path} cannot be opened: {reason}.',
    'Take another data folder, or repair this one.',
  ),
  BERTH_LOG_WRITE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'the log could not be written: {reason}.',
    'Whether the entries are there is not known; append the same ones again.',
  ),
  BERTH_LOG_CLOSED: row('never', EXIT_INTERNAL, 'the log is closed.'),
  BERTH_LOG_OFFSET_GONE: row(
    'refetch',
    EXIT_INTERNAL,
    'offset {offset} of partition {partition} is no longer in the log.',
    'Start from checkpoints.',
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
  BERTH_JOBS_WORKED: row('never', EXIT_INTERNAL, 'queue {queue} has a worker already.'),
  BERTH_JOBS_WRITE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'jobs of queue {queue} could not be written: {reason}.',
    'Add the same ones again.',
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
