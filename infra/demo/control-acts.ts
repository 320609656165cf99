/**
 * What is above the agents is hurt while traffic flows, and the packets are counted that were lost
 * meanwhile. As one process it is killed and started again. As processes: a hub is killed, and its
 * agents go to the other; a mapper is killed, and the other answers for its partitions; a mapper is
 * paused until the other has them, and wakes up beside it.
 */
import type { Clock } from '../../services/runtime/clock.ts';
import type { RoleProcess, RoleProcesses } from './control.ts';
import { killAndRestart, type Victim } from './kills.ts';
import type { Report } from './report.ts';
import { type Crew, controlProcess } from './victims.ts';

type Lost = { readonly packetsLost: number } | undefined;

export type ControlOutcomes = {
  readonly [Act in 'controlRestart' | 'hubKill' | 'mapperKill' | 'mapperPause']?:
    | Report[Act]
    | undefined;
};

type Acting = Crew & { readonly clock: Clock };

/** About the sessions of a group, after which its members share what the silent one had. */
const TAKEN_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const OWNED = 'berth_mapper_partitions';
const LINKS = 'berth_hub_links';

export async function playControlActs(acting: Acting): Promise<ControlOutcomes> {
  const { roles = null } = acting.control;
  if (roles === null) {
    return { controlRestart: await killAndRestart(controlProcess(acting), acting) };
  }
  const hubKill = await killAndRestart(await hub(acting, roles), acting);
  const mapperKill = await killAndRestart(await killedMapper(acting, roles), acting);
  const mapperPause = await killAndRestart(await pausedMapper(acting, roles), acting);
  return {
    controlRestart: sum([hubKill, mapperKill, mapperPause]),
    hubKill,
    mapperKill,
    mapperPause,
  };
}

function sum(all: readonly Lost[]): Lost {
  if (all.some((lost) => lost === undefined)) return undefined;
  return { packetsLost: all.reduce((total, lost) => total + (lost?.packetsLost ?? 0), 0) };
}

/** The one with most agents. */
async function hub(acting: Acting, { hubs }: RoleProcesses): Promise<Victim> {
  const { stage, news } = acting;
  const { victim, others } = await mostOf(hubs, LINKS);
  const agents = stage.nodes.length;
  return {
    kill: async () => {
      const links = (await victim.metric(LINKS)) ?? 0;
      news(`killing ${victim.name} (SIGKILL), to which ${links} agents are linked`);
      await victim.kill();
      const went = await until(acting, async () => (await total(others, LINKS)) === agents);
      news(`${named(others)} has ${went ? 'all' : 'NOT all'} ${agents} agents`);
    },
    start: async () => {
      news(`starting ${victim.name} again`);
      await victim.start();
    },
    ready: () => untilReady(acting, victim),
  };
}

async function killedMapper(acting: Acting, { mappers }: RoleProcesses): Promise<Victim> {
  const { news } = acting;
  const { victim, others } = await mostOf(mappers, OWNED);
  const all = await total(mappers, OWNED);
  return {
    kill: async () => {
      news(`killing ${victim.name} (SIGKILL) in the middle of its work`);
      await victim.kill();
      await untilTaken(acting, others, all);
    },
    start: async () => {
      news(`starting ${victim.name} again`);
      await victim.start();
    },
    ready: () => untilReady(acting, victim),
  };
}

async function pausedMapper(acting: Acting, { mappers }: RoleProcesses): Promise<Victim> {
  const { news } = acting;
  const { victim, others } = await mostOf(mappers, OWNED);
  const all = await total(mappers, OWNED);
  return {
    kill: async () => {
      news(`pausing ${victim.name} (SIGSTOP)`);
      victim.freeze();
      await untilTaken(acting, others, all);
    },
    start: async () => {
      news(`${victim.name} wakes up (SIGCONT) beside its successor`);
      victim.thaw();
    },
    ready: async () => {
      const shared = await until(acting, async () => (await total(others, OWNED)) < all);
      news(`the mappers ${shared ? 'share' : 'do NOT share'} the partitions again`);
    },
  };
}

async function untilTaken(
  acting: Acting,
  others: readonly RoleProcess[],
  all: number,
): Promise<void> {
  const taken = await until(acting, async () => (await total(others, OWNED)) === all);
  acting.news(`${named(others)} answers for ${taken ? 'all' : 'NOT all'} ${all} partitions`);
}

async function untilReady(acting: Acting, { name, isReady }: RoleProcess): Promise<void> {
  const ready = await until(acting, isReady);
  acting.news(`${name} is ${ready ? 'ready' : 'NOT ready'}`);
}

/** Whether it came so within the bound. */
async function until({ clock }: Acting, isSo: () => Promise<boolean>): Promise<boolean> {
  const endMs = clock.nowMs() + TAKEN_TIMEOUT_MS;
  while (clock.nowMs() < endMs) {
    if (await isSo()) return true;
    await clock.sleep(POLL_MS);
  }
  return false;
}

async function mostOf(
  all: readonly RoleProcess[],
  metric: string,
): Promise<{ readonly victim: RoleProcess; readonly others: readonly RoleProcess[] }> {
  const counted = await Promise.all(
    all.map(async (each) => ({ each, count: (await each.metric(metric)) ?? 0 })),
  );
  const [first] = counted.toSorted((a, b) => b.count - a.count);
  if (first === undefined) throw new Error('there is no such process');
  return { victim: first.each, others: all.filter((each) => each !== first.each) };
}

async function total(all: readonly RoleProcess[], metric: string): Promise<number> {
  const counts = await Promise.all(all.map((each) => each.metric(metric)));
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function named(all: readonly RoleProcess[]): string {
  return all.map(({ name }) => name).join(' and ');
}
