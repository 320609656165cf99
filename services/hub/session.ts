/**
 * One agent's link as a state machine, without I/O, clock or timers: what to push next, given
 * what the node holds, what changed since, and what it answered. It outlives links, so that a
 * node that comes back is sent the difference.
 *
 * Promises: at most one push is not yet answered; what changes meanwhile is merged by key, and the
 * latest wins, so a slow node costs one set of keys, bounded by its own state. A push has the
 * hub's version and never goes out while the node is ahead of the hub in any partition. Why not a
 * longer journal of versions: a node holds either what it last acked or the push that was under
 * way, and for anything else a snapshot is applied as a difference too.
 */
import { mayFollow, sameVersion, type Version } from '../contract/version.ts';

/** What a node has, by its own words or by an ack. */
export interface Held {
  readonly version: Version;
  readonly checksum: bigint;
}

/** What the node shall have, at the hub's version. */
export interface WantedSet extends Held {
  /** Of the log that who has this version knows; null: it is this one, or none that went on. */
  movedFrom(held: Version): Version | null;
  get(key: string): { readonly bytes: Uint8Array } | undefined;
  resources(): Iterable<{ readonly bytes: Uint8Array }>;
}

export interface Push extends Held {
  /** Where the node's own log was moved into this one; null: it is the same. */
  readonly movedFrom: Version | null;
  readonly nonce: bigint;
  readonly sentAtMs: number;
  readonly kind: 'snapshot' | 'delta';
  readonly resources: readonly Uint8Array[];
  /** Deltas only. */
  readonly removed: readonly string[];
}

export interface SessionStatus {
  readonly connected: boolean;
  /** Null: nothing is known of the node yet. */
  readonly held: Held | null;
  /** Changes that are not pushed yet; null: a snapshot is due. */
  readonly pending: number | null;
  readonly inFlight: boolean;
  /** When the push that has no answer yet was sent; null: there is none. */
  readonly inFlightSinceMs: number | null;
}

export type AckOutcome =
  | { readonly kind: 'taken'; readonly push: Push }
  /** Not an answer to the push under way. */
  | { readonly kind: 'stray' }
  /** It has something else than what was sent: not believed, and treated as a nack. */
  | { readonly kind: 'differs'; readonly push: Push };

export interface Session {
  readonly status: SessionStatus;
  /** A link came up; whatever was under way on an earlier one is settled by what the node has. */
  hello(held: Held): void;
  lost(): void;
  changed(keys: Iterable<string> | 'everything'): void;
  /** A push is due even where nothing changed: its ack is what counts. */
  wantAck(): void;
  ack(nonce: bigint, held: Held, nowMs: number): AckOutcome;
  /** True when it answers the push under way; a snapshot follows, later each time. */
  nack(nonce: bigint, nowMs: number): boolean;
  /** The push to send now, if one is due. */
  next(wanted: WantedSet, nowMs: number): Push | null;
  /** How long the wait after a refused push still is; ask again then. */
  waitMs(nowMs: number): number;
}

/** Above this, comparing everything is cheaper than the list. */
const PENDING_KEYS_MAX = 10_000;
const NACK_WAIT_FIRST_MS = 100;
const NACK_WAIT_MAX_MS = 10_000;

interface State {
  connected: boolean;
  held: Held | null;
  /** Keys that changed since what the node holds; null: unknown, so everything. */
  pending: Set<string> | null;
  inFlight: Push | null;
  /** What the push under way changes. */
  inFlightKeys: ReadonlySet<string> | null;
  lastNonce: bigint;
  ackWanted: boolean;
  /** A push was refused: whatever the node says that it holds, it is sent all of it. */
  snapshotWanted: boolean;
  /** Its first push is due even where the contents are equal, if the versions are not. */
  greeting: boolean;
  refusals: number;
  notBeforeMs: number;
}

export function createSession(): Session {
  const state: State = {
    connected: false,
    held: null,
    pending: null,
    inFlight: null,
    inFlightKeys: null,
    lastNonce: 0n,
    ackWanted: false,
    snapshotWanted: false,
    greeting: false,
    refusals: 0,
    notBeforeMs: 0,
  };
  return {
    get status() {
      const { connected, held, pending, inFlight } = state;
      return {
        connected,
        held,
        pending: pending?.size ?? null,
        inFlight: inFlight !== null,
        inFlightSinceMs: inFlight?.sentAtMs ?? null,
      };
    },
    hello: (held) => hello(state, held),
    lost: () => {
      state.connected = false;
    },
    changed: (keys) => changed(state, keys),
    wantAck: () => {
      state.ackWanted = true;
    },
    ack: (nonce, held, nowMs) => ack(state, nonce, held, nowMs),
    nack: (nonce, nowMs) => nack(state, nonce, nowMs),
    next: (wanted, nowMs) => next(state, wanted, nowMs),
    waitMs: (nowMs) => (state.connected ? Math.max(0, state.notBeforeMs - nowMs) : 0),
  };
}

function hello(state: State, held: Held): void {
  const { inFlight, inFlightKeys } = state;
  if (inFlight !== null && isSame(held, inFlight)) {
    // It was applied; only its ack was lost.
  } else if (state.held !== null && isSame(held, state.held)) {
    if (inFlight !== null) state.pending = union(state.pending, inFlightKeys);
  } else {
    state.pending = null;
  }
  state.connected = true;
  state.greeting = true;
  state.held = held;
  state.inFlight = null;
  state.inFlightKeys = null;
  state.snapshotWanted = false;
  state.refusals = 0;
  state.notBeforeMs = 0;
}

function changed(state: State, keys: Iterable<string> | 'everything'): void {
  if (keys === 'everything') state.pending = null;
  if (keys === 'everything' || state.pending === null) return;
  for (const key of keys) state.pending.add(key);
  if (state.pending.size > PENDING_KEYS_MAX) state.pending = null;
}

function next(state: State, wanted: WantedSet, nowMs: number): Push | null {
  const { held } = state;
  if (!state.connected || held === null || state.inFlight !== null) return null;
  if (nowMs < state.notBeforeMs) return null;
  // Agents never go back: this hub first has to read as far as the node has seen.
  if (isAhead(held, wanted)) return null;
  // Equal contents, however the node came by them.
  const equal = wanted.checksum === held.checksum && !state.snapshotWanted;
  if (state.pending === null && equal) state.pending = new Set();
  const news = state.greeting && !sameVersion(wanted.version, held.version);
  state.greeting = false;
  if (state.pending?.size === 0 && !news && !state.ackWanted) return null;
  return send(state, { wanted, held }, nowMs);
}

/** Of the hub, which must not push it anything then. */
export function isAhead({ version }: Held, wanted: WantedSet): boolean {
  return !mayFollow(wanted.version, version, wanted.movedFrom(version));
}

function send(
  state: State,
  { wanted, held }: { readonly wanted: WantedSet; readonly held: Held },
  sentAtMs: number,
): Push {
  const keys = state.pending;
  state.lastNonce += 1n;
  const nonce = state.lastNonce;
  const { version, checksum } = wanted;
  const movedFrom = wanted.movedFrom(held.version);
  const push: Push = { nonce, sentAtMs, version, checksum, movedFrom, ...contents(wanted, keys) };
  state.inFlight = push;
  state.inFlightKeys = keys;
  state.pending = new Set();
  state.ackWanted = false;
  state.snapshotWanted = false;
  return push;
}

function contents(
  wanted: WantedSet,
  keys: ReadonlySet<string> | null,
): Pick<Push, 'kind' | 'resources' | 'removed'> {
  if (keys === null) {
    const resources = Array.from(wanted.resources(), ({ bytes }) => bytes);
    return { kind: 'snapshot', resources, removed: [] };
  }
  const resources: Uint8Array[] = [];
  const removed: string[] = [];
  for (const key of keys) {
    const resource = wanted.get(key);
    if (resource === undefined) removed.push(key);
    else resources.push(resource.bytes);
  }
  return { kind: 'delta', resources, removed };
}

function ack(state: State, nonce: bigint, held: Held, nowMs: number): AckOutcome {
  const push = state.inFlight;
  if (push?.nonce !== nonce) return { kind: 'stray' };
  if (!isSame(held, push)) {
    nack(state, nonce, nowMs);
    return { kind: 'differs', push };
  }
  state.held = held;
  state.inFlight = null;
  state.inFlightKeys = null;
  state.refusals = 0;
  state.notBeforeMs = 0;
  return { kind: 'taken', push };
}

function nack(state: State, nonce: bigint, nowMs: number): boolean {
  if (state.inFlight?.nonce !== nonce) return false;
  state.inFlight = null;
  state.inFlightKeys = null;
  state.pending = null;
  state.snapshotWanted = true;
  state.refusals += 1;
  const waitMs = NACK_WAIT_FIRST_MS * 2 ** (state.refusals - 1);
  state.notBeforeMs = nowMs + Math.min(waitMs, NACK_WAIT_MAX_MS);
  return true;
}

function union(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): Set<string> | null {
  return a === null || b === null ? null : new Set([...a, ...b]);
}

function isSame(a: Held, b: Held): boolean {
  return a.checksum === b.checksum && sameVersion(a.version, b.version);
}
