/** The native sender (infra/lab/native/flood) in a namespace, pinned to one core. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface Flood {
  /** Packets or connections. */
  readonly count: number;
  readonly failed: number;
  /** For one of them, on the one core that does all of it. */
  readonly cpuNs: number;
}

const PROGRAM = resolve(import.meta.dirname, '../../../build/lab-flood');
const SEND_CPU = 1;
const SERVE_CPU = 0;

export function flood(netns: string, ...args: readonly (string | number)[]): Flood {
  const words = [`--net=${netns}`, PROGRAM, ...args.map(String), String(SEND_CPU)];
  const result = spawnSync('nsenter', words, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`lab-flood ${args.join(' ')}: ${result.stderr}`);
  const { count, failed, cpuNs } = JSON.parse(result.stdout) as Flood;
  return { count, failed, cpuNs: cpuNs / Math.max(1, count) };
}

export async function serve(netns: string, port: number): Promise<ChildProcess> {
  const words = [`--net=${netns}`, PROGRAM, 'serve', String(port), String(SERVE_CPU)];
  const child = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
