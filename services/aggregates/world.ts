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
import type { PassedOver } from '../contract/logged-event.ts';
import type { LoggedEvent } from '../contract/records.ts';
import { advance, covers, type Position, type Version } from '../contract/version.ts';
import { RULES } from './aggregate/rules.ts';
import { stateFromText, stateToText } from './aggregate/state-text.ts';
import { type Effects, ignored } from './effects.ts';
import { evolveFences } from './fences/evolve.ts';
import { emptyFences, type FencesState } from './fences/state.ts';
import { evolveLog } from './log/evolve.ts';
import { emptyLog, type LogState } from './log/state.ts';
import { evolveNamespace } from './namespace/evolve.ts';
import { emptyNamespace, type NamespaceState } from './namespace/state.ts';
import {
  compare as compareHash,
  createPassedCheckpoints,
  type HashedPosition,
} from './passed-checkpoints.ts';
import { evolvePools } from './pools/evolve.ts';
import { emptyPools, type PoolsState } from './pools/state.ts';
import { evolveTarget } from './target/evolve.ts';
import { emptyTarget, type TargetState } from './target/state.ts';

export type AggregateState = NamespaceState | PoolsState | TargetState | FencesState | LogState;

/** The folded state of one aggregate, as it is kept in a checkpoint. */
export interface StateText {
  readonly aggregate: AggregateKey;
  /** All of its partition up to here is in it, as far as it concerns it. */
  readonly position: Position;
  readonly rules: number;
  readonly state: string;
  readonly hash: Hash;
}

/** Where a reader may begin: all up to the version is in the states; some are ahead of it. */
export interface SavedWorld {
  readonly checkpoints: readonly StateText[];
  readonly version: Version;
}

export interface World {
  /** How far all of it was folded; single aggregates may be further on. */
  readonly version: Version;
  /**
   * @throws BERTH_FOLD_UNKNOWN_TYPE, BERTH_FOLD_RULES_UNKNOWN, BERTH_LOG_MOVED: the reader must
   * stop.
   */
  apply(event: LoggedEvent | PassedOver): Effects;
  aggregates(): Iterable<AggregateState>;
  aggregate(key: AggregateKey): AggregateState | undefined;
  namespace(name: NamespaceName): NamespaceState | undefined;
  target(name: TargetName): TargetState | undefined;
  readonly pools: PoolsState;
  /** What the log says of itself, by partition; nothing where it was never moved. */
  logs(): Iterable<LogState>;
  /** The fence book. */
  readonly fences: FencesState;
  /**
   * Compares the fold with checkpoints of the same rules: at once where the aggregate has not
   * changed since, and when it is there where the fold has not come so far.
   * @throws BERTH_FOLD_CHECKPOINT_DIFFERS, as `apply` does then: the reader must stop.
   */
  compare(checkpoints: readonly StateText[]): void;
  /** State and hash of one aggregate, as far as it was folded. */
  text(key: AggregateKey): StateText | undefined;
}

/**
 * Checkpoints of other rules are not used: the log is folded from its beginning instead, and
 * compared with those of the same rules on the way.
 */
export function createWorld(saved: SavedWorld = NOTHING_SAVED): World {
  const { checkpoints } = saved;
  const states = new Map<AggregateKey, AggregateState>();
  const logs = new Set<LogState>();
  /** Where each aggregate changed last; from a checkpoint: there or before that. */
  const changed = new Map<AggregateKey, Position>();
  states.set(POOLS, emptyPools());
  const noFences = emptyFences();
  const passed = createPassedCheckpoints(compareIfThere);
  // The version holds for all of them, so they are used together, or the whole log is folded.
  const areUsable = checkpoints.every(({ rules }) => rules === RULES);
  let version: Version = areUsable ? saved.version : {};
  for (const checkpoint of areUsable ? checkpoints : []) {
    compareHash(checkpoint, sha256(checkpoint.state));
    keep(checkpoint.aggregate, stateFromText(checkpoint.state) as AggregateState);
    changed.set(checkpoint.aggregate, checkpoint.position);
  }
  if (!areUsable) compare(checkpoints);

  function keep(key: AggregateKey, state: AggregateState): void {
    states.set(key, state);
    if (state.kind === 'log') logs.add(state);
  }

  function apply(event: LoggedEvent | PassedOver): Effects {
    // Delivered again: a consumer may meet records that it has folded.
    if (covers(version, event)) return ignored('repeated');
    const { partition, offset } = event;
    passed.foldedUpTo({ partition, offset: offset - 1 });
    if (event.record === null || offset <= lastChange(event.record.aggregate)) {
      // It is nothing; or its checkpoint was ahead of the version, and has it.
      version = advance(version, event);
      passed.foldedUpTo({ partition, offset });
      return ignored(event.record === null ? 'refused' : 'repeated');
    }
    const key = event.record.aggregate;
    const state = states.get(key) ?? emptyAggregate(key);
    keep(key, state);
    // What it throws at is not folded, and no checkpoint may say so.
    const effects = evolve(state, event);
    changed.set(key, { partition, offset });
    version = advance(version, event);
    passed.foldedUpTo({ partition, offset });
    return effects;
  }

  function compare(others: readonly StateText[]): void {
    for (const other of others) {
      const { partition, offset } = other.position;
      if (other.rules !== RULES) continue;
      if (offset > (version[partition] ?? -1)) passed.expect(other);
      else compareIfThere(other);
    }
  }

  /** An aggregate that is further on has not the state of there any more. */
  function compareIfThere(other: HashedPosition): void {
    if (lastChange(other.aggregate) > other.position.offset) return;
    compareHash(other, text(other.aggregate)?.hash);
  }

  function lastChange(key: AggregateKey): number {
    return changed.get(key)?.offset ?? -1;
  }

  function text(key: AggregateKey): StateText | undefined {
    const state = states.get(key);
    const last = changed.get(key);
    if (state === undefined || last === undefined) return undefined;
    const inText = stateToText(state);
    const { partition } = last;
    const position = { partition, offset: Math.max(last.offset, version[partition] ?? -1) };
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
    logs: () => logs,
    aggregate: (key) => states.get(key),
    namespace: (name) => states.get(namespaceKey(name)) as NamespaceState | undefined,
    target: (name) => states.get(targetKey(name)) as TargetState | undefined,
    compare,
    text,
  };
}

const NOTHING_SAVED: SavedWorld = { checkpoints: [], version: {} };

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
    case 'log':
      return emptyLog(key);
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
    case 'log':
      return evolveLog(state, event);
  }
}
