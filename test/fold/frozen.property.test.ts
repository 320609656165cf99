/**
 * The frozen check: what Berth writes passes it; what was changed is refused, or is a record that
 * no fold stumbles over. All readers rest on it, of all versions.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWorld } from '../../services/aggregates/world.ts';
import { hashOf } from '../../services/contract/canonical.ts';
import { judgeEvent, type Verdict } from '../../services/contract/frozen/judge-event.ts';
import { ipFromBigInt } from '../../services/contract/ip-address.ts';
import { loggedEvent } from '../../services/contract/logged-event.ts';
import { partitionOf } from '../../services/contract/partition.ts';
import {
  type EventRecord,
  eventRecord,
  type LoggedEvent,
} from '../../services/contract/records.ts';
import { cidrs, createStory, EVERYTHING, QUARANTINE_MS } from './story.ts';

const PARTITIONS = 3;
const RUNS = { numRuns: 1_000 };

/** Records of every kind that a mapper, a watcher, nodes and jobs write. */
function told(): readonly LoggedEvent[] {
  const story = createStory();
  story.pool('blue', { gatewaySelector: EVERYTHING, allowedNamespaces: EVERYTHING });
  story.target('orders-db');
  story.target('bank', {
    driver: {
      type: 'Webhook',
      url: 'https://acl.example.org/bank',
      secretRef: { name: 'bank' },
      caRef: null,
      timeoutSeconds: 10,
    },
  });
  story.observe('ns/shop', { type: 'NamespaceObserved', labels: { team: 'a' } });
  story.egressNat('shop', 'checkout', {
    targets: ['orders-db'],
    inline: [{ cidrs: cidrs('192.0.2.0/24'), except: cidrs('192.0.2.7/32'), ports: [] }],
  });
  for (const uid of ['a', 'b', 'c']) story.pod('shop', uid, { statefulSet: 'set' });
  story.settle();
  for (const uid of ['a', 'b']) story.podGone('shop', uid);
  story.settle();
  story.log.nowMs += QUARANTINE_MS;
  for (const release of story.releases('shop')) {
    story.ack('shop', release);
    story.tick('shop', release);
  }
  const node = 'n1';
  const booked = { node, by: 'Operator', suspect: null, taintSpent: false, after: 0 } as const;
  story.append(
    eventRecord('fences', { type: 'FenceBooked', ...booked }, { by: 'fence/n1', number: 1 }),
    eventRecord(
      'ns/shop',
      { type: 'NodeFenced', node, by: 'Taint' },
      { by: 'fence/n1', number: 2 },
    ),
    eventRecord('ns/shop', { type: 'NodeReturned', node }, { by: 'fence/n1', number: 3 }),
    eventRecord(
      'target/bank',
      {
        type: 'AclReported',
        revision: 0,
        addresses: [],
      },
      { by: 'acl/bank', number: 1 },
    ),
  );
  story.egressNat('shop', 'checkout', { targets: ['bank'] });
  story.settle();
  story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
  story.podGone('shop', 'c');
  story.settle();
  story.observe('target/bank', { type: 'TargetGone' });
  story.observe('pools', { type: 'PoolGone', name: 'blue' });
  story.observe('ns/shop', { type: 'NamespaceGone' });
  story.settle();
  return story.log.events;
}

const EVENTS = told();
const UNTRACED = new Set(EVENTS.map(({ record: each }) => hashOf({ ...each, traceparent: null })));

function judge(record: unknown, key: string, partition = partitionOf(key, PARTITIONS)): Verdict {
  return judgeEvent({ key, partition, value: record as never }, PARTITIONS);
}

/** Every place in a value, as the path to it. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, each]) => places(each, [...path, name]))];
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((found, name) => (found as Record<string, unknown>)[name], value);
}

/** A copy that has something else there; nothing: it is taken away. */
function changed(value: unknown, path: readonly string[], to: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return to;
  const copy = structuredClone(value) as Record<string, unknown>;
  if (rest.length > 0) copy[first] = changed(copy[first], rest, to);
  else if (to === undefined) delete copy[first];
  else copy[first] = to;
  return copy;
}

const record = fc.constantFrom(...EVENTS.map((event) => event.record));
/** A value out of another record, or any at all. */
const stranger = fc.oneof(
  record.chain((other) => fc.constantFrom(...places(other)).map((path) => at(other, path))),
  fc.jsonValue(),
  fc.constant(undefined),
  fc.integer(),
  fc.constantFrom('203.0.113.16', '0.0.0.0/0', '203.0.113.16/30', 'pools', 'ns/shop', ''),
);
const mutant = fc.tuple(record, fc.nat(), stranger).map(([original, index, value]) => {
  const all = places(original);
  return changed(original, all[index % all.length] ?? [], value) as EventRecord;
});

/** As its writer would have sealed it, so that the id does not give it away. */
function sealed(value: EventRecord): EventRecord {
  if (typeof value !== 'object' || value === null) return value;
  const { aggregate, source, body } = value;
  return { ...value, id: hashOf({ aggregate, source, body }) };
}

describe('what Berth writes', () => {
  test('passes, whatever its type', () => {
    for (const { record: each, partition } of EVENTS) {
      expect([each.body.type, judge(each, each.aggregate, partition).kind]).toEqual([
        each.body.type,
        'event',
      ]);
    }
    // All but Rules and what a moved log says.
    expect(new Set(EVENTS.map((event) => event.record.body.type)).size).toBeGreaterThan(18);
  });
});

describe('what a target reports', () => {
  test('passes with as many addresses as an answer may have', () => {
    const addresses = Array.from({ length: 16_384 }, (_, at) =>
      ipFromBigInt(0x0a000000n + BigInt(at)),
    );
    const body = { type: 'AclReported', revision: 1, addresses } as const;
    const report = eventRecord('target/bank', body, { by: 'acl/bank', number: 1 });
    expect(judge(report, 'target/bank').kind).toBe('event');
  });
});

describe('what was changed', () => {
  test('is refused by its id, unless that was made anew', () => {
    fc.assert(
      fc.property(mutant, record, (value, { aggregate }) => {
        const verdict = judge(value, value?.aggregate ?? aggregate);
        expect(verdict).toEqual(judge(structuredClone(value), value?.aggregate ?? aggregate));
        // Who caused it is in no hash.
        if (verdict.kind === 'event') {
          expect(UNTRACED.has(hashOf({ ...value, traceparent: null }))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('and passes all the same stops no fold, wherever it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(mutant, fc.nat()), { maxLength: 30 }), (mutants) => {
        const world = createWorld();
        const next = new Map<number, number>();
        const take = (value: EventRecord): void => {
          const key = value?.aggregate ?? 'pools';
          if (typeof key !== 'string') return;
          const partition = partitionOf(key, PARTITIONS);
          const verdict = judge(value, key);
          if (verdict.kind === 'unknown-type') return;
          // From these on no version may be able to go on.
          if (['Rules', 'LogSealed'].includes(value?.body?.type)) return;
          const refused = verdict.kind === 'refused' ? { refused: verdict } : {};
          const offset = next.get(partition) ?? 0;
          next.set(partition, offset + 1);
          world.apply(
            loggedEvent({
              partition,
              offset,
              timeMs: 1_000_000,
              value: value as never,
              ...refused,
            }),
          );
        };
        EVENTS.forEach((event, index) => {
          for (const [value, place] of mutants) {
            if (place % EVENTS.length === index) take(sealed(value));
          }
          take(event.record);
        });
        expect(world.version).not.toEqual({});
      }),
      { numRuns: 100 },
    );
  });
});

describe('an entry', () => {
  const [first] = EVENTS;
  if (first === undefined) throw new Error('no events');

  test('under another key, or in another partition, is refused', () => {
    const { aggregate } = first.record;
    expect(judge(first.record, 'ns/other')).toMatchObject({ kind: 'refused', because: 'key' });
    const elsewhere = (partitionOf(aggregate, PARTITIONS) + 1) % PARTITIONS;
    expect(judge(first.record, aggregate, elsewhere)).toMatchObject({ because: 'partition' });
  });

  test('of a type that nobody knows yet is told from one that is broken', () => {
    const newer = (body: unknown) => sealed({ ...first.record, body: body as never });
    const { aggregate } = first.record;
    expect(judge(newer({ type: 'PodMoved', any: [1] }), aggregate)).toEqual({
      kind: 'unknown-type',
    });
    expect(judge(newer({ type: 7 }), aggregate)).toMatchObject({ because: 'envelope' });
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    const { id } = first.record;
    expect(
      judge({ ...first.record, id, body: { type: 'PodMoved', deep } }, aggregate),
    ).toMatchObject({
      because: 'envelope',
    });
  });

  test('of anything at all is judged, never stumbled over', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, key) => {
        expect(judge(value, key).kind).toBe('refused');
      }),
    );
  });
});
