/** The manifests that docs/examples/ shows are valid, and show every kind. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFolder } from './manifests/folder.ts';
import { readManifest } from './manifests/read-manifest.ts';
import type { SourceObject } from './port.ts';

const DIR = join(import.meta.dirname, '../../../docs/examples/manifests');

function objects(): readonly SourceObject[] {
  const names = readdirSync(DIR, { recursive: true, encoding: 'utf8' });
  const manifests = names
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, readManifest(name, readFileSync(join(DIR, name), 'utf8'))] as const);
  const folder = createFolder();
  expect(folder.settle(new Map(manifests)).filter(({ type }) => type === 'problem')).toEqual([]);
  return folder.list().flatMap((event) => (event.type === 'present' ? [event.object] : []));
}

test('the example manifests are read without a problem', () => {
  const kinds = new Set(objects().map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    'AclTarget',
    'EgressNat',
    'Namespace',
    'NatPool',
    'Node',
    'Pod',
  ]);
});

test('what the example manifests name is there', () => {
  const all = objects();
  const named = new Set(all.map((object) => `${object.kind}/${nameOf(object)}`));
  const missing = all.flatMap((object) => {
    if (object.kind === 'Pod') {
      const wanted = [`Namespace/${object.namespace}`, `Node/${object.pod.node}`];
      return wanted.filter((name) => !named.has(name));
    }
    if (object.kind !== 'EgressNat') return [];
    const { pool, targets } = object.facts.spec;
    const wanted = [`NatPool/${pool}`, ...targets.map((target) => `AclTarget/${target}`)];
    return wanted.filter((name) => !named.has(name));
  });
  expect(missing).toEqual([]);
});

function nameOf(object: SourceObject): string {
  return object.kind === 'Pod' ? object.pod.name : object.facts.name;
}
