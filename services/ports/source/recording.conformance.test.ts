/** A growing recording holds the suite: one file of all kinds, or a folder with a file a kind. */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { type SourceHarness, sourceConformance } from './conformance.ts';
import type { KubernetesObject } from './fixtures/kubernetes-fixtures.ts';
import { recordingSource } from './recording.ts';

async function stream(fileOf: (object: KubernetesObject) => string): Promise<SourceHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-recording-'));
  const known = new Set<string>();
  const write = (name: string, line: unknown): Promise<void> =>
    appendFile(join(dir, name), `${JSON.stringify(line)}\n`);
  const first = fileOf({ kind: 'Pod', metadata: { name: 'any' } });
  await writeFile(join(dir, first), '');
  const path = first === 'stream.ndjson' ? join(dir, first) : dir;
  return {
    source: recordingSource({ path, follow: true, lookEveryMs: 200 }, { clock: systemClock() }),
    many: 500,
    put(object) {
      const name = `${object.kind}/${object.metadata.name}`;
      const type = known.has(name) ? 'MODIFIED' : 'ADDED';
      known.add(name);
      return write(fileOf(object), { type, object });
    },
    remove(object) {
      known.delete(`${object.kind}/${object.metadata.name}`);
      return write(fileOf(object), { type: 'DELETED', object });
    },
    garble: () => appendFile(join(dir, first), '{"type":"ADDED","object":{"kind"\n'),
    teardown: () => rm(dir, { recursive: true }),
  };
}

const teardown = (harness: SourceHarness) => harness.teardown();

sourceConformance('a recording in one file', {
  setup: () => stream(() => 'stream.ndjson'),
  teardown,
});

sourceConformance('a recording in a folder', {
  setup: () => stream(({ kind }) => `${kind.toLowerCase()}s.ndjson`),
  teardown,
});
