/**
 * Properties of several mappers on one log: three that read late and in parts, pause, crash, and
 * append into the void, twice, or long after they are gone; and a fourth that decides as another
 * version would. Whatever they do: no block has two owners, every question is answered in the end,
 * and every forward is taken exactly once.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import type { EventRecord, LoggedEvent } from '../../services/contract/records.ts';
import { eventRecord } from '../../services/contract/records.ts';
import { createMapperCore, type MapperCore } from '../../services/mapper/mapper-core.ts';
import { createDice } from '../simulation/dice.ts';
import { contraryDecision } from '../simulation/processes/contrary-mapper.ts';
import { checkAddressOwners, checkSingleOwner, replay, worldText } from './checkers.ts';
import { cidrs, createStory, QUARANTINE_MS, type Story } from './story.ts';

const RUNS = { numRuns: 200 };
const NAMESPACES = ['shop', 'pay'];
const MAPPERS = 3;
const QUIET_ROUNDS_MAX = 400;

const ns = fc.constantFrom(...NAMESPACES);
const uid = fc.nat({ max: 4 });
const mapper = fc.nat({ max: MAPPERS - 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pod' as const), ns, uid }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pod-gone' as const), ns, uid }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('nat' as const),
      ns,
      max: fc.integer({ min: 1, max: 2 }),
      targets: fc.subarray(['orders-db', 'bank']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nat-gone' as const), ns }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pool' as const),
      size: fc.integer({ min: 30, max: 32 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rest' as const), ns }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('turn' as const),
      mapper,
      // It may stop reading in the middle, and answer what it believes.
      read: fc.nat({ max: 12 }),
      fate: fc.constantFrom('done', 'done', 'lost', 'unknown', 'twice', 'zombie'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('contrary' as const),
      read: fc.nat({ max: 12 }),
      seed: fc.nat(),
      held: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('arrives' as const), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), mapper }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const history = fc.array(step, { minLength: 20, maxLength: 120 });

interface Reader {
  core: MapperCore;
  read: number;
  /** Appended with an unknown fate: said again, with the same bytes. */
  unsure: readonly EventRecord[];
}

interface Contrary {
  readonly world: World;
  read: number;
}

interface Run {
  readonly story: Story;
  readonly readers: Reader[];
  readonly contrary: Contrary;
  /** On their way, from whoever may be long gone. */
  readonly underWay: EventRecord[][];
}

function freshReader(): Reader {
  return { core: createMapperCore(createWorld()), read: 0, unsure: [] };
}

function play(steps: readonly Step[]): Story {
  const story = createStory();
  const readers = Array.from({ length: MAPPERS }, freshReader);
  const run: Run = { story, readers, contrary: { world: createWorld(), read: 0 }, underWay: [] };
  story.pool('blue', { addresses: cidrs('203.0.113.16/31') });
  for (const target of ['orders-db', 'bank']) story.target(target);
  for (const name of NAMESPACES) story.egressNat(name, 'checkout');
  for (const next of steps) take(run, next);
  for (const records of run.underWay.splice(0)) story.append(...records);
  for (let round = 0; round < QUIET_ROUNDS_MAX; round++) {
    const before = story.log.events.length;
    for (const reader of readers) turn(run, reader, Number.POSITIVE_INFINITY, 'done');
    if (story.log.events.length === before) return story;
  }
  throw new Error('the mappers never come to an end');
}

function take(run: Run, next: Step): void {
  const { story, readers, contrary, underWay } = run;
  switch (next.do) {
    case 'pod':
      story.pod(next.ns, `${next.ns}-${next.uid}`, { statefulSet: next.uid < 2 ? 'set' : null });
      return;
    case 'pod-gone':
      story.podGone(next.ns, `${next.ns}-${next.uid}`);
      return;
    case 'nat': {
      const { max, targets } = next;
      story.egressNat(next.ns, 'checkout', { addresses: { min: 1, max }, targets });
      return;
    }
    case 'nat-gone':
      story.observe(`ns/${next.ns}`, { type: 'EgressNatGone', name: 'checkout' });
      return;
    case 'pool':
      story.pool('blue', { addresses: cidrs(`203.0.113.16/${next.size}`) });
      return;
    case 'rest':
      rest(story, next.ns);
      return;
    case 'turn': {
      const reader = readers[next.mapper];
      if (reader !== undefined) turn(run, reader, next.read, next.fate);
      return;
    }
    case 'contrary':
      speakContrary(run, contrary, next);
      return;
    case 'arrives': {
      const [records] = underWay.splice(next.index % Math.max(1, underWay.length), 1);
      story.append(...(records ?? []));
      return;
    }
    case 'crash':
      readers[next.mapper] = freshReader();
  }
}

function rest(story: Story, of: string): void {
  const release = story.world.namespace(of)?.releases.values().next().value;
  if (release === undefined) return;
  story.log.nowMs += QUARANTINE_MS;
  story.ack(of, release);
  story.tick(of, release);
}

function unread(story: Story, reader: { read: number }, most: number): LoggedEvent[] {
  const events = story.log.events.slice(reader.read, reader.read + most);
  reader.read += events.length;
  return events;
}

function turn(run: Run, reader: Reader, most: number, fate: string): void {
  const { story, readers, underWay } = run;
  for (const event of unread(story, reader, most)) reader.core.read(event);
  const records = reader.unsure.length > 0 ? [...reader.unsure] : reader.core.next();
  reader.unsure = [];
  if (records.length === 0) return;
  if (fate === 'zombie') {
    // Paused with an append under way, and replaced: it arrives when nobody thinks of it.
    underWay.push(records);
    readers[readers.indexOf(reader)] = freshReader();
    return;
  }
  if (fate !== 'lost') story.append(...records);
  if (fate === 'twice') story.append(...records);
  if (fate === 'lost' || fate === 'unknown') reader.unsure = records;
  else reader.core.appended(records);
}

function speakContrary(
  { story, underWay }: Run,
  contrary: Contrary,
  { read, seed, held }: Extract<Step, { do: 'contrary' }>,
): void {
  for (const event of unread(story, contrary, read)) contrary.world.apply(event);
  const dice = createDice(seed);
  for (const state of contrary.world.aggregates()) {
    const decision = state.kind === 'namespace' ? contraryDecision(state, dice) : null;
    if (decision === null) continue;
    const record = eventRecord(state.key, decision);
    if (held) underWay.push([record]);
    else story.append(record);
  }
}

/** Every number once and in order, and no more than were sent. */
function checkForwards({ log, world }: Story): void {
  const reader = createWorld();
  const last = new Map<string, number>();
  for (const event of log.events) {
    const { body, aggregate } = event.record;
    if (reader.apply(event).ignored !== null || body.type !== 'Forwarded') continue;
    const key = `${body.from} ${aggregate}`;
    expect(body.number).toBe((last.get(key) ?? 0) + 1);
    last.set(key, body.number);
  }
  for (const state of world.aggregates()) {
    for (const [to, { next, open }] of state.outbox) {
      expect(open).toEqual([]);
      expect(last.get(`${state.key} ${to}`)).toBe(next - 1);
    }
  }
}

describe('whatever several mappers do', () => {
  test('no block and no address has two owners', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const story = play(steps);
        checkSingleOwner(story.log.events);
        checkAddressOwners(story.world);
      }),
      RUNS,
    );
  });

  test('every question that can be answered is, and nobody has more to say', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const story = play(steps);
        expect(createMapperCore(replay(story.log.events)).next()).toEqual([]);
        for (const name of NAMESPACES) {
          const { waiting, claims, egressNats } = story.namespace(name);
          if (!egressNats.has('checkout')) continue;
          const isFree = [...claims.values()].some(
            (claim) => claim.free.size > 0 && !claim.withdrawn && claim.grant !== null,
          );
          expect(isFree && (waiting.get('checkout')?.size ?? 0) > 0).toBe(false);
        }
      }),
      RUNS,
    );
  });

  test('every forward is taken exactly once, in order', () => {
    fc.assert(
      fc.property(history, (steps) => checkForwards(play(steps))),
      RUNS,
    );
  });

  test('all who read the log come to the same bytes', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const story = play(steps);
        expect(worldText(replay(story.log.events))).toBe(worldText(story.world));
      }),
      RUNS,
    );
  });
});
