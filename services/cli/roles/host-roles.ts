/**
 * A process that hosts roles: its metrics and whether it is ready can be asked from the start; it
 * ends with the error of the first function that fails, or in order when it is told to stop.
 */
import manifest from '../../../package.json' with { type: 'json' };
import type { Ruling } from '../../contract/ruling.ts';
import { untilAborted } from '../../runtime/aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import { lagReader } from '../../runtime/consumer-lag.ts';
import { followProgress } from '../../runtime/consumer-progress.ts';
import type { DrivenInit } from '../../runtime/events/driven-functions.ts';
import { startFunctions } from '../../runtime/host.ts';
import type { Log } from '../../runtime/log.ts';
import { serveMetrics } from '../../runtime/metrics/metrics-server.ts';
import { refuseMisplacedHistory } from '../../runtime/misplaced-history.ts';
import type { Random } from '../../runtime/random.ts';
import { readableLog } from '../../runtime/readable-log.ts';
import { createStatusBoard } from '../../runtime/status-board.ts';
import type { OpenAdapters } from '../adapters/adapters.ts';
import { createControlMetrics, exposeJobs } from './control-metrics.ts';
import { drivenByEvents } from './driven-by-events.ts';
import { exposeLag } from './lag-metrics.ts';
import { type Readiness, readinessOf } from './readiness.ts';
import type { Role, RoleComponents } from './role.ts';

export interface HostRolesInit {
  /** What it is called on the status board: a name that no other living process has. */
  readonly process: string;
  /** Where metrics and readiness are served: HOST:PORT or unix:PATH; null: nowhere. */
  readonly metrics: string | null;
  /** The same for every process of the installation. */
  readonly rulings: readonly Ruling[];
  /** Where the events come that drive what would read the log. @default it reads by itself */
  readonly events?: DrivenInit;
  /** By name. */
  readonly createRoles: (components: RoleComponents) => Promise<Readonly<Record<string, Role>>>;
}

export interface HostRolesComponents {
  readonly adapters: OpenAdapters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const STARTING: Pick<Readiness, 'waitsFor'> = { waitsFor: () => ['the process starts'] };

/** Closes the adapters at its end, however it ends. @throws BERTH_METRICS_LISTEN */
export async function hostRoles(
  init: HostRolesInit,
  { adapters, ...rest }: HostRolesComponents,
  stop: AbortSignal,
): Promise<void> {
  const { checkpoints, jobs } = adapters;
  const eventLog = readableLog(adapters.eventLog, init);
  const components = { eventLog, checkpoints, jobs, ...rest };
  const { events } = init;
  const kinds = { eventLog: eventLog.kind, jobs: jobs.kind };
  const metrics = createControlMetrics(components);
  let readiness = STARTING;
  const ending: (() => Promise<void>)[] = [adapters.close];
  try {
    if (init.metrics !== null) {
      const waitsFor = (): readonly string[] => readiness.waitsFor();
      const server = await serveMetrics(init.metrics, metrics.text, waitsFor);
      ending.unshift(server.close);
    }
    await refuseMisplacedHistory(adapters.eventLog);
    const board = createStatusBoard(
      { process: init.process, release: manifest.version, adapters: kinds },
      components,
    );
    const roles = await init.createRoles({ ...components, metrics, board });
    for (const [name, role] of Object.entries(roles)) board.role(name, role);
    const followed = readinessOf(roles, events === undefined);
    const { functions, places } = followProgress(followed.functions);
    exposeJobs(metrics, { jobs, functions });
    exposeLag(metrics, { places, lagOf: lagReader(components) });
    const bound = events === undefined ? functions : drivenByEvents(functions, events, components);
    const host = startFunctions([board.function, ...bound], components);
    ending.unshift(host.stop);
    readiness = followed;
    const failure = await Promise.race([host.failed, untilAborted(stop)]);
    if (failure instanceof Error) throw failure;
  } finally {
    for (const end of ending) await end();
  }
}
