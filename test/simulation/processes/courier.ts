/** A courier process: the real functions, hosted by the real host, on jobs that couriers share. */
import { createCourier } from '../../../services/courier/courier.ts';
import { logInto, type Surroundings } from '../surroundings.ts';
import type { AclServers } from '../world/acl-servers.ts';
import type { SimulatedCheckpoints } from '../world/checkpoints.ts';
import { type ControlWorld, host } from './control.ts';
import { createProcess, type Process } from './process.ts';

const READ_BACK_EVERY_MS = 20_000;

export function courierProcess(
  name: string,
  surroundings: Surroundings,
  { eventLog, jobs }: ControlWorld,
  checkpoints: SimulatedCheckpoints,
  servers: AclServers,
): Process {
  return createProcess(name, surroundings, async (life) => {
    const components = {
      eventLog: eventLog.client(life),
      checkpoints: checkpoints.client(life),
      jobs: jobs.client(life),
      clock: surroundings.scheduler.clockOf(life),
      random: surroundings.dice,
      log: logInto(surroundings.history, name),
    };
    const { functions } = await createCourier(
      { readBackEveryMs: READ_BACK_EVERY_MS },
      { ...components, connect: (target, spec) => servers.connect(life, target, spec) },
    );
    await host(functions, components, surroundings);
  });
}
