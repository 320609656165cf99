/**
 * What a demand of a NAT RFC is to us: a verdict, its reason, and the tests that prove it, by the
 * names under which the test runner lists them. docs/rfc-compliance.md is made from these.
 */

/** 'absent': what the demand is about does not exist here, so there is nothing to find. */
export type Proof = readonly Named[] | 'absent';

/** A test: which suite, and its full name in it (the runner shortens long values: "…"). */
export interface Named {
  readonly suite: Suite;
  readonly name: string;
}

export interface Requirement {
  readonly number: string;
  /** In one line; a summary, not the wording. */
  readonly demand: string;
  readonly verdict: 'yes' | 'differs' | 'not applicable' | 'later issue';
  readonly reason: string;
  readonly proof: Proof;
}

export interface Rfc {
  readonly rfc: number;
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** Where a suite runs: a file of tests, and what its names begin with there. */
export type Place = readonly [file: string, prefix: string];

const PORT = 'services/ports/datapath';

export const SUITES = {
  packets: [
    [`${PORT}/kernel-packets.conformance.test.ts`, 'packets in the kernel > '],
    [`${PORT}/memory-packets.conformance.test.ts`, 'packets in memory > '],
  ],
  flexible: [
    [`${PORT}/kernel-packets.conformance.test.ts`, 'packets in the kernel > flexible ports > '],
    [`${PORT}/memory-packets.conformance.test.ts`, 'packets in memory > flexible ports > '],
  ],
  pings: [['test/scenarios/flexible-ports.int.test.ts', '']],
  'path MTU': [['test/scenarios/icmp-errors.int.test.ts', '']],
  pods: [['test/scenarios/pods.int.test.ts', '']],
  refusals: [['bpf/test/flow.int.test.ts', '']],
  fold: [['test/fold/mapper-rules.test.ts', '']],
  history: [['test/fold/properties.test.ts', 'over any history > ']],
  blocks: [['services/contract/block.test.ts', 'blocks of an address > ']],
  policies: [['services/hub/views/policy-set.test.ts', 'compiled policy sets > ']],
  status: [['services/console/picture.test.ts', 'the picture > ']],
  metrics: [['test/metrics/exposed.int.test.ts', '']],
} as const satisfies Readonly<Record<string, readonly Place[]>>;

export type Suite = keyof typeof SUITES;

const named =
  (suite: Suite) =>
  (...names: readonly string[]): Named[] =>
    names.map((name) => ({ suite, name }));

export const packets = named('packets');
/** Errors from outside that find their pod. */
export const errorsIn = (...names: readonly string[]): Named[] =>
  packets(
    ...names.map((name) => `ICMP errors > brings an error to the pod that it is about > ${name}`),
  );
export const flexible = named('flexible');
export const pings = named('pings');
export const pathMtu = named('path MTU');
export const pods = named('pods');
export const refusals = named('refusals');
export const fold = named('fold');
export const history = named('history');
export const blocks = named('blocks');
export const policies = named('policies');
export const status = named('status');
export const metrics = named('metrics');

/** What several demands rest on. */
export const ARITHMETIC = packets(
  'return > each direct port goes out and comes back as itself, and no other does',
  'egress > translates by the berth > a covered address inside an exception',
);
export const ONE_PORT_FOR_ALL = flexible(
  'a second remote end has the same port, and then only idle time ends it',
);
export const FILTER = packets(
  'return > drops with a reason > a stranger',
  'return > drops with a reason > an exception',
  'return > drops with a reason > a target by a port that its rules do no…',
  'return > drops with a reason > a target of the pod’s other berth',
);
export const HAIRPIN = packets('egress > answers with RST > a NAT address as destination');
export const PAIRED = fold(
  'blocks > a pod gets one block for each EgressNat that selects it, when it is bound',
);
export const ONE_OWNER = history(
  'no two pods ever share a block, and blocks rest between two owners',
);
export const UDP_LIMIT = flexible('UDP: lives 300 s without an outbound packet, and no longer');
export const ICMP_LIMIT = flexible('ICMP: lives 60 s without an outbound packet, and no longer');
export const REFRESH = flexible('an outbound packet refreshes a flow, an inbound one does not');
export const UNTOUCHED_BY_ERRORS = flexible(
  'an ICMP error about a flow finds it, in both directions, and changes nothing',
);
export const FULL = flexible(
  'a full berth refuses the next flow, keeps the others, and takes what has ended',
);
