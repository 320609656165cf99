/** What a watch stream has left in force, with the recording of a real cluster as evidence. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { namespace, pod } from '../fixtures/kubernetes-fixtures.ts';
import { believedOf } from '../fixtures/watching-fixtures.ts';
import type { SourceEvent } from '../port.ts';
import { createStreamFold } from './stream-fold.ts';
import { readWatchLine, type WatchLine } from './watch-line.ts';

const line = (type: string, object: unknown): WatchLine =>
  readWatchLine(JSON.stringify({ type, object }), { file: 'a.ndjson', line: 1 });

describe('a stream', () => {
  test('says only what changes a fact', () => {
    const fold = createStreamFold([]);
    expect(fold.take(line('ADDED', pod('web')))).toHaveLength(1);
    expect(fold.take(line('MODIFIED', pod('web', { annotations: { a: 'b' } })))).toEqual([]);
    expect(fold.take(line('MODIFIED', pod('web', { labels: { app: 'api' } })))).toHaveLength(1);
  });

  test('leaves an object as it was when a line about it is refused', () => {
    const fold = createStreamFold([]);
    fold.take(line('ADDED', pod('web')));
    const before = fold.list();
    const said = fold.take(line('MODIFIED', { ...pod('web'), spec: 7 }));
    expect(said.map(({ type }) => type)).toEqual(['problem']);
    expect(fold.list()).toEqual(before);
    expect(fold.isComplete()).toBe(false);
  });

  test('an error takes nothing away, not even that the place was lost (410)', () => {
    const fold = createStreamFold([]);
    fold.take(line('ADDED', pod('web')));
    fold.take(line('ERROR', { kind: 'Status', code: 410, reason: 'Gone' }));
    expect(fold.list()).toHaveLength(1);
  });

  test('the deletion of what it does not know is nothing', () => {
    expect(createStreamFold([]).take(line('DELETED', pod('web')))).toEqual([]);
  });

  test('remembers what it deleted, for who saw it before', () => {
    const fold = createStreamFold([]);
    fold.take(line('ADDED', pod('web', { uid: 'one' })));
    fold.take(line('DELETED', pod('web', { uid: 'one' })));
    fold.take(line('DELETED', pod('api', { uid: 'two' })));
    fold.take(line('ADDED', pod('api', { uid: 'two' })));
    expect(fold.deleted()).toMatchObject([{ type: 'gone', key: { uid: 'one' } }]);
  });

  test('a pod of the same name proves that the one before is gone', () => {
    const fold = createStreamFold([]);
    fold.take(line('ADDED', pod('db-0', { uid: 'one' })));
    expect(fold.take(line('ADDED', pod('db-0', { uid: 'two' })))).toMatchObject([
      { type: 'gone', key: { uid: 'one' } },
      { type: 'present', object: { pod: { uid: 'two' } } },
    ]);
  });

  test('a late deletion of the pod before leaves its successor alone', () => {
    const fold = createStreamFold([]);
    fold.take(line('ADDED', pod('db-0', { uid: 'one' })));
    fold.take(line('ADDED', pod('db-0', { uid: 'two' })));
    expect(fold.take(line('DELETED', pod('db-0', { uid: 'one' })))).toEqual([]);
    expect(fold.list()).toMatchObject([{ object: { pod: { uid: 'two' } } }]);
  });

  test('has the supplied policies from the beginning, and can change them', () => {
    const supplied = line('ADDED', namespace('shop'));
    const fold = createStreamFold(supplied.is === 'present' ? [supplied.object] : []);
    expect(fold.list()).toHaveLength(1);
    expect(fold.take(line('MODIFIED', namespace('shop', { team: 'a' })))).toHaveLength(1);
    expect(fold.take(line('DELETED', namespace('shop')))).toHaveLength(1);
  });
});

describe('the recording of a real cluster', () => {
  const lines: WatchLine[] = [];
  const read = (from: readonly WatchLine[]) => {
    const fold = createStreamFold([]);
    return { fold, events: from.flatMap((one) => fold.take(one)) };
  };
  beforeAll(() => {
    const dir = join(import.meta.dirname, '../../../../docs/examples/recording');
    for (const name of readdirSync(dir).sort()) {
      const text = gunzipSync(readFileSync(join(dir, name))).toString('utf8');
      const file = text.split('\n');
      lines.push(...file.map((one, index) => readWatchLine(one, { file: name, line: index + 1 })));
    }
  });

  test('is understood as a whole', () => {
    const { fold, events } = read(lines);
    expect(events.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(fold.isComplete()).toBe(true);
  });

  test('has 193 pods, of which 21 are left: 13 of shop, 5 of game, 3 of pay', () => {
    const { fold, events } = read(lines);
    const uids = events.flatMap((event) =>
      event.type === 'present' && event.object.kind === 'Pod' ? [event.object.pod.uid] : [],
    );
    expect(new Set(uids).size).toBe(193);
    const left = new Map<string, number>();
    for (const event of fold.list()) {
      if (event.type !== 'present' || event.object.kind !== 'Pod') continue;
      const { namespace: of } = event.object;
      left.set(of, (left.get(of) ?? 0) + 1);
    }
    expect(Object.fromEntries(left)).toEqual({ shop: 13, game: 5, pay: 3 });
    expect(fold.deleted()).toHaveLength(172);
  });

  test('says 915 things that matter in its 1,827 lines', () => {
    expect(lines.filter(({ is }) => is !== 'nothing')).toHaveLength(1827);
    expect(read(lines).events).toHaveLength(915);
  });

  test('a list at any line and the rest of the stream make the whole', () => {
    const whole = believedOf(read(lines).events);
    fc.assert(
      fc.property(fc.nat({ max: lines.length }), (cut) => {
        const { fold } = read(lines.slice(0, cut));
        const list: SourceEvent[] = [...fold.list(), { type: 'listed', complete: true }];
        const rest = lines.slice(cut).flatMap((one) => fold.take(one));
        expect(believedOf([...list, ...rest])).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  test('a restart at any line, over an older fold, makes the whole, complete or not', () => {
    const whole = believedOf(read(lines).events);
    const older = fc.tuple(fc.nat({ max: lines.length }), fc.boolean());
    fc.assert(
      fc.property(older, ([cut, complete]) => {
        const before = read(lines.slice(0, cut)).events;
        const { fold } = read(lines);
        const relist: SourceEvent[] = [
          { type: 'relisting' },
          ...fold.list(),
          { type: 'listed', complete },
          ...(complete ? [] : fold.deleted()),
        ];
        expect(believedOf([...before, ...relist])).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });
});
