/** Mapper and watcher processes: the real functions, hosted by the real host. */
import { createMapper } from '../../../services/mapper/mapper.ts';
import type { BerthFunction } from '../../../services/runtime/define-function.ts';
import { startFunctions } from '../../../services/runtime/host.ts';
import { watcherFunction } from '../../../services/watcher/watcher.ts';
import type { Life } from '../scheduler.ts';
import { logInto, type Surroundings } from '../surroundings.ts';
import type { SimulatedCheckpoints } from '../world/checkpoints.ts';
import type { Cluster } from '../world/cluster.ts';
import type { SimulatedEventLog } from '../world/event-log.ts';
import type { SimulatedJobs } from '../world/jobs.ts';
import { simulatedSource } from '../world/source.ts';
import { createProcess, type Process } from './process.ts';

export interface ControlWorld {
  readonly eventLog: SimulatedEventLog;
  readonly jobs: SimulatedJobs;
  readonly cluster: Cluster;
}

const CHECKPOINT_EVERY_MS = 15_000;

export function mapperProcess(
  name: string,
  surroundings: Surroundings,
  { eventLog, jobs }: ControlWorld,
  checkpoints: SimulatedCheckpoints,
): Process {
  return createProcess(name, surroundings, async (life) => {
    const components = {
      eventLog: eventLog.client(life),
      checkpoints: checkpoints.client(life),
      jobs: jobs.client(life),
      clock: surroundings.scheduler.clockOf(life),
      log: logInto(surroundings.history, name),
    };
    const functions = createMapper(
      { checkpointEveryMs: CHECKPOINT_EVERY_MS },
      components,
    ).functions;
    await host(functions, components, surroundings);
  });
}

export function watcherProcess(
  name: string,
  surroundings: Surroundings,
  { eventLog, jobs, cluster }: ControlWorld,
  checkpoints: SimulatedCheckpoints,
): Process {
  return createProcess(name, surroundings, async (life: Life) => {
    const components = {
      source: simulatedSource(life, cluster, surroundings),
      eventLog: eventLog.client(life),
      checkpoints: checkpoints.client(life),
      jobs: jobs.client(life),
      clock: surroundings.scheduler.clockOf(life),
      random: surroundings.dice,
      log: logInto(surroundings.history, name),
    };
    await host([watcherFunction({}, components)], components, surroundings);
  });
}

/** Until the process dies; throws what ended a function. */
export async function host(
  functions: readonly BerthFunction[],
  components: Parameters<typeof startFunctions>[1],
  { atEnd }: Surroundings,
): Promise<never> {
  const started = startFunctions(functions, components);
  atEnd.add(() => void started.stop());
  throw await started.failed;
}
