/**
 * The frozen shape of `berth.events`: the envelope, and the body of each type that there is. What
 * this refuses every version refuses, so it is the same for all of them, for ever: a type is never
 * changed, a new one gets a new name. It is as strict as what any version may ever have written
 * allows (sources refuse more), and strict enough that no fold stumbles over what passes.
 */
import {
  bool,
  type Check,
  cidr,
  ip,
  list,
  matching,
  networks,
  nullable,
  object,
  oneOf,
  powerOfTwo,
  record,
  text,
  variants,
  whole,
} from './check.ts';

const hash = matching(/^[0-9a-f]{64}$/, 'hash');
/** The id of a record, and what the question is about. */
const question = matching(/^[0-9a-f]{64}\/./s, 'question');
const name = matching(/^[^/\s]{1,253}$/, 'name');
const uid = matching(/^[^/\s]{1,128}$/, 'uid');
const aggregate = matching(/^(pools|fences|(ns|target|log)\/[^/\s]{1,253})$/, 'aggregate');
const port = whole(1, 65_535);
const time = nullable(matching(/^\d{4}-\d{2}-\d{2}T\S{1,32}$/, 'time'));

const labels = record(text);
const selector = object({
  matchLabels: labels,
  matchExpressions: list(
    object({
      key: text,
      operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: list(text),
    }),
  ),
});
const destinations = object({
  cidrs: list(cidr),
  except: list(cidr),
  ports: list(object({ protocol: oneOf('TCP', 'UDP', 'any'), from: port, to: port })),
});
const fencing = oneOf('Deleted', 'Stated');
const fencedBy = oneOf('Taint', 'Deleted', 'Operator');
const version = record(whole(0));
const blockSize = powerOfTwo(64, 16_384);
const geometry = object({ portFrom: port, portTo: port, blockSize });
const quarantine = whole(0, 31_536_000);

const pod = object({
  uid,
  name,
  labels,
  node: nullable(name),
  ips: list(ip),
  hostNetwork: bool,
  finished: bool,
  statefulSet: nullable(text),
});
const egressNat = object({
  name,
  createdAt: time,
  spec: object({
    pool: name,
    addresses: object({ min: whole(0, 65_536), max: whole(0, 65_536) }),
    podSelector: selector,
    targets: list(name),
    inline: list(destinations),
    onUnmapped: oneOf('Drop', 'Pass'),
  }),
});
const poolSpec = object({
  addresses: networks(65_536n),
  ports: object({ from: port, to: port, perPod: blockSize }),
  allowedNamespaces: nullable(selector),
  addressesPerNamespaceMax: whole(0, 65_536),
  gatewaySelector: nullable(selector),
  quarantineSeconds: quarantine,
  fencing,
});
const secret = object({ name });
const targetSpec = object({
  destinations,
  allowedNamespaces: nullable(selector),
  enforcement: oneOf('Observe', 'Selected', 'All'),
  driver: variants('type', {
    Manual: { allowed: list(cidr) },
    Webhook: {
      url: text,
      secretRef: secret,
      caRef: nullable(secret),
      timeoutSeconds: whole(1, 3_600),
    },
  }),
});

const message = variants('kind', {
  AskClaim: {
    claim: question,
    namespace: name,
    labels,
    egressNat: name,
    pool: name,
    targets: list(object({ name, revision: whole(0) })),
  },
  UpdateClaim: { claim: question, labels, targets: list(object({ name, revision: whole(0) })) },
  ReturnClaim: { claim: question },
  GrantClaim: { claim: question, address: ip, geometry, quarantineSeconds: quarantine, fencing },
  WithdrawClaim: { claim: question },
  WantEntry: {
    claim: question,
    address: ip,
    namespace: name,
    labels,
    egressNat: name,
    revision: whole(0),
  },
  DropEntry: { claim: question, revision: whole(0) },
  ConfirmEntry: { claim: question, target: name, address: ip, revision: whole(0) },
  EntryGone: { claim: question, target: name, revision: whole(0) },
});

const answer = variants('kind', {
  BerthGranted: {
    question,
    pod: uid,
    egressNat: name,
    claim: question,
    base: whole(0, 65_535),
    node: name,
  },
  BerthReleased: { question, pod: uid, egressNat: name },
  ClaimAsked: { question, egressNat: name, pool: name, targets: list(name) },
  ClaimUpdated: { question, claim: question, targets: list(name) },
  ClaimReturned: { question, claim: question },
  AddressGranted: {
    question,
    claim: question,
    address: ip,
    geometry,
    quarantineSeconds: quarantine,
    fencing,
  },
  TargetsTold: { question, claim: question },
  AddressWithdrawn: { question, claim: question },
  EntryConfirmed: { question, claim: question },
  EntryRemoved: { question, claim: question },
});

const BODIES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  WatchStarted: { term: text },
  NamespaceObserved: { labels },
  NamespaceGone: {},
  PodObserved: { pod },
  PodGone: { uid },
  EgressNatObserved: { egressNat },
  EgressNatGone: { name },
  PoolObserved: { name, spec: poolSpec },
  PoolGone: { name },
  TargetObserved: { spec: targetSpec },
  TargetGone: {},
  ReleaseAcked: { release: question, node: name, version },
  FenceBooked: {
    node: name,
    by: nullable(fencedBy),
    suspect: nullable(fencedBy),
    taintSpent: bool,
    after: whole(0),
  },
  NodeFenced: { node: name, by: fencedBy },
  NodeReturned: { node: name },
  Tick: { release: question },
  AclReported: { revision: whole(0), addresses: list(ip) },
  Forwarded: { from: aggregate, number: whole(1), message },
  Receipt: { to: aggregate, number: whole(1) },
  CopyBegan: {
    generation: whole(0),
    partitions: whole(1, 100_000),
    cuts: list(object({ generation: whole(0), version })),
  },
  CopyEnded: { generation: whole(0) },
  LogSealed: { generation: whole(0), to: text },
  Rules: { rules: whole(1) },
  Decision: {
    predecessor: hash,
    answers: list(answer),
    forwards: list(object({ to: aggregate, number: whole(1), message })),
  },
};

/** All types of body that this version knows. */
export const EVENT_TYPES: ReadonlySet<string> = new Set(Object.keys(BODIES));

/** Whoever hashes it must come back. */
const BODY_DEPTH_MAX = 32;

/** Around a body of any type, of versions to come too. */
export const eventEnvelope: Check = object({
  id: hash,
  aggregate,
  source: nullable(object({ by: text, number: whole(0) })),
  body: anyBody,
  traceparent: nullable(text),
});

export const eventBody: Check = variants('type', BODIES);

function anyBody(body: unknown): string | null {
  if (typeof (body as { readonly type?: unknown } | null)?.type !== 'string') {
    return '.type is no text';
  }
  return isDeeperThan(body, BODY_DEPTH_MAX) ? ` is nested deeper than ${BODY_DEPTH_MAX}` : null;
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeperThan(each, depth - 1));
}
