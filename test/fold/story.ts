/**
 * Tells a story to the fold: what a watcher, nodes and jobs would append, with a real mapper core
 * answering. Each test says only what matters to it; everything else has a plain default.
 */

import type { NamespaceState, Release } from '../../services/aggregates/namespace/state.ts';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import { type Cidr, parseCidr } from '../../services/contract/cidr.ts';
import {
  type AggregateKey,
  namespaceKey,
  POOLS,
  targetKey,
} from '../../services/contract/identity.ts';
import type {
  AclTargetSpec,
  EgressNatSpec,
  LabelSelector,
  NatPoolSpec,
  PodFacts,
} from '../../services/contract/objects.ts';
import {
  type EventRecord,
  eventRecord,
  type LoggedEvent,
  type Observation,
} from '../../services/contract/records.ts';
import { createMapperCore, type MapperCore } from '../../services/mapper/mapper-core.ts';
import { type SimulatedLog, simulatedLog } from './simulated-log.ts';

export const EVERYTHING: LabelSelector = { matchLabels: {}, matchExpressions: [] };
export const QUARANTINE_MS = 120_000;

export interface HeldBlock {
  readonly pod: string;
  readonly egressNat: string;
  readonly address: string;
  readonly base: number;
  readonly node: string;
}

export interface Story {
  readonly log: SimulatedLog;
  readonly world: World;
  readonly mapper: MapperCore;
  /** Appends one observation in the running term of the aggregate, opening one if need be. */
  observe(aggregate: AggregateKey, observation: Observation): LoggedEvent;
  append(...records: EventRecord[]): LoggedEvent[];
  pool(name: string, spec?: Partial<NatPoolSpec>): void;
  target(name: string, spec?: Partial<AclTargetSpec>): void;
  egressNat(namespace: string, name: string, spec?: Partial<EgressNatSpec>): void;
  pod(namespace: string, uid: string, facts?: Partial<PodFacts>): void;
  podGone(namespace: string, uid: string): void;
  /** The mapper answers until nothing is left to say. */
  settle(): void;
  namespace(name: string): NamespaceState;
  blocks(namespace: string): HeldBlock[];
  releases(namespace: string): Release[];
  ack(namespace: string, release: Release, node?: string): void;
  tick(namespace: string, release: Release): void;
}

export function cidrs(...texts: string[]): Cidr[] {
  return texts.map(parseCidr);
}

export function createStory(log: SimulatedLog = simulatedLog(), term = 'term-1'): Story {
  const world = createWorld();
  const mapper = createMapperCore(world);
  const numbers = new Map<AggregateKey, number>();
  let ticks = 0;

  function append(...records: EventRecord[]): LoggedEvent[] {
    const events = log.append(records);
    for (const event of events) mapper.read(event);
    return events;
  }

  function observe(aggregate: AggregateKey, observation: Observation): LoggedEvent {
    if (!numbers.has(aggregate)) {
      numbers.set(aggregate, 0);
      const started = { type: 'WatchStarted', term } as const;
      append(eventRecord(aggregate, started, { by: term, number: 0 }));
    }
    const number = (numbers.get(aggregate) ?? 0) + 1;
    numbers.set(aggregate, number);
    const [event] = append(eventRecord(aggregate, observation, { by: term, number }));
    if (event === undefined) throw new Error('nothing was appended');
    return event;
  }

  function settle(): void {
    for (let records = mapper.next(); records.length > 0; records = mapper.next()) {
      const events = log.append(records);
      mapper.appended(records);
      for (const event of events) mapper.read(event);
    }
  }

  function namespace(name: string): NamespaceState {
    const state = world.namespace(name);
    if (state === undefined) throw new Error(`namespace ${name} was never observed`);
    return state;
  }

  return {
    log,
    world,
    mapper,
    observe,
    append,
    settle,
    namespace,
    pool: (name, spec) => {
      observe(POOLS, { type: 'PoolObserved', name, spec: { ...POOL, ...spec } });
    },
    target: (name, spec) => {
      observe(targetKey(name), { type: 'TargetObserved', spec: { ...TARGET, ...spec } });
    },
    egressNat: (ns, name, spec) => {
      const egressNat = { name, createdAt: null, spec: { ...EGRESS_NAT, ...spec } };
      observe(namespaceKey(ns), { type: 'EgressNatObserved', egressNat });
    },
    pod: (ns, uid, facts) => {
      const pod = { ...POD, uid, name: uid, ...facts };
      observe(namespaceKey(ns), { type: 'PodObserved', pod });
    },
    podGone: (ns, uid) => {
      observe(namespaceKey(ns), { type: 'PodGone', uid });
    },
    blocks: (ns) => heldBlocks(namespace(ns)),
    releases: (ns) => [...namespace(ns).releases.values()],
    ack: (ns, release, node = release.node) => {
      const body = { type: 'ReleaseAcked', release: release.id, node, version: {} } as const;
      append(eventRecord(namespaceKey(ns), body, { by: `hub/${node}`, number: 1 }));
    },
    tick: (ns, release) => {
      ticks += 1;
      const body = { type: 'Tick', release: release.id } as const;
      append(eventRecord(namespaceKey(ns), body, { by: 'ticks', number: ticks }));
    },
  };
}

export function heldBlocks(state: NamespaceState): HeldBlock[] {
  return [...state.pods.values()].flatMap((pod) =>
    [...pod.berths.values()].map((berth) => ({
      pod: berth.pod,
      egressNat: berth.egressNat,
      address: state.claims.get(berth.claim)?.grant?.address ?? '',
      base: berth.base,
      node: berth.node,
    })),
  );
}

const POOL: NatPoolSpec = {
  addresses: cidrs('203.0.113.16/30'),
  ports: { from: 1024, to: 65535, perPod: 16384 },
  allowedNamespaces: EVERYTHING,
  addressesPerNamespaceMax: 8,
  gatewaySelector: EVERYTHING,
  quarantineSeconds: QUARANTINE_MS / 1000,
  fencing: 'Deleted',
};

const TARGET: AclTargetSpec = {
  destinations: { cidrs: cidrs('198.51.100.0/24'), except: [], ports: [] },
  allowedNamespaces: EVERYTHING,
  enforcement: 'Selected',
  driver: { type: 'Manual', allowed: cidrs('203.0.113.0/24') },
};

const EGRESS_NAT: EgressNatSpec = {
  pool: 'blue',
  addresses: { min: 1, max: 4 },
  podSelector: EVERYTHING,
  targets: ['orders-db'],
  inline: [],
  onUnmapped: 'Drop',
};

export const POD: PodFacts = {
  uid: 'pod',
  name: 'pod',
  labels: {},
  node: 'n1',
  ips: [],
  hostNetwork: false,
  finished: false,
  statefulSet: null,
};
