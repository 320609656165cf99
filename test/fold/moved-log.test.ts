/** What a log says of itself: that it was begun by a copy, is all there, or goes on elsewhere. */
import { describe, expect, it } from 'vitest';
import {
  cutsOf,
  generationOf,
  isWholeHere,
  isWholeLog,
} from '../../services/aggregates/log/whole.ts';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import type { AggregateKey } from '../../services/contract/identity.ts';
import { logKey, partitionOf } from '../../services/contract/partition.ts';
import { type Body, type EventRecord, eventRecord } from '../../services/contract/records.ts';
import { simulatedLog } from './simulated-log.ts';

const PARTITIONS = 3;
const BEGAN = { type: 'CopyBegan', generation: 2, partitions: PARTITIONS, cuts: [] } as const;
const ENDED = { type: 'CopyEnded', generation: 2 } as const;
const SEALED = { type: 'LogSealed', generation: 3, to: 'there' } as const;

function told() {
  const log = simulatedLog(PARTITIONS);
  const world = createWorld();
  const say = (aggregate: AggregateKey, body: Body) =>
    log.append([eventRecord(aggregate, body)]).map((event) => world.apply(event));
  const sayIn = (partition: number, body: Body) => say(logKey(partition, PARTITIONS), body);
  return { world, say, sayIn };
}

/** A reader that starts from checkpoints. */
function saved(world: World): World {
  const checkpoints = [...world.aggregates()].flatMap(({ key }) => world.text(key) ?? []);
  return createWorld({ checkpoints, version: world.version });
}

describe('a log', () => {
  it('that was never moved is all there', () => {
    const { world, say } = told();
    say('ns/shop', { type: 'WatchStarted', term: 't' });
    expect([isWholeHere(world), isWholeLog(world), generationOf(world)]).toEqual([true, true, 0]);
  });

  it('that was begun by a copy is all there when each of its partitions has its end', () => {
    const { world, sayIn } = told();
    sayIn(0, BEGAN);
    expect([isWholeHere(world), isWholeLog(world)]).toEqual([false, false]);
    sayIn(0, ENDED);
    // Another partition's beginning may not be read yet.
    expect([isWholeHere(world), isWholeLog(world)]).toEqual([true, false]);
    for (const partition of [1, 2]) sayIn(partition, BEGAN);
    sayIn(1, ENDED);
    expect([isWholeHere(world), isWholeLog(world)]).toEqual([false, false]);
    sayIn(2, ENDED);
    expect([isWholeHere(world), isWholeLog(world), generationOf(world)]).toEqual([true, true, 2]);
  });

  it('is known for what it is from checkpoints too', () => {
    const { world, sayIn } = told();
    for (const partition of [0, 1, 2]) sayIn(partition, BEGAN);
    const half = saved(world);
    expect([isWholeHere(half), isWholeLog(half), generationOf(half)]).toEqual([false, false, 2]);
    for (const partition of [0, 1, 2]) sayIn(partition, ENDED);
    expect(isWholeLog(saved(world))).toBe(true);
  });

  it('is begun once: another beginning, or another copy’s end, changes nothing', () => {
    const { world, sayIn } = told();
    sayIn(0, BEGAN);
    const cuts = [{ generation: 0, version: { 0: 1 } }];
    expect(sayIn(0, { ...BEGAN, generation: 7, cuts })[0]?.ignored).toBe('repeated');
    expect(sayIn(0, { ...ENDED, generation: 7 })[0]?.ignored).toBe('unknown-subject');
    expect([generationOf(world), cutsOf(world), isWholeHere(world)]).toEqual([2, [], false]);
  });

  it('has a key of its own records in each partition', () => {
    for (const count of [1, 3, 8, 64]) {
      for (let partition = 0; partition < count; partition++) {
        expect(partitionOf(logKey(partition, count), count)).toBe(partition);
      }
    }
  });
});

describe('a record that stops its reader', () => {
  const unknown = { type: 'Unheard' } as unknown as EventRecord['body'];

  it.each([
    ['a seal', SEALED, 'BERTH_LOG_MOVED'],
    ['one of an unknown type', unknown, 'BERTH_FOLD_UNKNOWN_TYPE'],
  ])('%s is in no checkpoint, however late that is saved', (_, body, code) => {
    const { world, sayIn } = told();
    sayIn(0, BEGAN);
    const before = world.version;
    expect(() => sayIn(0, body)).toThrow(expect.objectContaining({ code }));
    expect(world.version).toEqual(before);
    expect(world.text(logKey(0, PARTITIONS))?.position).toEqual({ partition: 0, offset: 0 });
  });
});
