/**
 * Two gateways, all active: one of them is killed, frozen, cut off, flapped, drained, while pods
 * hold live and bulk connections through it. No connection breaks, and nothing leaks. How long
 * replies pause is told, never asserted: it depends on the machine.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { nodeObject } from '../../infra/demo/kubernetes-objects.ts';
import {
  drainGateway,
  type GatewayAnswer,
  gatewayStatus,
  undrainGateway,
} from '../../infra/lab/gateway-call.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { parseIp } from '../../services/contract/ip-address.ts';
import { ownerOf } from '../../services/contract/ownership.ts';
import { type Installation, install } from './installation.ts';

const PROBE_INTERVAL_US = 1_000;
const WAIT_MS = 40_000;
const POLL_MS = 20;
const BULK_BYTES = 512 * 1024;
/** Longer than gateways bear it (5 s). */
const HUB_SILENT_MS = 6_000;

interface TwoGateways extends AsyncDisposable {
  readonly berth: Installation;
  readonly pod: LabPod;
  /** The gateway that answers for the pod's NAT address at the start, and the other. */
  readonly owner: string;
  readonly other: string;
  readonly address: string;
  gateway(name: string): Promise<GatewayAnswer>;
  socketOf(name: string): string;
  /** @throws when it is not so in time */
  untilOwned(by: string, ...notBy: string[]): Promise<void>;
  /** A connection that begins now is made and answered. */
  connectsAnew(): Promise<void>;
  /** From now on; answers for how long nothing came back at most, once it is asked. */
  watchPause(): () => Promise<number>;
  /** Ends everything; what broke or leaked fails the test. */
  expectNothingBroken(): Promise<void>;
}

async function twoGateways(): Promise<TwoGateways> {
  const berth = await install({ nodes: 1, gateways: 2 });
  const { lab } = berth;
  const pod = await berth.startPod({ uid: 'a' });
  const status = await berth.until(({ berths }) => berths.length === 1);
  const address = status.berths[0]?.address ?? '';
  const socketOf = (name: string): string =>
    lab.gateways.find((each) => each.name === name)?.cniSocket ?? '';
  const gateway = (name: string): Promise<GatewayAnswer> => gatewayStatus(socketOf(name));
  const [target] = lab.targets;
  const to = { address: target?.addresses[0] ?? pod.ip, port: target?.port ?? 0 };
  const capture = await lab.startCapture();

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + WAIT_MS;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error('the gateways never came to it');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  const untilOwned = (by: string, ...notBy: string[]): Promise<void> =>
    until(async () => {
      // One that does not answer, or not yet, is asked again.
      const asked = [by, ...notBy].map((name) => gateway(name).catch(() => null));
      const [yes, ...no] = (await Promise.all(asked)).map((each) => each?.owned.includes(address));
      return yes === true && no.every((each) => each === false);
    });
  const names = lab.gateways.map(({ name }) => name);
  const owner = ownerOf(parseIp(address), names) ?? '';
  const other = names.find((name) => name !== owner) ?? '';
  await untilOwned(owner, other);
  const clients = [10, 50].map((intervalMs) => lab.traffic.connect({ pod, to, intervalMs }));
  clients.push(lab.traffic.connect({ pod, to, intervalMs: 0, messageBytes: BULK_BYTES }));
  for (const client of clients) expect(await client.established).not.toBeNull();

  return {
    berth,
    pod,
    owner,
    other,
    address,
    gateway,
    socketOf,
    untilOwned,
    connectsAnew: async () => {
      const client = lab.traffic.connect({ pod, to, messages: 3 });
      expect((await client.outcome).kind).toBe('closed');
    },
    watchPause: () => {
      const probe = lab.traffic.probe({ pod, to, intervalUs: PROBE_INTERVAL_US });
      return async () => {
        await probe.close();
        return Math.round(probe.longestPauseMs);
      };
    },
    expectNothingBroken: async () => {
      for (const client of clients) expect((await client.close()).kind).toBe('closed');
      expect(lab.traffic.tcpTotals().broken).toBe(0);
      expect((await capture.stop()).foreignSources).toEqual([]);
      expect(await berth.leakedPackets()).toBe(0);
    },
    [Symbol.asyncDispose]: () => berth[Symbol.asyncDispose](),
  };
}

/** The uplink goes down and the agent dies at once, as when the machine loses power. */
async function killGateway({ berth }: TwoGateways, name: string): Promise<void> {
  await Promise.all([berth.lab.cutNode(name), berth.agents.kill(name)]);
}

describe('of two gateways', () => {
  test('the owner dies: the other takes over, and back when it returns', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const killed = two.watchPause();
    await killGateway(two, owner);
    await two.untilOwned(other);
    await two.connectsAnew();
    ctx.annotate(`pause ${await killed()} ms`);
    const healed = two.watchPause();
    await berth.lab.healNode(owner);
    await berth.agents.start(owner);
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    ctx.annotate(`pause at the return ${await healed()} ms`);
    await two.expectNothingBroken();
  });

  test('the owner’s agent freezes: the other takes over, new connections are made', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const frozen = two.watchPause();
    berth.agents.freeze(owner);
    await two.untilOwned(other);
    await two.connectsAnew();
    await berth.startPod({ uid: 'b' });
    ctx.annotate(`pause ${await frozen()} ms`);
    berth.agents.thaw(owner);
    await two.untilOwned(owner, other);
    await two.expectNothingBroken();
  });

  test('each cannot hear the other: both steer, and share again afterwards', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const cut = two.watchPause();
    await berth.lab.cutBetween(owner, other);
    await two.untilOwned(other);
    await two.untilOwned(owner);
    await two.connectsAnew();
    await berth.lab.healBetween(owner, other);
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    ctx.annotate(`pause ${await cut()} ms`);
    await two.expectNothingBroken();
  });

  test('one flaps: its addresses move once, and back when it has calmed down', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    for (let flap = 0; flap < 4; flap++) {
      await killGateway(two, owner);
      await two.untilOwned(other);
      await berth.lab.healNode(owner);
      await berth.agents.start(owner);
      await two.gateway(owner).catch(() => null);
    }
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    await two.expectNothingBroken();
  });

  test('one is drained, and taken back', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { owner, other } = two;
    const drained = two.watchPause();
    await drainGateway(two.socketOf(owner));
    await two.untilOwned(other, owner);
    expect((await two.gateway(owner)).owned).toEqual([]);
    await two.connectsAnew();
    ctx.annotate(`pause ${await drained()} ms`);
    const back = two.watchPause();
    await undrainGateway(two.socketOf(owner));
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    ctx.annotate(`pause ${await back()} ms`);
    await two.expectNothingBroken();
  });

  test('while no hub is there the owner dies and returns, then the other dies', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    await berth.control.kill();
    // The hub has been silent for so long that who was there all the time counts for less.
    await new Promise((resolve) => setTimeout(resolve, HUB_SILENT_MS));
    await killGateway(two, owner);
    await two.untilOwned(other);
    await two.connectsAnew();
    await berth.lab.healNode(owner);
    await berth.agents.start(owner);
    await two.untilOwned(owner, other);
    const killed = two.watchPause();
    await killGateway(two, other);
    await two.connectsAnew();
    ctx.annotate(`pause ${await killed()} ms`);
    await two.expectNothingBroken();
  });

  test('both agents die: their kernels go on, and their successors adopt', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    await Promise.all([berth.agents.kill(owner), berth.agents.kill(other)]);
    await two.connectsAnew();
    await Promise.all([berth.agents.start(owner), berth.agents.start(other)]);
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    await two.expectNothingBroken();
  });

  test('the owner’s agent is stopped and stays away: the other takes over', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const stopped = two.watchPause();
    await berth.agents.stop(owner);
    await two.untilOwned(other);
    await two.connectsAnew();
    expect(await stopped()).toBe(0);
    await berth.agents.start(owner);
    await two.untilOwned(owner, other);
    await two.expectNothingBroken();
  });

  test('the owner is a gateway no more: the other takes over first, and back', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const underlay = berth.stage.nodes.find(({ name }) => name === owner)?.address ?? '';
    const unlabelled = two.watchPause();
    await berth.manifests.apply(nodeObject(owner, underlay, false));
    await two.untilOwned(other, owner);
    await two.connectsAnew();
    ctx.annotate(`pause ${await unlabelled()} ms`);
    await berth.manifests.apply(nodeObject(owner, underlay, true));
    await two.untilOwned(owner, other);
    await two.connectsAnew();
    await two.expectNothingBroken();
  });

  test('the owner’s machine is back with nothing: it owns what it can steer', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    await killGateway(two, owner);
    await two.untilOwned(other);
    const machine = berth.lab.gateways.find(({ name }) => name === owner);
    const [stateDir, pinDir] = [join(machine?.stateDir ?? '', 'agent'), machine?.pinDir ?? ''];
    for (const dir of [stateDir, pinDir]) {
      for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true });
    }
    await berth.control.kill();
    await berth.lab.healNode(owner);
    await berth.agents.start(owner, ['--boot-id', 'another']);
    // Nobody has told it anything yet, so it must not answer for anything.
    await vi.waitUntil(() => two.gateway(owner).catch(() => null), { timeout: WAIT_MS });
    expect((await two.gateway(owner)).owned).toEqual([]);
    await two.connectsAnew();
    await berth.control.start();
    await two.untilOwned(owner, other);
    const { links } = await berth.until(({ links }) => links.length === berth.stage.nodes.length);
    expect(links.find(({ node }) => node === owner)).toMatchObject({ inSync: true });
    await two.connectsAnew();
    await two.expectNothingBroken();
  });

  test('the owner’s agent is stopped in order and started again: nothing is lost', async (ctx) => {
    needsLab(ctx);
    await using two = await twoGateways();
    const { berth, owner, other } = two;
    const stopped = two.watchPause();
    await berth.agents.stop(owner);
    await two.connectsAnew();
    expect((await two.gateway(other)).owned).not.toContain(two.address);
    await berth.agents.start(owner);
    await two.untilOwned(owner, other);
    expect(await stopped()).toBe(0);
    await two.expectNothingBroken();
  });
});
