/** What a number depends on and a reader must know of the machine; nothing that names it. */
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly kernel: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly node: string;
  /** Over the minute before the run: what else was going on. */
  readonly loadBefore: number;
}

const GIB = 1024 ** 3;

export function machine(): Machine {
  return {
    // The version alone: what follows it may name a host or a provider.
    kernel: /^\d+(\.\d+)*/.exec(release())?.[0] ?? 'unknown',
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / GIB),
    node: process.versions.node,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function describeMachine(facts: Machine): string {
  return [
    `Linux ${facts.kernel}`,
    `${facts.cores} cores (${facts.cpu})`,
    `${facts.memoryGiB} GiB`,
    `Node ${facts.node}`,
    `load before the run ${facts.loadBefore}`,
  ].join(', ');
}
