/**
 * All aggregates folded from one log, side by side: what mapper, hub, watcher and console each
 * hold. It knows how far it was folded, so a reader may start anywhere at or before that and
 * meet records that it already has.
 */
import { type Hash, sha256 } from '../contract/canonical.ts';
import { berthError } from '../contract/errors.ts';
import {
  type AggregateKey,
  aggregateKind,
  FENCES,
  type NamespaceName,
  namespaceKey,
  POOLS,
  type TargetName,
  targetKey,
} from '../contract/identity.ts';
import type { LoggedEvent } from '../contract/records.ts';
import { advance, covers, type Position, type Version } from '../contract/version.ts';
import { RULES } from './aggregate/rules.ts';
import { stateFromText, stateToText } from './aggregate/state-text.ts';
import { type Effects, ignored } from './effects.ts';
import { evolveFences } from './fences/evolve.ts';
import { emptyFences, type FencesState } from './fences/state.ts';
import { evolveNamespace } from './namespace/evolve.ts';
import { emptyNamespace, type NamespaceState } from './namespace/state.ts';
import { evolvePools } from './pools/evolve.ts';
import { emptyPools, type PoolsState } from './pools/state.ts';
import { evolveTarget } from './target/evolve.ts';
import { emptyTarget, type TargetState } from './target/state.ts';

export type AggregateState = NamespaceState | PoolsState | TargetState | FencesState;

/** The folded state of one aggregate, as it is kept in a checkpoint. */
export interface StateText {
  readonly aggregate: AggregateKey;
  readonly position: Position;
  readonly rules: number;
  readonly state: string;
  readonly hash: Hash;
}

export interface World {
  /** How far all of it was folded. */
  readonly version: Version;
  /** @throws BERTH_FOLD_UNKNOWN_TYPE, BERTH_FOLD_RULES_UNKNOWN: the reader must stop. */
  apply(event: LoggedEvent): Effects;
  aggregates(): Iterable<AggregateState>;
  aggregate(key: AggregateKey): AggregateState | undefined;
  namespace(name: NamespaceName): NamespaceState | undefined;
  target(name: TargetName): TargetState | undefined;
  readonly pools: PoolsState;
  /** The fence book. */
  readonly fences: FencesState;
  /** State and hash of one aggregate, as far as its partition was folded. */
  text(key: AggregateKey): StateText | undefined;
}

/** Checkpoints of other rules are not used: the log is folded from its beginning instead. */
export function createWorld(checkpoints: readonly StateText[] = []): World {
  const states = new Map<AggregateKey, AggregateState>();
  const partitions = new Map<AggregateKey, number>();
  let version: Version = {};
  states.set(POOLS, emptyPools());
  const noFences = emptyFences();
  // Saved together, so used together: all of them or the whole log.
  const usable = checkpoints.every(({ rules }) => rules === RULES) ? checkpoints : [];
  for (const checkpoint of usable) {
    if (sha256(checkpoint.state) !== checkpoint.hash) {
      const { aggregate, position } = checkpoint;
      throw berthError('BERTH_FOLD_CHECKPOINT_DIFFERS', { aggregate, offset: position.offset });
    }
    states.set(checkpoint.aggregate, stateFromText(checkpoint.state) as AggregateState);
    partitions.set(checkpoint.aggregate, checkpoint.position.partition);
    version = advance(version, checkpoint.position);
  }

  function apply(event: LoggedEvent): Effects {
    const key = event.record.aggregate;
    // Delivered again: a consumer may meet records that it has folded.
    if (covers(version, event)) return ignored('repeated');
    version = advance(version, event);
    const state = states.get(key) ?? emptyAggregate(key);
    states.set(key, state);
    partitions.set(key, event.partition);
    return evolve(state, event);
  }

  return {
    get version() {
      return version;
    },
    get pools() {
      return states.get(POOLS) as PoolsState;
    },
    get fences() {
      return (states.get(FENCES) as FencesState | undefined) ?? noFences;
    },
    apply,
    aggregates: () => states.values(),
    aggregate: (key) => states.get(key),
    namespace: (name) => states.get(namespaceKey(name)) as NamespaceState | undefined,
    target: (name) => states.get(targetKey(name)) as TargetState | undefined,
    text: (key) => {
      const state = states.get(key);
      const partition = partitions.get(key);
      if (state === undefined || partition === undefined) return undefined;
      const text = stateToText(state);
      const position = { partition, offset: version[partition] ?? -1 };
      return { aggregate: key, position, rules: state.rules, state: text, hash: sha256(text) };
    },
  };
}

function emptyAggregate(key: AggregateKey): AggregateState {
  switch (aggregateKind(key)) {
    case 'namespace':
      return emptyNamespace(key);
    case 'pools':
      return emptyPools();
    case 'target':
      return emptyTarget(key);
    case 'fences':
      return emptyFences();
  }
}

function evolve(state: AggregateState, event: LoggedEvent): Effects {
  switch (state.kind) {
    case 'namespace':
      return evolveNamespace(state, event);
    case 'pools':
      return evolvePools(state, event);
    case 'target':
      return evolveTarget(state, event);
    case 'fences':
      return evolveFences(state, event);
  }
}
