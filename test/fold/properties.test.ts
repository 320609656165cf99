/**
 * Properties of the fold over random histories: pods, policies and pools come, change and go,
 * nodes ack, are fenced and return (as hubs say late and twice), Ticks come (too early too),
 * mappers crash, duplicate their appends and race.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWorld } from '../../services/aggregates/world.ts';
import type { AggregateKey } from '../../services/contract/identity.ts';
import {
  type EventRecord,
  eventRecord,
  type FencedBy,
  type LoggedEvent,
} from '../../services/contract/records.ts';
import { createMapperCore, type MapperCore } from '../../services/mapper/mapper-core.ts';
import { checkAddressOwners, checkSingleOwner, replay, worldText } from './checkers.ts';
import { savedWorld } from './saved-world.ts';
import { simulatedLog } from './simulated-log.ts';
import { cidrs, createStory, EVERYTHING, heldBlocks, QUARANTINE_MS, type Story } from './story.ts';

const RUNS = { numRuns: 150 };
const NAMESPACES = ['shop', 'pay'];

type Step =
  | { readonly do: 'pod'; readonly ns: string; readonly uid: number; readonly app: string }
  | { readonly do: 'pod-gone'; readonly ns: string; readonly uid: number }
  | {
      readonly do: 'nat';
      readonly ns: string;
      readonly app: string | null;
      readonly max: number;
      readonly targets: string[];
    }
  | { readonly do: 'nat-gone'; readonly ns: string }
  | { readonly do: 'pool'; readonly size: number }
  | { readonly do: 'target'; readonly open: boolean }
  | {
      readonly do: 'rest';
      readonly ns: string;
      readonly index: number;
      readonly ack: boolean;
      readonly tick: boolean;
    }
  | {
      readonly do: 'fence';
      readonly ns: string;
      readonly number: number;
      readonly by: FencedBy | null;
    }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'settle';
      readonly mapper: 0 | 1;
      readonly rounds: number;
      readonly twice: boolean;
    }
  | { readonly do: 'crash'; readonly mapper: 0 | 1 };

const ns = fc.constantFrom(...NAMESPACES);
const uid = fc.nat({ max: 5 });
const app = fc.constantFrom('web', 'api');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pod' as const), ns, uid, app }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pod-gone' as const), ns, uid }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('nat' as const),
      ns,
      app: fc.option(app, { nil: null }),
      max: fc.integer({ min: 1, max: 3 }),
      targets: fc.subarray(['orders-db', 'bank']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nat-gone' as const), ns }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pool' as const),
      size: fc.integer({ min: 29, max: 32 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('target' as const), open: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('rest' as const),
      ns,
      index: fc.nat({ max: 3 }),
      ack: fc.boolean(),
      tick: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fence' as const),
      ns,
      // Small and random, so that many come late or twice.
      number: fc.nat({ max: 12 }),
      by: fc.option(fc.constantFrom<FencedBy>('Taint', 'Operator', 'Deleted'), { nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1000, QUARANTINE_MS - 1, QUARANTINE_MS),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      mapper: fc.constantFrom(0 as const, 1 as const),
      rounds: fc.integer({ min: 1, max: 6 }),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      mapper: fc.constantFrom(0 as const, 1 as const),
    }),
  },
);
const history = fc.array(step, { minLength: 10, maxLength: 80 });

/** A mapper that reads the shared log only when it is its turn. */
interface LateMapper {
  core: MapperCore;
  read: number;
}

interface Run {
  readonly story: Story;
  readonly events: readonly LoggedEvent[];
}

function play(steps: readonly Step[]): Run {
  const story = createStory(simulatedLog());
  const mappers: LateMapper[] = [freshMapper(), freshMapper()];
  story.pool('blue');
  story.target('orders-db');
  for (const next of steps) take(story, mappers, next);
  // In the end everybody has read everything and nothing is left to say.
  for (let round = 0; round < 60; round++) {
    for (const mapper of mappers) answer(story, mapper, 1, false);
  }
  return { story, events: story.log.events };
}

function freshMapper(): LateMapper {
  return { core: createMapperCore(createWorld()), read: 0 };
}

function take(story: Story, mappers: LateMapper[], next: Step): void {
  switch (next.do) {
    case 'pod':
      story.pod(next.ns, `${next.ns}-${next.uid}`, {
        labels: { app: next.app },
        statefulSet: next.uid < 2 ? 'set' : null,
      });
      return;
    case 'pod-gone':
      story.podGone(next.ns, `${next.ns}-${next.uid}`);
      return;
    case 'nat':
      story.egressNat(next.ns, 'checkout', {
        podSelector: { ...EVERYTHING, matchLabels: next.app === null ? {} : { app: next.app } },
        addresses: { min: 1, max: next.max },
        targets: next.targets,
      });
      return;
    case 'nat-gone':
      story.observe(`ns/${next.ns}`, { type: 'EgressNatGone', name: 'checkout' });
      return;
    case 'pool':
      story.pool('blue', { addresses: cidrs(`203.0.113.16/${next.size}`) });
      return;
    case 'target':
      story.target('bank', {
        driver: { type: 'Manual', allowed: next.open ? cidrs('203.0.113.0/24') : [] },
      });
      return;
    case 'rest':
      rest(story, next);
      return;
    case 'fence':
      fence(story, next);
      return;
    case 'wait':
      story.log.nowMs += next.ms;
      return;
    case 'settle': {
      const mapper = mappers[next.mapper];
      if (mapper !== undefined) answer(story, mapper, next.rounds, next.twice);
      return;
    }
    case 'crash':
      mappers[next.mapper] = freshMapper();
      return;
  }
}

function rest(story: Story, next: Extract<Step, { do: 'rest' }>): void {
  const state = story.world.namespace(next.ns);
  const release = [...(state?.releases.values() ?? [])][next.index];
  if (release === undefined) return;
  if (next.ack) story.ack(next.ns, release);
  if (next.tick) story.tick(next.ns, release);
}

function fence(story: Story, { ns: of, number, by }: Extract<Step, { do: 'fence' }>): void {
  const node = 'n1';
  const source = { by: `fence/${node}`, number };
  const fenced = by === null ? ({ type: 'NodeReturned', node } as const) : null;
  const body = fenced ?? ({ type: 'NodeFenced', node, by: by ?? 'Operator' } as const);
  story.append(eventRecord(`ns/${of}`, body, source));
}

function answer(story: Story, mapper: LateMapper, rounds: number, twice: boolean): void {
  for (let round = 0; round < rounds; round++) {
    while (mapper.read < story.log.events.length) {
      const event = story.log.events[mapper.read];
      if (event !== undefined) mapper.core.read(event);
      mapper.read += 1;
    }
    const records = mapper.core.next();
    if (records.length === 0) return;
    // An append of unknown fate is repeated: the log has it twice.
    appendAll(story, twice ? [...records, ...records] : records);
    mapper.core.appended(records);
  }
}

/** The story's own world reads along, so that acks and Ticks name real releases. */
function appendAll(story: Story, records: readonly EventRecord[]): void {
  story.append(...records);
}

describe('over any history', () => {
  test('no two pods ever share a block, and blocks rest between two owners', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { story, events } = play(steps);
        checkSingleOwner(events);
        checkAddressOwners(story.world);
      }),
      RUNS,
    );
  });

  test('in the end nothing is open that could be answered', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { events } = play(steps);
        const core = createMapperCore(replay(events));
        expect(core.next().filter(({ body }) => body.type === 'Decision')).toEqual([]);
      }),
      RUNS,
    );
  });

  test('a replay gives the same bytes, whatever was delivered twice', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat({ max: 5 })), (steps, back) => {
        const { story, events } = play(steps);
        const world = createWorld();
        for (const [index, event] of events.entries()) {
          world.apply(event);
          // A rebalance: the last few records come again.
          const again = back.next().value ?? 0;
          for (const old of events.slice(Math.max(0, index - again), index + 1)) world.apply(old);
        }
        expect(worldText(world)).toBe(worldText(story.world));
      }),
      RUNS,
    );
  });

  test('a reader that starts from checkpoints ends with the same bytes', () => {
    fc.assert(
      fc.property(history, fc.nat(), (steps, at) => {
        const { story, events } = play(steps);
        const cut = at % (events.length + 1);
        const first = replay(events.slice(0, cut));
        const second = createWorld(savedWorld(first));
        for (const event of events.slice(cut)) second.apply(event);
        expect(worldText(second)).toBe(worldText(story.world));
      }),
      RUNS,
    );
  });

  test('any interleaving of different aggregates gives the same mappings', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), (steps, picks) => {
        const { story, events } = play(steps);
        const queues = new Map<AggregateKey, LoggedEvent[]>();
        for (const event of events) {
          const queue = queues.get(event.record.aggregate) ?? [];
          queues.set(event.record.aggregate, [...queue, event]);
        }
        const offsets = new Map<number, number>();
        const world = createWorld();
        while (queues.size > 0) {
          const keys = [...queues.keys()];
          const key = keys[(picks.next().value ?? 0) % keys.length] ?? 'pools';
          const [event, ...rest] = queues.get(key) ?? [];
          if (rest.length === 0) queues.delete(key);
          else queues.set(key, rest);
          if (event === undefined) continue;
          const offset = offsets.get(event.partition) ?? 0;
          offsets.set(event.partition, offset + 1);
          world.apply({ ...event, offset });
        }
        for (const name of NAMESPACES) {
          const [mixed, straight] = [world.namespace(name), story.world.namespace(name)];
          expect(mixed && heldBlocks(mixed)).toEqual(straight && heldBlocks(straight));
        }
      }),
      RUNS,
    );
  });
});
