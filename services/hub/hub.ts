/**
 * The hub's functions: reads the log and the node records to the end, then serves agents and folds
 * on. It holds nothing that is not in the log, so any number of hubs may run, and any may die.
 */
import { generationOf } from '../aggregates/log/whole.ts';
import { createWorld } from '../aggregates/world.ts';
import type { NodeName } from '../contract/identity.ts';
import { TOPICS } from '../contract/topics.ts';
import type { Version } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { untilAborted } from '../runtime/aborted.ts';
import type { Clock } from '../runtime/clock.ts';
import { type BerthFunction, defineFunction, service } from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { Speaker } from '../runtime/status-board.ts';
import { sameTlsFiles, type TlsFiles } from '../runtime/tls-files.ts';
import { createAppender } from './appender.ts';
import { beyondTheEnd } from './beyond-the-end.ts';
import { createEventsEnd } from './events-end.ts';
import { createHubCore, type HubCore, type NodeRecords } from './hub-core.ts';
import { hubStreams } from './hub-streams.ts';
import { type LinkServer, startLinkServer } from './link-server.ts';
import { converged, type NodeStatus } from './node-status.ts';
import { noticed } from './noticed-core.ts';
import type { OperatorFences } from './operator-fences.ts';
import { serveOperators } from './operator-socket.ts';
import { createHubWords } from './status-words.ts';

export interface HubInit {
  /** Where agents reach it: `host:port`; port 0: any free one. */
  readonly listen: string;
  /** The hub's certificate; asked again while it runs, so that it can be renewed. */
  readonly certificate: () => Promise<TlsFiles>;
  /** How often. @default 30000 */
  readonly renewEveryMs?: number;
  /** How long an agent's question for the gateways may stay open. @default 1000 */
  readonly gatewayWaitMs?: number;
  /** A dead link is noticed after this twice. @default 1000 */
  readonly keepaliveMs?: number;
  /**
   * How long a node that is said to be gone (deleted, or tainted as out of service) may be without
   * a link before it counts as gone: agents reconnect within seconds. @default 10000
   */
  readonly linkGraceMs?: number;
  /** Path of the unix socket for operators. @default there is none */
  readonly operatorSocket?: string;
}

export interface HubComponents {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Hub {
  readonly functions: BerthFunction[];
  /** The port that it listens on, once it has read to the end. */
  readonly serving: Promise<number>;
  /** Of every node that was met, has pods or is a gateway; none before it serves. */
  statuses(): NodeStatus[];
  /** It serves, and every node concerned has acked all that it shall have. */
  converged(): boolean;
  /** What it says on the status board; nothing before it serves. */
  readonly speaker: Speaker;
}

const GATEWAY_WAIT_MS = 1000;
const LINK_GRACE_MS = 10_000;
const RENEW_EVERY_MS = 30_000;

export async function createHub(init: HubInit, components: HubComponents): Promise<Hub> {
  const { eventLog, checkpoints, clock, random, log } = components;
  const world = createWorld(await checkpoints.all());
  const nodeRecords: NodeRecords = new Map();
  const appender = createAppender({ eventLog, clock, log });
  const eventsEnd = createEventsEnd({ eventLog, clock, log });
  const eventsRead = Promise.withResolvers<void>();
  const nodesRead = Promise.withResolvers<void>();
  const serving = Promise.withResolvers<number>();
  const words = createHubWords(world, () => core?.statuses() ?? null);
  /** Null while it reads to the end. */
  let core: HubCore | null = null;

  async function serve(signal: AbortSignal): Promise<void> {
    await Promise.race([
      untilAborted(signal),
      Promise.all([eventsRead.promise, nodesRead.promise]),
    ]);
    if (signal.aborted) return;
    const { gatewayWaitMs = GATEWAY_WAIT_MS, linkGraceMs = LINK_GRACE_MS } = init;
    const quiet = createHubCore(
      { gatewayWaitMs, linkGraceMs },
      {
        world,
        nodeRecords,
        clock,
        log,
        append: appender.add,
        onNodeAhead,
        eventsEnd: () => eventsEnd(signal),
      },
    );
    core = noticed(quiet, words.changed);
    words.changed();
    const files = await init.certificate();
    const server = await startLinkServer({ ...init, files }, { clock, random }, core);
    log.info({ port: server.port, version: world.version }, 'hub serves');
    serving.resolve(server.port);
    await renewUntil(signal, server, files, init, components);
    server.stop();
  }

  /** A hub that lags catches up; a log that ends before what the node has never does. */
  function onNodeAhead(node: NodeName, version: Version): void {
    eventLog
      .ends(TOPICS.events.name)
      .then((ends) => {
        const error = beyondTheEnd(node, version, { ends, generation: generationOf(world) });
        if (error !== null) log.error({ node, error }, 'node waits for a log that is not here');
      })
      .catch((error: unknown) => log.warn({ node, error }, 'the end of the log is not known'));
  }

  return {
    functions: [
      ...hubStreams({
        world,
        nodeRecords,
        eventLog,
        log,
        core: () => core,
        caughtUp: (what) => (what === 'events' ? eventsRead : nodesRead).resolve(),
      }),
      defineFunction({ name: 'hub-appends', trigger: service(), handler: appender.run }),
      defineFunction({ name: 'hub-link', trigger: service(), handler: serve }),
      ...operatorFunctions(init, () => core?.operators ?? null, log),
    ],
    serving: serving.promise,
    statuses: () => core?.statuses() ?? [],
    converged: () => core !== null && converged(core.statuses()),
    speaker: words.speaker,
  };
}

/** Shows new links the certificate that there is then. */
async function renewUntil(
  signal: AbortSignal,
  server: LinkServer,
  first: TlsFiles,
  { certificate, renewEveryMs = RENEW_EVERY_MS }: HubInit,
  { clock, log }: HubComponents,
): Promise<void> {
  let files = first;
  while (!signal.aborted) {
    await clock.sleep(renewEveryMs, signal);
    try {
      const read = await certificate();
      if (sameTlsFiles(read, files)) continue;
      server.renew(read);
      files = read;
      log.info({}, 'hub shows its new certificate');
    } catch (error) {
      log.warn({ error }, 'hub keeps the certificate that it has');
    }
  }
}

function operatorFunctions(
  { operatorSocket: socket }: HubInit,
  fences: () => OperatorFences | null,
  log: Log,
): BerthFunction[] {
  if (socket === undefined) return [];
  const handler = (signal: AbortSignal) => serveOperators(socket, fences, log, signal);
  return [defineFunction({ name: 'hub-operators', trigger: service(), handler })];
}
