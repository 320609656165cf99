/**
 * All aggregates folded from one log, side by side: what mapper, hub, watcher and console each
 * hold. It knows how far it was folded, so a reader may start anywhere at or before that and
 * meet records that it already has.
 */
import { type Hash, sha256 } from '../contract/canonical.ts';
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
import { compare as compareHash, createPassedCheckpoints } from './passed-checkpoints.ts';
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
  /**
   * Compares the fold with checkpoints of the same rules: at once where the aggregate has not
   * changed since, and when it is there where the fold has not come so far.
   * @throws BERTH_FOLD_CHECKPOINT_DIFFERS, as `apply` does then: the reader must stop.
   */
  compare(checkpoints: readonly StateText[]): void;
  /** State and hash of one aggregate, as far as its partition was folded. */
  text(key: AggregateKey): StateText | undefined;
}

/**
 * Checkpoints of other rules are not used: the log is folded from its beginning instead, and
 * compared with those of the same rules on the way.
 */
export function createWorld(checkpoints: readonly StateText[] = []): World {
  const states = new Map<AggregateKey, AggregateState>();
  /** Where each aggregate changed last; from a checkpoint: or before that. */
  const changed = new Map<AggregateKey, Position>();
  let version: Version = {};
  states.set(POOLS, emptyPools());
  const noFences = emptyFences();
  const passed = createPassedCheckpoints((key) => text(key)?.hash);
  // Saved together, so used together: all of them or the whole log.
  const areUsable = checkpoints.every(({ rules }) => rules === RULES);
  for (const checkpoint of areUsable ? checkpoints : []) {
    compareHash(checkpoint, sha256(checkpoint.state));
    states.set(checkpoint.aggregate, stateFromText(checkpoint.state) as AggregateState);
    changed.set(checkpoint.aggregate, checkpoint.position);
    version = advance(version, checkpoint.position);
  }
  if (!areUsable) compare(checkpoints);

  function apply(event: LoggedEvent): Effects {
    const key = event.record.aggregate;
    // Delivered again: a consumer may meet records that it has folded.
    if (covers(version, event)) return ignored('repeated');
    const { partition, offset } = event;
    passed.foldedUpTo({ partition, offset: offset - 1 });
    version = advance(version, event);
    const state = states.get(key) ?? emptyAggregate(key);
    states.set(key, state);
    changed.set(key, { partition, offset });
    const effects = evolve(state, event);
    passed.foldedUpTo({ partition, offset });
    return effects;
  }

  function compare(others: readonly StateText[]): void {
    for (const other of others) {
      const { partition, offset } = other.position;
      if (other.rules !== RULES) continue;
      if (offset > (version[partition] ?? -1)) passed.expect(other);
      else if ((changed.get(other.aggregate)?.offset ?? -1) <= offset) {
        compareHash(other, text(other.aggregate)?.hash);
      }
    }
  }

  function text(key: AggregateKey): StateText | undefined {
    const state = states.get(key);
    const partition = changed.get(key)?.partition;
    if (state === undefined || partition === undefined) return undefined;
    const inText = stateToText(state);
    const position = { partition, offset: version[partition] ?? -1 };
    return { aggregate: key, position, rules: state.rules, state: inText, hash: sha256(inText) };
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
    compare,
    text,
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
