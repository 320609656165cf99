/**
 * A hub process: the real core, appender and stream functions, with simulated links in place of
 * gRPC. It serves once it has read to the end, as services/hub/hub.ts does.
 */
import { createWorld } from '../../../services/aggregates/world.ts';
import { createAppender } from '../../../services/hub/appender.ts';
import { createEventsEnd } from '../../../services/hub/events-end.ts';
import { createHubCore, type HubCore, type NodeRecords } from '../../../services/hub/hub-core.ts';
import { hubStreams } from '../../../services/hub/hub-streams.ts';
import { defineFunction, service } from '../../../services/runtime/define-function.ts';
import type { Life } from '../scheduler.ts';
import { logInto, type Surroundings } from '../surroundings.ts';
import type { SimulatedCheckpoints } from '../world/checkpoints.ts';
import { type ControlWorld, host } from './control.ts';
import { createProcess, type Process } from './process.ts';

export interface Hub extends Process {
  /** Null while it does not serve. */
  serving(): { readonly life: Life; readonly core: HubCore } | null;
}

const GATEWAY_WAIT_MS = 1000;
const LINK_GRACE_MS = 8000;

export function hubProcess(
  name: string,
  surroundings: Surroundings,
  { eventLog, jobs }: ControlWorld,
  checkpoints: SimulatedCheckpoints,
): Hub {
  let served: { readonly life: Life; readonly core: HubCore } | null = null;

  const process = createProcess(name, surroundings, async (life) => {
    const log = logInto(surroundings.history, name);
    const clock = surroundings.scheduler.clockOf(life);
    const components = { eventLog: eventLog.client(life), jobs: jobs.client(life), clock, log };
    const world = createWorld(await checkpoints.client(life).all());
    const nodeRecords: NodeRecords = new Map();
    const appender = createAppender(components);
    const eventsEnd = createEventsEnd(components);
    const forEver = new AbortController().signal;
    let core: HubCore | null = null;
    const unread = new Set(['events', 'nodes']);
    const caughtUp = (what: 'events' | 'nodes'): void => {
      unread.delete(what);
      if (unread.size > 0) return;
      const append = appender.add;
      const init = { gatewayWaitMs: GATEWAY_WAIT_MS, linkGraceMs: LINK_GRACE_MS };
      const told = { world, nodeRecords, clock, log, append };
      core = createHubCore(init, { ...told, eventsEnd: () => eventsEnd(forEver) });
      served = { life, core };
    };
    const functions = [
      ...hubStreams({ ...components, world, nodeRecords, core: () => core, caughtUp }),
      defineFunction({ name: 'hub-appends', trigger: service(), handler: appender.run }),
    ];
    await host(functions, components, surroundings);
  });

  return {
    name,
    get life() {
      return process.life;
    },
    start: process.start,
    kill: process.kill,
    serving: () => (served?.life.alive === true ? served : null),
  };
}
