/**
 * Child processes of a demo that has no lab. They bear a lab's mark and a reaper watches over them
 * as over a lab, so that none outlives a demo that was killed.
 */

import type { Clock } from '../../services/runtime/clock.ts';
import { destroyLab } from '../lab/destroy.ts';
import { startMarked } from '../lab/processes.ts';
import { startReaper } from '../lab/reaper.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import type { DemoProcess } from './stage.ts';

export interface ProcessesHere {
  start(args: readonly string[], logFile: string): Promise<DemoProcess>;
  stopAll(): Promise<void>;
}

/** `folder`: what they write to; the reaper removes it. */
export async function startProcessesHere(
  { id, folder }: { readonly id: string; readonly folder: string },
  clock: Clock,
): Promise<ProcessesHere> {
  const reaper = startReaper(id, folder);
  await reaper.watching;
  return {
    start: (args, logFile) => {
      const node = { command: process.execPath, args, logFile, env: COMPILE_CACHE };
      return startMarked(id, node, clock);
    },
    stopAll: async () => {
      await destroyLab(id);
      await reaper.dismiss();
    },
  };
}
