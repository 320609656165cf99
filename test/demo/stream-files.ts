/** A fake cluster's streams as files, in the forms in which people record them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FakeCluster, StreamName } from './fake-cluster.ts';

export interface FolderForm {
  /** @default all three */
  readonly streams?: readonly StreamName[];
  readonly packed?: boolean;
  /** @default \n */
  readonly lineEnd?: string;
}

const STREAMS: readonly StreamName[] = ['nodes', 'namespaces', 'pods'];

/** A file a kind. */
export async function writeFolder(
  dir: string,
  cluster: FakeCluster,
  { streams = STREAMS, packed = false, lineEnd = '\n' }: FolderForm = {},
): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const stream of streams) {
    const text = cluster.lines[stream].map((line) => `${line}${lineEnd}`).join('');
    const name = packed ? `${stream}.ndjson.gz` : `${stream}.ndjson`;
    await writeFile(join(dir, name), packed ? gzipSync(text) : text);
  }
  return dir;
}

/** One file of all kinds, pods before what they live on. */
export async function writeMixed(file: string, cluster: FakeCluster): Promise<string> {
  const { nodes, namespaces, pods } = cluster.lines;
  const half = Math.floor(pods.length / 2);
  const lines = [...pods.slice(0, half), ...nodes, ...namespaces, ...pods.slice(half)];
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}
