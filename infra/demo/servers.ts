/**
 * Kafka and Redis of a distributed demo: started where the control processes are, so that loopback
 * is the same for all, and marked like all that is on the stage, so that they end with it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { errorsInLogs } from './log-errors.ts';
import type { Stage } from './stage.ts';

const MAIN = fileURLToPath(new URL('./servers-main.ts', import.meta.url));
const POLL_MS = 50;

export interface RunningServers {
  /** HOST:PORT. */
  readonly kafka: string;
  /** redis://HOST:PORT. */
  readonly redis: string;
  /** For people, by name; none of servers that others run. */
  readonly pids: Readonly<Record<string, number>>;
}

/** Answers when both do. @throws BERTH_DEMO_NOT_UP */
export async function startServers(
  { runDir, startProcess }: Pick<Stage, 'runDir' | 'startProcess'>,
  clock: Clock,
): Promise<RunningServers> {
  const file = join(runDir, 'servers.json');
  const running = await startProcess('control', [MAIN, file], join(runDir, 'servers.log'));
  let hasEnded = false;
  void running.exited.then(() => {
    hasEnded = true;
  });
  // It has a bound of its own, by which it ends.
  while (!hasEnded) {
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as RunningServers;
    await clock.sleep(POLL_MS);
  }
  const errors = await errorsInLogs(runDir);
  throw berthError('BERTH_DEMO_NOT_UP', { reason: errors.join('; ') || 'no Kafka or Redis' });
}
