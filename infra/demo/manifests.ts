/**
 * The demo's cluster as a folder of manifests, one file an object. Files are written whole
 * (rename), and removed when the object goes.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubernetesObject } from './kubernetes-objects.ts';

export interface Manifests {
  readonly dir: string;
  apply(object: KubernetesObject): Promise<void>;
  delete(object: KubernetesObject): Promise<void>;
}

export async function createManifests(dir: string): Promise<Manifests> {
  await mkdir(dir, { recursive: true });
  const pathOf = (object: KubernetesObject): string => join(dir, `${fileName(object)}.yaml`);
  return {
    dir,
    apply: async (object) => {
      const path = pathOf(object);
      await writeFile(`${path}.new`, stringify(object));
      await rename(`${path}.new`, path);
    },
    delete: (object) => rm(pathOf(object), { force: true }),
  };
}

function fileName(object: KubernetesObject): string {
  const { namespace, name } = object['metadata'] as { namespace?: string; name: string };
  const kind = String(object['kind']).toLowerCase();
  return [kind, namespace, name].filter((part) => part !== undefined).join('-');
}
