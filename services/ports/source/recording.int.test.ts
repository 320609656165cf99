/** What only recorded files can do: end in half a line, be packed, be replaced, come later. */
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { namespace, pod } from './fixtures/kubernetes-fixtures.ts';
import { goneKey, presentNamed, type Watched, watchSource } from './fixtures/watching-fixtures.ts';
import type { SourceEvent } from './port.ts';
import { recordingSource } from './recording.ts';

const EXAMPLE = join(import.meta.dirname, '../../../docs/examples/recording');

const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const of =
  (...types: SourceEvent['type'][]) =>
  (event: SourceEvent) =>
    types.includes(event.type);

let dir: string;
let watched: Watched | null;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-recording-'));
  watched = null;
});

afterEach(async () => {
  await watched?.stop();
  await rm(dir, { recursive: true });
});

function watch(path: string, follow = true): Watched {
  const init = { path, follow, lookEveryMs: 50 };
  watched = watchSource(recordingSource(init, { clock: systemClock() }));
  return watched;
}

const file = (name: string) => join(dir, name);
const names = () => [...(watched?.believed().keys() ?? [])].sort();

describe('a growing file', () => {
  test('is read line by line: half a line waits for its rest', async () => {
    const text = line('ADDED', pod('web-1'));
    await writeFile(file('pods.ndjson'), text.slice(0, 40));
    const { listed, until } = watch(dir);
    await listed();
    expect(watched?.events).toEqual([{ type: 'listed', complete: true }]);
    await appendFile(file('pods.ndjson'), text.slice(40));
    await until((events) => events.some(presentNamed('web-1')));
  });

  test('that is replaced is listed again: what it does not have is gone', async () => {
    await writeFile(file('a.ndjson'), line('ADDED', pod('web-1')) + line('ADDED', pod('web-2')));
    const { listed } = watch(file('a.ndjson'));
    await listed();
    await writeFile(file('b.ndjson'), line('ADDED', pod('web-2')));
    await rename(file('b.ndjson'), file('a.ndjson'));
    await listed(2);
    expect(names()).toEqual(['Pod shop/uid-web-2']);
  });

  test('that is cut off is listed again', async () => {
    await writeFile(file('a.ndjson'), line('ADDED', pod('web-1')) + line('ADDED', pod('web-2')));
    const { listed } = watch(dir);
    await listed();
    await writeFile(file('a.ndjson'), line('ADDED', pod('web-3')));
    await listed(2);
    expect(names()).toEqual(['Pod shop/uid-web-3']);
  });

  test('may come later than the others', async () => {
    await writeFile(file('pods.ndjson'), line('ADDED', pod('web-1')));
    const { listed, until } = watch(dir);
    await listed();
    await writeFile(file('namespaces.ndjson'), line('ADDED', namespace('shop')));
    await until((events) => events.some(presentNamed('shop')));
    expect(watched?.events.filter(of('relisting'))).toEqual([]);
  });

  test('that goes away takes nothing with it', async () => {
    await writeFile(file('pods.ndjson'), line('ADDED', pod('web-1')));
    await writeFile(file('nodes.ndjson'), '');
    const { listed, until } = watch(dir);
    await listed();
    await rm(file('pods.ndjson'));
    await appendFile(file('nodes.ndjson'), line('ADDED', namespace('shop')));
    await until((events) => events.some(presentNamed('shop')));
    expect(names()).toEqual(['Namespace shop', 'Pod shop/uid-web-1']);
  });
});

describe('an incomplete list', () => {
  test('is followed by what the stream deleted, which is certain', async () => {
    const lines = [
      line('ADDED', pod('web-1')),
      'garbled\n',
      line('ADDED', pod('web-2')),
      line('DELETED', pod('web-1')),
    ];
    await writeFile(file('pods.ndjson'), lines.join(''));
    const { until } = watch(dir);
    await until((events) => events.some(goneKey('Pod shop/uid-web-1')));
    expect(watched?.events).toMatchObject([
      { type: 'problem', problem: { file: file('pods.ndjson'), line: 2 } },
      { type: 'present', object: { pod: { name: 'web-2' } } },
      { type: 'listed', complete: false },
      { type: 'gone', key: { uid: 'uid-web-1' } },
    ]);
  });

  test('of a recording that is not there becomes a complete one when it comes', async () => {
    const { listed } = watch(file('later.ndjson'));
    await listed();
    expect(watched?.events).toMatchObject([
      { type: 'problem', problem: { code: 'BERTH_INPUT_UNREADABLE', line: null } },
      { type: 'listed', complete: false },
    ]);
    await writeFile(file('later.ndjson'), line('ADDED', pod('web-1')));
    await listed(2);
    expect(watched?.events.filter(of('listed')).at(-1)).toEqual({ type: 'listed', complete: true });
    expect(watched?.events.filter(of('problem'))).toHaveLength(1);
  });
});

describe('a packed file', () => {
  test('is read, followed or not, where there is no plain one', async () => {
    await writeFile(file('pods.ndjson.gz'), gzipSync(line('ADDED', pod('web-1'))));
    await writeFile(file('nodes.ndjson.gz'), gzipSync(line('ADDED', namespace('packed'))));
    await writeFile(file('nodes.ndjson'), line('ADDED', namespace('plain')));
    for (const follow of [true, false]) {
      const { listed, stop } = watch(dir, follow);
      await listed();
      expect(names()).toEqual(['Namespace plain', 'Pod shop/uid-web-1']);
      await stop();
    }
  });

  test('that is broken is told once, and what could be read of it stays', async () => {
    const packed = gzipSync(line('ADDED', pod('web-1')).repeat(2000));
    await writeFile(file('pods.ndjson.gz'), packed.subarray(0, packed.length - 20));
    await writeFile(file('more.ndjson'), '');
    const { listed, until } = watch(dir);
    await listed();
    await appendFile(file('more.ndjson'), line('ADDED', namespace('shop')));
    await until((events) => events.some(presentNamed('shop')));
    expect(watched?.events.filter(of('problem', 'listed', 'relisting'))).toMatchObject([
      { type: 'problem', problem: { file: file('pods.ndjson.gz') } },
      { type: 'listed', complete: false },
    ]);
  });
});

describe('a recording that is not followed', () => {
  test('is taken as it is, its last line with or without an end', async () => {
    await writeFile(file('pods.ndjson'), line('ADDED', pod('web-1')).trimEnd());
    const { listed } = watch(dir, false);
    await listed();
    expect(names()).toEqual(['Pod shop/uid-web-1']);
  });

  test('of a real cluster lists what was left, completely', async () => {
    const { listed } = watch(EXAMPLE, false);
    await listed();
    expect(watched?.events.at(-1)).toEqual({ type: 'listed', complete: true });
    const kinds = names().map((name) => name.split(' ')[0]);
    expect(kinds.filter((kind) => kind === 'Pod')).toHaveLength(21);
    expect(kinds.filter((kind) => kind === 'Node')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'Namespace')).toHaveLength(7);
  });
});

test('supplied policies are in force from the beginning', async () => {
  const facts = { name: 'shop', labels: {} };
  const policies = [{ kind: 'Namespace', facts } as const];
  const source = recordingSource({ path: dir, policies, follow: true }, { clock: systemClock() });
  watched = watchSource(source);
  await watched.listed();
  expect(names()).toEqual(['Namespace shop']);
});
