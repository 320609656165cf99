/**
 * `berth up`: the control process. One process owns the data folder and hosts every function but
 * the agents. It may be killed at any moment: what was acknowledged is in the log.
 */
import { consoleFunctions } from '../../console/console.ts';
import { createCourier } from '../../courier/courier.ts';
import { openAuthorityFolder } from '../../credentials/authority-folder.ts';
import { createHub } from '../../hub/hub.ts';
import { mapperFunctions } from '../../mapper/mapper.ts';
import { secretsFolder } from '../../ports/acl-driver/webhook/secrets-folder.ts';
import { webhookDriver } from '../../ports/acl-driver/webhook.ts';
import { lmdbCheckpoints } from '../../ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import { localJobs } from '../../ports/jobs/local.ts';
import { manifestsSource } from '../../ports/source/manifests.ts';
import type { Problem, Source } from '../../ports/source/port.ts';
import { describeProblem } from '../../ports/source/problem.ts';
import { recordingSource } from '../../ports/source/recording.ts';
import { untilAborted } from '../../runtime/aborted.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type BerthFunction, defineFunction, service } from '../../runtime/define-function.ts';
import { startFunctions } from '../../runtime/host.ts';
import type { Log } from '../../runtime/log.ts';
import { serveMetrics } from '../../runtime/metrics/metrics-server.ts';
import { type Random, systemRandom } from '../../runtime/random.ts';
import { readTlsFiles, type TlsFiles } from '../../runtime/tls-files.ts';
import { watcherFunction } from '../../watcher/watcher.ts';
import type { UpConfig } from './config.ts';
import { type ControlMetrics, createControlMetrics, exposeWorkers } from './metrics.ts';

const PROBLEMS_KEPT = 100;

export async function up(
  config: UpConfig,
  { log }: { readonly log: Log },
  stop: AbortSignal,
): Promise<void> {
  const clock = systemClock();
  const random = systemRandom();
  const eventLog = await lmdbEventLog({ dir: config.data }, { clock });
  const checkpoints = await lmdbCheckpoints({ dir: config.data });
  const jobs = await localJobs({ dir: config.data }, { clock, random, log });
  const components = { eventLog, checkpoints, jobs, clock, random, log };
  const metrics = createControlMetrics(components);
  const source = createSource(config, clock);
  const problems: string[] = [];
  let problemCount = 0;
  const keep = (problem: Problem): void => {
    problemCount += 1;
    problems.push(describeProblem(problem));
    if (problems.length > PROBLEMS_KEPT) problems.shift();
  };
  const hub = await createHub(
    {
      listen: config.listen,
      operatorSocket: config.operatorSocket,
      certificate: await hubCertificate(config, components),
    },
    components,
  );
  const secrets = secretsFolder(config.secrets);
  const courier = await createCourier(
    {},
    {
      ...components,
      connect: (target, spec) => webhookDriver({ target, spec }, { secrets, clock, random }),
    },
  );
  const live = () => ({
    adapters: { eventLog: eventLog.kind, jobs: jobs.kind, source: source.kind },
    links: hub.statuses().map(({ node, connected, inSync }) => ({ node, connected, inSync })),
    converged: hub.converged(),
    pushes: courier.statuses(),
    problems,
    problemCount,
  });
  const functions = [
    watcherFunction({ onProblem: keep }, { ...components, source }),
    ...(await mapperFunctions({}, components)),
    ...courier.functions,
    ...hub.functions,
    ...consoleFunctions({ socket: config.socket }, { live, metrics, checkpoints, clock }),
    ...metricsFunctions(config, metrics),
  ];
  exposeWorkers(metrics, { hub, courier, jobs, clock, functions });
  const host = startFunctions(functions, components);
  try {
    const failure = await Promise.race([host.failed, untilAborted(stop)]);
    if (failure instanceof Error) throw failure;
  } finally {
    await host.stop();
    await jobs.close();
    await checkpoints.close();
    await eventLog.close();
  }
}

function metricsFunctions({ metrics: listen }: UpConfig, metrics: ControlMetrics): BerthFunction[] {
  if (listen === null) return [];
  const handler = async (signal: AbortSignal): Promise<void> => {
    const server = await serveMetrics(listen, metrics.text);
    await untilAborted(signal);
    await server.close();
  };
  return [defineFunction({ name: 'metrics-http', trigger: service(), handler })];
}

/** Given files, or what the built-in authority issues. */
async function hubCertificate(
  { certificates, data }: UpConfig,
  components: { readonly clock: Clock; readonly random: Random },
): Promise<() => Promise<TlsFiles>> {
  if (certificates !== null) return () => readTlsFiles(certificates);
  return (await openAuthorityFolder(data, components)).hubFiles;
}

function createSource({ source }: UpConfig, clock: Clock): Source {
  return source.kind === 'manifests'
    ? manifestsSource({ dir: source.path }, { clock })
    : recordingSource({ path: source.path, follow: true }, { clock });
}
