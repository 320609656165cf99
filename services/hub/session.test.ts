/**
 * A link’s state machine, case by case (trace 1 of docs/ARCHITECTURE.md among them), then by any
 * interleaving of changes, losses and answers on two hubs.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_CHECKSUM, resourceHash } from '../contract/resource-checksum.ts';
import { advance, covers, isAtLeast, type Version } from '../contract/version.ts';
import { createSession, type Held, type Push, type Session, type WantedSet } from './session.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One change in the log: a value for a key, or null to take it away. Keys belong to partitions. */
interface Change {
  readonly partition: number;
  readonly key: string;
  readonly value: string | null;
}

/** Resources here say their own key, `KEY=VALUE`. */
function bytesOf(key: string, value: string): Uint8Array {
  return encoder.encode(`${key}=${value}`);
}

function checksumOf(values: ReadonlyMap<string, string>): bigint {
  let checksum = EMPTY_CHECKSUM;
  for (const [key, value] of values) checksum ^= resourceHash(key, bytesOf(key, value));
  return checksum;
}

/** A hub that folded some prefix of each partition of the log. */
function hubOf(log: readonly Change[]) {
  const values = new Map<string, string>();
  const session = createSession();
  let version: Version = {};
  const offsetsOf = (partition: number) => log.filter((change) => change.partition === partition);

  return {
    session,
    values,
    get version() {
      return version;
    },
    fold(partition: number): void {
      const offset = (version[partition] ?? -1) + 1;
      const change = offsetsOf(partition)[offset];
      if (change === undefined) return;
      const { key, value } = change;
      if (value === null) values.delete(key);
      else values.set(key, value);
      version = advance(version, { partition, offset });
      session.changed([key]);
    },
    wanted(): WantedSet {
      return {
        version,
        checksum: checksumOf(values),
        movedFrom: () => null,
        get: (key) => {
          const value = values.get(key);
          return value === undefined ? undefined : { bytes: bytesOf(key, value) };
        },
        resources: () => [...values].map(([key, value]) => ({ bytes: bytesOf(key, value) })),
      };
    },
  };
}

/** What an agent does with pushes, as strict as the real one. */
function agentOf() {
  let values = new Map<string, string>();
  let version: Version = {};
  return {
    get values() {
      return values;
    },
    held: (): Held => ({ version, checksum: checksumOf(values) }),
    reset(): void {
      values = new Map();
      version = {};
    },
    apply(push: Push): void {
      if (!isAtLeast(push.version, version)) throw new Error('the hub pushed an older version');
      const after = new Map(push.kind === 'snapshot' ? [] : values);
      for (const bytes of push.resources) {
        const [key = '', value = ''] = decoder.decode(bytes).split('=');
        after.set(key, value);
      }
      for (const key of push.removed) after.delete(key);
      if (checksumOf(after) !== push.checksum) throw new Error('the checksum differs');
      values = after;
      version = push.version;
    },
  };
}

function started(values: Record<string, string>, held?: Held) {
  const log = Object.entries(values).map(([key, value]) => ({ partition: 0, key, value }));
  const hub = hubOf(log);
  for (const _ of log) hub.fold(0);
  hub.session.hello(held ?? { version: {}, checksum: EMPTY_CHECKSUM });
  return hub;
}

function texts(push: Push | null): string[] {
  return (push?.resources ?? []).map((bytes) => decoder.decode(bytes)).sort();
}

function acked(session: Session, push: Push | null): void {
  if (push === null) throw new Error('nothing was pushed');
  const { nonce, version, checksum } = push;
  expect(session.ack(nonce, { version, checksum }, 0).kind).toBe('taken');
}

describe('a session', () => {
  it('sends a snapshot to a node of which it knows nothing', () => {
    const hub = started({ a: '1', b: '2' });
    const push = hub.session.next(hub.wanted(), 0);
    expect(push).toMatchObject({ kind: 'snapshot', version: { 0: 1 }, removed: [] });
    expect(texts(push)).toEqual(['a=1', 'b=2']);
  });

  it('sends nothing to a node that has the same version and contents', () => {
    const held = { version: { 0: 0 }, checksum: checksumOf(new Map([['a', '1']])) };
    const hub = started({ a: '1' }, held);
    expect(hub.session.next(hub.wanted(), 0)).toBeNull();
    expect(hub.session.status).toMatchObject({ pending: 0, inFlight: false });
  });

  it('tells a node that is behind with equal contents only the version', () => {
    const hub = started({ a: '1' }, { version: {}, checksum: checksumOf(new Map([['a', '1']])) });
    const push = hub.session.next(hub.wanted(), 0);
    expect(push).toMatchObject({ kind: 'delta', version: { 0: 0 }, resources: [], removed: [] });
  });

  it('has at most one push under way, and merges by key what changes meanwhile', () => {
    const log = ['1', '2', '3'].map((value) => ({ partition: 0, key: 'a', value }));
    const hub = hubOf([...log, { partition: 0, key: 'b', value: '1' }]);
    hub.fold(0);
    hub.session.hello({ version: {}, checksum: EMPTY_CHECKSUM });
    const first = hub.session.next(hub.wanted(), 0);
    for (let i = 0; i < 3; i++) {
      hub.fold(0);
      expect(hub.session.next(hub.wanted(), 0)).toBeNull();
    }
    acked(hub.session, first);
    const second = hub.session.next(hub.wanted(), 0);
    expect(second).toMatchObject({ kind: 'delta', version: { 0: 3 } });
    expect(texts(second)).toEqual(['a=3', 'b=1']);
  });

  it('pushes for a release even where an addition and its removal merged away', () => {
    const hub = started({ a: '1' });
    acked(hub.session, hub.session.next(hub.wanted(), 0));
    hub.session.wantAck();
    const push = hub.session.next(hub.wanted(), 0);
    expect(push).toMatchObject({ kind: 'delta', resources: [], removed: [] });
    acked(hub.session, push);
    expect(hub.session.next(hub.wanted(), 0)).toBeNull();
  });

  it('sends the difference to a node that comes back with what it last acked', () => {
    const hub = hubOf([
      { partition: 0, key: 'a', value: '1' },
      { partition: 0, key: 'b', value: '1' },
      { partition: 0, key: 'a', value: null },
    ]);
    hub.fold(0);
    hub.session.hello({ version: {}, checksum: EMPTY_CHECKSUM });
    const first = hub.session.next(hub.wanted(), 0) as Push;
    acked(hub.session, first);
    hub.session.lost();
    hub.fold(0);
    hub.fold(0);
    expect(hub.session.next(hub.wanted(), 0)).toBeNull();
    hub.session.hello(first);
    const push = hub.session.next(hub.wanted(), 0);
    expect(push).toMatchObject({ kind: 'delta', removed: ['a'] });
    expect(texts(push)).toEqual(['b=1']);
  });

  it.each([
    ['that was applied', true, ['b=1']],
    ['that was not', false, ['a=2', 'b=1']],
  ])('knows the gap after a push %s when the link broke', (_name, applied, expected) => {
    const hub = hubOf([
      { partition: 0, key: 'a', value: '1' },
      { partition: 0, key: 'a', value: '2' },
      { partition: 0, key: 'b', value: '1' },
    ]);
    hub.fold(0);
    hub.session.hello({ version: {}, checksum: EMPTY_CHECKSUM });
    const first = hub.session.next(hub.wanted(), 0) as Push;
    acked(hub.session, first);
    hub.fold(0);
    const second = hub.session.next(hub.wanted(), 0) as Push;
    hub.session.lost();
    hub.fold(0);
    hub.session.hello(applied ? second : first);
    const push = hub.session.next(hub.wanted(), 0);
    expect(push?.kind).toBe('delta');
    expect(texts(push)).toEqual(expected);
  });

  it('answers a refused push by a snapshot, each time later, until one is taken', () => {
    const hub = started({ a: '1' });
    acked(hub.session, hub.session.next(hub.wanted(), 0));
    hub.session.wantAck();
    let nowMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      const push = hub.session.next(hub.wanted(), nowMs) as Push;
      expect(push.kind).toBe(i === 0 ? 'delta' : 'snapshot');
      expect(hub.session.nack(push.nonce, nowMs)).toBe(true);
      expect(hub.session.next(hub.wanted(), nowMs)).toBeNull();
      const waitMs = hub.session.waitMs(nowMs);
      waits.push(waitMs);
      nowMs += waitMs;
    }
    expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(waits.at(-1)).toBe(10_000);
    acked(hub.session, hub.session.next(hub.wanted(), nowMs));
    expect(hub.session.waitMs(nowMs)).toBe(0);
  });

  it('takes no answer that names another push, nor one that says something else', () => {
    const hub = started({ a: '1' });
    const push = hub.session.next(hub.wanted(), 0) as Push;
    expect(hub.session.ack(push.nonce + 1n, push, 0).kind).toBe('stray');
    expect(hub.session.nack(push.nonce + 1n, 0)).toBe(false);
    const other = { version: push.version, checksum: push.checksum ^ 1n };
    expect(hub.session.ack(push.nonce, other, 0).kind).toBe('differs');
    expect(hub.session.next(hub.wanted(), 100)).toMatchObject({ kind: 'snapshot' });
  });

  it('trace 1: a lagging hub pushes nothing to a node that has seen more', () => {
    const log: Change[] = [
      { partition: 0, key: 'block', value: 'here' },
      { partition: 0, key: 'block', value: null },
    ];
    const [leading, lagging] = [hubOf(log), hubOf(log)];
    const agent = agentOf();
    leading.fold(0);
    leading.fold(0);
    lagging.fold(0);
    leading.session.hello(agent.held());
    const push = leading.session.next(leading.wanted(), 0) as Push;
    agent.apply(push);
    acked(leading.session, push);

    lagging.session.hello(agent.held());
    lagging.session.wantAck();
    expect(lagging.session.next(lagging.wanted(), 0)).toBeNull();
    expect(covers(lagging.version, { partition: 0, offset: 1 })).toBe(false);
    lagging.fold(0);
    const late = lagging.session.next(lagging.wanted(), 0);
    expect(late).toMatchObject({ version: { 0: 1 }, resources: [] });
  });
});

type Step =
  | { readonly kind: 'fold'; readonly hub: number; readonly partition: number }
  | { readonly kind: 'connect'; readonly hub: number }
  | { readonly kind: 'deliver' | 'answer' | 'nack' | 'cut' | 'reset' | 'release' };

const anyChange: fc.Arbitrary<Change> = fc
  .tuple(
    fc.integer({ min: 0, max: 1 }),
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom('1', '2', null),
  )
  .map(([partition, name, value]) => ({ partition, key: `${partition}${name}`, value }));

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fold' as const),
      hub: fc.nat(1),
      partition: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect' as const), hub: fc.nat(1) }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'deliver' as const }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'answer' as const }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('nack' as const, 'cut' as const, 'reset' as const, 'release' as const)
      .map((kind) => ({ kind })),
  },
);

/** One agent, two hubs on one log, and a link that loses what is on it when it is cut. */
function simulate(log: readonly Change[], steps: readonly Step[]) {
  const hubs = [hubOf(log), hubOf(log)] as const;
  const agent = agentOf();
  let linked: (typeof hubs)[number] | null = null;
  let toAgent: Push[] = [];
  let toHub: Push[] = [];
  let refuseNext = false;
  let nowMs = 0;

  function cut(): void {
    linked?.session.lost();
    linked = null;
    toAgent = [];
    toHub = [];
  }

  function connect(hub: number): void {
    cut();
    linked = hubs[hub] ?? hubs[0];
    linked.session.hello(agent.held());
  }

  function deliver(): void {
    const push = toAgent.shift();
    if (push === undefined) return;
    if (refuseNext) {
      refuseNext = false;
      linked?.session.nack(push.nonce, nowMs);
      return;
    }
    agent.apply(push);
    toHub.push(push);
  }

  function answer(): void {
    const push = toHub.shift();
    if (push === undefined) return;
    expect(linked?.session.ack(push.nonce, push, nowMs).kind).toBe('taken');
  }

  function take(step: Step): void {
    if (step.kind === 'fold') hubs[step.hub]?.fold(step.partition);
    else if (step.kind === 'connect') connect(step.hub);
    else if (step.kind === 'deliver') deliver();
    else if (step.kind === 'answer') answer();
    else if (step.kind === 'nack') refuseNext = true;
    else if (step.kind === 'cut') cut();
    else if (step.kind === 'release') linked?.session.wantAck();
    else {
      cut();
      agent.reset();
    }
  }

  function push(): void {
    nowMs += 10_000;
    const next = linked?.session.next(linked.wanted(), nowMs) ?? null;
    if (next !== null) toAgent.push(next);
    expect(toAgent.length + toHub.length).toBeLessThanOrEqual(1);
  }

  for (const step of steps) {
    take(step);
    push();
  }
  for (const hub of hubs) for (const { partition } of log) hub.fold(partition);
  if (linked === null) connect(0);
  for (let i = 0; i < 4; i++) {
    push();
    deliver();
    answer();
  }
  return { agent, hub: hubs[0], linked: linked as (typeof hubs)[number] | null };
}

describe('any two hubs and any node', () => {
  it('end with the node equal to the log, never having gone back', () => {
    const property = fc.property(
      fc.array(anyChange, { maxLength: 20 }),
      fc.array(anyStep, { maxLength: 60 }),
      (log, steps) => {
        const { agent, hub, linked } = simulate(log, steps);
        expect(agent.values).toEqual(hub.values);
        expect(linked?.session.status).toMatchObject({ pending: 0, inFlight: false });
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });
});
