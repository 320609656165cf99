/** What only a folder of files can do: be half written, renamed, emptied, unreadable, away. */
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { goneKey, presentNamed, type Watched, watchSource } from './fixtures/watching-fixtures.ts';
import { manifestsSource } from './manifests.ts';
import type { SourceEvent } from './port.ts';

/** Longer than any test: what must stay the same for so long is not believed in it. */
const NEVER_MS = 600_000;
const SOON_MS = 20;

const ns = (name: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n  labels: { team: a }\n`;
const of =
  (...types: SourceEvent['type'][]) =>
  (event: SourceEvent) =>
    types.includes(event.type);

let dir: string;
let watched: Watched | null;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'berth-manifests-')), 'manifests');
  await mkdir(dir);
  watched = null;
});

afterEach(async () => {
  await watched?.stop();
  await rm(join(dir, '..'), { recursive: true });
});

function watch(init: { settleMs?: number; rescanMs?: number } = {}): Watched {
  const settings = { settleMs: SOON_MS, rescanMs: 100, ...init };
  watched = watchSource(manifestsSource({ dir, ...settings }, { clock: systemClock() }));
  return watched;
}

const write = (name: string, text: string) => writeFile(join(dir, name), text);
const names = () => [...(watched?.believed().keys() ?? [])].sort();

/** Everything written before is looked at: the marker was written after it. */
async function markerSeen(name: string): Promise<void> {
  await write(`${name}.yaml`, ns(name));
  await watched?.until((events) => events.some(presentNamed(name)));
}

describe('a file that is being written', () => {
  test.each([
    ['in the middle of a document', ns('a').length + 20],
    ['in the middle of a line', ns('a').length - 3],
  ])('is not taken when it ends %s', async (_, length) => {
    const text = `${ns('a')}---\n${ns('b')}`;
    const { until, listed } = watch({ settleMs: NEVER_MS });
    await listed();
    await write('slow.yaml', text.slice(0, length));
    await markerSeen('marker');
    expect(names()).toEqual(['Namespace marker']);
    await appendFile(join(dir, 'slow.yaml'), text.slice(length));
    await until((events) => events.some(presentNamed('b')));
    expect(watched?.events.filter(of('problem', 'gone'))).toEqual([]);
  });

  test('loses nothing when it is emptied first', async () => {
    await write('a.yaml', ns('a'));
    const { until, listed } = watch({ settleMs: NEVER_MS });
    await listed();
    await write('a.yaml', '');
    await markerSeen('marker');
    await write('a.yaml', `${ns('a')}---\n${ns('b')}`);
    await until((events) => events.some(presentNamed('b')));
    expect(watched?.events.filter(of('problem', 'gone'))).toEqual([]);
  });

  test('and stays broken is a problem that takes nothing away', async () => {
    await write('a.yaml', ns('a'));
    const { until, listed } = watch();
    await listed();
    await write('a.yaml', 'kind: [');
    await until((events) => events.some(of('problem')));
    expect(names()).toEqual(['Namespace a']);
    await write('a.yaml', ns('b'));
    await until((events) => events.some(presentNamed('b')));
    expect(names()).toEqual(['Namespace b']);
    expect(watched?.events.filter(of('relisting'))).toEqual([]);
  });
});

describe('a folder', () => {
  test('whose file is renamed says nothing', async () => {
    await write('a.yaml', ns('a'));
    const { listed } = watch();
    await listed();
    await rename(join(dir, 'a.yaml'), join(dir, 'b.yaml'));
    await markerSeen('marker');
    expect(watched?.events.filter(of('gone', 'problem'))).toEqual([]);
    await rm(join(dir, 'b.yaml'));
    await watched?.until((events) => events.some(goneKey('Namespace a')));
  });

  test('that is repaired after an incomplete list is listed again, completely', async () => {
    await write('a.yaml', `${ns('a')}---\nkind: Pod\n`);
    const { listed } = watch();
    await listed();
    await write('a.yaml', ns('a'));
    await listed(2);
    expect(watched?.events.filter(of('listed', 'relisting'))).toEqual([
      { type: 'listed', complete: false },
      { type: 'relisting' },
      { type: 'listed', complete: true },
    ]);
    expect(names()).toEqual(['Namespace a']);
  });

  test('that is not there is a problem until it is', async () => {
    await rm(dir, { recursive: true });
    const { listed } = watch();
    await listed();
    expect(watched?.events).toMatchObject([
      { type: 'problem', problem: { file: dir, line: null, code: 'BERTH_INPUT_UNREADABLE' } },
      { type: 'listed', complete: false },
    ]);
    await mkdir(dir);
    await write('a.yaml', ns('a'));
    await listed(2);
    await watched?.until((events) => events.some(presentNamed('a')));
  });

  test('that goes away takes nothing with it', async () => {
    await write('a.yaml', ns('a'));
    const { listed, until } = watch();
    await listed();
    await rename(dir, `${dir}.away`);
    await until((events) => events.some(of('problem')));
    expect(names()).toEqual(['Namespace a']);
    await rename(`${dir}.away`, dir);
    await markerSeen('marker');
    expect(names()).toEqual(['Namespace a', 'Namespace marker']);
    await rm(join(dir, 'a.yaml'));
    await until((events) => events.some(goneKey('Namespace a')));
  });

  test('is read one level deep, also where that comes later', async () => {
    await mkdir(join(dir, 'one', 'two'), { recursive: true });
    await write('one/a.yaml', ns('a'));
    await write('one/two/b.yaml', ns('b'));
    const { listed, until } = watch();
    await listed();
    expect(names()).toEqual(['Namespace a']);
    await mkdir(join(dir, 'later'));
    await write('later/c.yaml', ns('c'));
    await until((events) => events.some(presentNamed('c')));
    await rm(join(dir, 'later'), { recursive: true });
    await until((events) => events.some(goneKey('Namespace c')));
  });

  test('is looked through for changes of which no notice comes', async () => {
    const elsewhere = join(dir, '..', 'elsewhere.yaml');
    await writeFile(elsewhere, ns('a'));
    await symlink(elsewhere, join(dir, 'link.yaml'));
    const { listed, until } = watch();
    await listed();
    await writeFile(elsewhere, `${ns('a')}---\n${ns('b')}`);
    await until((events) => events.some(presentNamed('b')));
  });

  test('passes over files that are no manifests, and hidden ones', async () => {
    await write('README.md', 'no: [yaml');
    await write('a.yaml.swp', 'no: [yaml');
    await write('.a.yaml', 'no: [yaml');
    await write('a.json', JSON.stringify({ apiVersion: 'v1', kind: 'Event' }));
    const { listed } = watch();
    await listed();
    expect(watched?.events).toEqual([{ type: 'listed', complete: true }]);
  });

  test('with a file too large to be a manifest says so and goes on', async () => {
    await write('a.yaml', ns('a'));
    await write('huge.yaml', '#'.repeat(5 * 1024 * 1024));
    const { listed } = watch();
    await listed();
    expect(watched?.events.find(of('problem'))).toMatchObject({
      problem: { file: join(dir, 'huge.yaml'), code: 'BERTH_INPUT_UNREADABLE' },
    });
    expect(names()).toEqual(['Namespace a']);
  });
});
