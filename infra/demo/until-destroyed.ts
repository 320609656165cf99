/**
 * A stage on which nothing more is made once it is being destroyed: an act that was interrupted in
 * the middle of a step must not leave a pod or a process behind the back of who cleans up.
 */
import { berthError } from '../../services/contract/errors.ts';
import type { Stage } from './stage.ts';

export function untilDestroyed(stage: Stage): Stage {
  let isGoing = false;
  const refuse = (what: string): void => {
    if (!isGoing) return;
    throw berthError('BERTH_DEMO_ENDING', { what });
  };
  return {
    ...stage,
    startProcess: async (host, args, logFile) => {
      refuse('a process');
      return stage.startProcess(host, args, logFile);
    },
    createPod: async (pod) => {
      refuse('a pod');
      await stage.createPod(pod);
    },
    destroy: async () => {
      isGoing = true;
      await stage.destroy();
    },
  };
}
