/**
 * What is to be recorded of what a source says: only what differs from the fold. It takes over what
 * the fold has of an aggregate once the aggregate's term is open (from then on nobody else's
 * observations count there), and from then on what it gave out itself. One for each term. Pure.
 */
import type { AggregateState } from '../aggregates/world.ts';
import { canonicalJson } from '../contract/canonical.ts';
import {
  type AggregateKey,
  aggregateName,
  namespaceKey,
  POOLS,
  targetKey,
} from '../contract/identity.ts';
import type { NodeFromApi } from '../contract/node-records.ts';
import type { NodeFacts } from '../contract/objects.ts';
import type { Observation } from '../contract/records.ts';
import { keyOf, keyText } from '../ports/source/object-key.ts';
import type { SourceKey, SourceObject } from '../ports/source/port.ts';

export type Change =
  | { readonly to: 'events'; readonly aggregate: AggregateKey; readonly body: Observation }
  | { readonly to: 'nodes'; readonly record: NodeFromApi };

export interface Difference {
  /** Takes over what the fold has; the aggregate's term is open. */
  begin(state: AggregateState): void;
  beginNodes(nodes: Iterable<NodeFacts>): void;
  /** Null: nothing changed. */
  present(object: SourceObject): Change | null;
  gone(key: SourceKey): Change | null;
  /** The list ended; of what it did not name, only a complete one says that it is gone. */
  listed(complete: boolean): readonly Change[];
}

interface Known {
  readonly key: SourceKey;
  readonly facts: string;
}

/** A namespace without labels is to the fold what one that was never seen is. */
const NO_LABELS = canonicalJson({});

export function createDifference(): Difference {
  const known = new Map<string, Known>();
  const named = new Set<string>();

  function keep(key: SourceKey, facts: unknown): void {
    known.set(keyText(key), { key, facts: canonicalJson(facts) });
  }

  function gone(key: SourceKey): Change | null {
    const text = keyText(key);
    named.delete(text);
    return known.delete(text) ? goneChange(key) : null;
  }

  return {
    begin: (state) => {
      for (const [key, facts] of factsIn(state)) keep(key, facts);
    },
    beginNodes: (nodes) => {
      for (const facts of nodes) keep({ kind: 'Node', name: facts.name }, facts);
    },
    present(object) {
      const key = keyOf(object);
      const text = keyText(key);
      const facts = canonicalJson(factsOf(object));
      named.add(text);
      const before = known.get(text)?.facts ?? (key.kind === 'Namespace' ? NO_LABELS : null);
      if (before === facts) return null;
      known.set(text, { key, facts });
      return presentChange(object);
    },
    gone,
    listed(complete) {
      const missing = [...known].filter(([text]) => complete && !named.has(text));
      return missing.flatMap(([, { key }]) => gone(key) ?? []);
    },
  };
}

/** The history that the object belongs to; null for what is not in the history (nodes). */
export function aggregateOf(key: SourceKey): AggregateKey | null {
  switch (key.kind) {
    case 'Pod':
    case 'EgressNat':
      return namespaceKey(key.namespace);
    case 'Namespace':
      return namespaceKey(key.name);
    case 'NatPool':
      return POOLS;
    case 'AclTarget':
      return targetKey(key.name);
    case 'Node':
      return null;
  }
}

function factsOf(object: SourceObject): unknown {
  switch (object.kind) {
    case 'Pod':
      return object.pod;
    case 'EgressNat':
    case 'Node':
      return object.facts;
    case 'Namespace':
      return object.facts.labels;
    case 'NatPool':
    case 'AclTarget':
      return object.facts.spec;
  }
}

function* factsIn(state: AggregateState): Generator<readonly [SourceKey, unknown]> {
  const name = aggregateName(state.key);
  switch (state.kind) {
    case 'namespace':
      if (canonicalJson(state.labels) !== NO_LABELS)
        yield [{ kind: 'Namespace', name }, state.labels];
      for (const [uid, pod] of state.pods) {
        // One that is gone waits there only for its blocks to be released.
        if (pod.present) yield [{ kind: 'Pod', namespace: name, uid }, pod.facts];
      }
      for (const egressNat of state.egressNats.values()) {
        const { facts } = egressNat;
        yield [{ kind: 'EgressNat', namespace: name, name: facts.name }, facts];
      }
      return;
    case 'pools':
      for (const [pool, { spec, gone }] of state.pools) {
        // One that is gone stays there only until its addresses are given back.
        if (!gone) yield [{ kind: 'NatPool', name: pool }, spec];
      }
      return;
    case 'target':
      if (state.spec !== null) yield [{ kind: 'AclTarget', name }, state.spec];
      return;
    case 'fences':
    case 'log':
      // Of no source: hubs, or who moves a log, write it.
      return;
  }
}

function presentChange(object: SourceObject): Change {
  const key = keyOf(object);
  if (object.kind === 'Node') {
    const { facts } = object;
    return { to: 'nodes', record: { type: 'NodeFromApi', node: facts.name, facts } };
  }
  return { to: 'events', aggregate: aggregateOf(key) as AggregateKey, body: observed(object) };
}

function observed(object: Exclude<SourceObject, { kind: 'Node' }>): Observation {
  switch (object.kind) {
    case 'Pod':
      return { type: 'PodObserved', pod: object.pod };
    case 'EgressNat':
      return { type: 'EgressNatObserved', egressNat: object.facts };
    case 'Namespace':
      return { type: 'NamespaceObserved', labels: object.facts.labels };
    case 'NatPool':
      return { type: 'PoolObserved', name: object.facts.name, spec: object.facts.spec };
    case 'AclTarget':
      return { type: 'TargetObserved', spec: object.facts.spec };
  }
}

function goneChange(key: SourceKey): Change {
  if (key.kind === 'Node') {
    return { to: 'nodes', record: { type: 'NodeFromApi', node: key.name, facts: null } };
  }
  return { to: 'events', aggregate: aggregateOf(key) as AggregateKey, body: goneBody(key) };
}

function goneBody(key: Exclude<SourceKey, { kind: 'Node' }>): Observation {
  switch (key.kind) {
    case 'Pod':
      return { type: 'PodGone', uid: key.uid };
    case 'EgressNat':
      return { type: 'EgressNatGone', name: key.name };
    case 'Namespace':
      return { type: 'NamespaceGone' };
    case 'NatPool':
      return { type: 'PoolGone', name: key.name };
    case 'AclTarget':
      return { type: 'TargetGone' };
  }
}
