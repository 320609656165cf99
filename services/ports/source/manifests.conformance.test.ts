/** A folder of manifests holds the suite: one file an object, or all objects in one file. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../runtime/clock.ts';
import { type SourceHarness, sourceConformance } from './conformance.ts';
import type { KubernetesObject } from './fixtures/kubernetes-fixtures.ts';
import { manifestsSource } from './manifests.ts';

async function folder(fileOf: (object: KubernetesObject) => string): Promise<SourceHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-manifests-'));
  const files = new Map<string, Map<string, KubernetesObject>>();
  const write = async (name: string): Promise<void> => {
    const documents = [...(files.get(name)?.values() ?? [])].map((object) => stringify(object));
    if (documents.length === 0) return rm(join(dir, name));
    await writeFile(join(dir, `${name}.new`), documents.join('---\n'));
    await rename(join(dir, `${name}.new`), join(dir, name));
  };
  return {
    source: manifestsSource({ dir, settleMs: 30, rescanMs: 500 }, { clock: systemClock() }),
    many: 100,
    async put(object) {
      const name = fileOf(object);
      const objects = files.get(name) ?? new Map();
      files.set(name, objects.set(nameOf(object), object));
      await write(name);
    },
    async remove(object) {
      const name = fileOf(object);
      files.get(name)?.delete(nameOf(object));
      await write(name);
    },
    garble: () => writeFile(join(dir, 'garbled.yaml'), 'kind: [Pod\nmetadata: {'),
    teardown: () => rm(dir, { recursive: true }),
  };
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}-${metadata.name}`.toLowerCase();
}

const teardown = (harness: SourceHarness) => harness.teardown();

sourceConformance('a folder of manifests, one file an object', {
  setup: () => folder((object) => `${nameOf(object)}.yaml`),
  teardown,
});

sourceConformance('a folder of manifests, one file for all', {
  setup: () => folder(() => 'all.yaml'),
  teardown,
});
