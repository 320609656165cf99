/**
 * A gateway goes while connections live and bulk data flows through it: once as a machine that dies
 * (its uplink is cut, then its agent killed), once as planned (it is drained and taken back). Each
 * ends when the addresses are back where they were. Nobody told the other gateways.
 */
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { drainGateway, undrainGateway } from '../lab/gateway-call.ts';
import { ownersNow } from './gateway-owners.ts';
import type { HeavyTraffic, HeavyTrafficSeen } from './heavy-traffic.ts';
import type { StageNode } from './stage.ts';
import type { Crew } from './victims.ts';

export interface GatewayOutcomes {
  readonly gatewayKill: HeavyTrafficSeen | undefined;
  readonly gatewayHandover: HeavyTrafficSeen | undefined;
}

type Acting = Crew & { readonly clock: Clock };

/** Pods that have heavy traffic meanwhile: a small machine carries all of it. */
const PODS_MAX = 3;
const BEFORE_MS = 500;
const AWAY_MS = 1_500;
const AFTER_MS = 1_000;
const TAKEN_TIMEOUT_MS = 10_000;
/** An agent starts, and is new among gateways for 3 s. */
const BACK_TIMEOUT_MS = 25_000;
const POLL_MS = 50;

/** Nothing where there is no second gateway, or no pod whose traffic it could carry. */
export async function playGatewayActs(acting: Acting): Promise<GatewayOutcomes> {
  const gatewayKill = await playAct(acting, killed);
  const gatewayHandover = await playAct(acting, handedOver);
  return { gatewayKill, gatewayHandover };
}

/** Undefined where there is no traffic to see it by. */
async function playAct(
  acting: Acting,
  act: (acting: Acting, scene: Scene) => Promise<void>,
): Promise<HeavyTrafficSeen | undefined> {
  const scene = await findScene(acting);
  if (scene === null) return undefined;
  const { stage, clock } = acting;
  const heavy: HeavyTraffic | undefined = await stage.workload?.startHeavyTraffic(scene.pods);
  await clock.sleep(BEFORE_MS);
  await act(acting, scene);
  await clock.sleep(AFTER_MS);
  return heavy?.close();
}

interface Scene {
  readonly owner: StageNode;
  readonly addresses: readonly string[];
  /** Uids of pods that talk through these. */
  readonly pods: readonly string[];
}

/** The gateway through which most pods talk, and the newest of these pods: they stay longest. */
async function findScene({ stage, control }: Acting): Promise<Scene | null> {
  const gateways = stage.nodes.filter(({ gateway }) => gateway);
  if (gateways.length < 2) return null;
  const berths = (await control.ask())?.berths ?? [];
  const owners = await ownersNow(gateways);
  const scenes = gateways.map((owner) => {
    const addresses = owners.get(owner.name) ?? [];
    const through = berths.filter(({ address }) => addresses.includes(address));
    return { owner, addresses, pods: through.map(({ uid }) => uid) };
  });
  const [scene] = scenes.toSorted((a, b) => b.pods.length - a.pods.length);
  if (scene === undefined || scene.pods.length === 0) return null;
  return { ...scene, pods: scene.pods.slice(-PODS_MAX) };
}

async function killed(acting: Acting, { owner, addresses }: Scene): Promise<void> {
  const { stage, agents, clock, news } = acting;
  const { name } = owner;
  const how =
    stage.network === null ? 'its agent is killed' : 'its uplink is cut, its agent killed';
  news(`gateway ${name} dies (${how}): it had ${addresses.join(', ')}`);
  await stage.network?.cut(name);
  await agents.kill(name);
  await untilElsewhere(acting, owner, addresses);
  await clock.sleep(AWAY_MS);
  news(`starting gateway ${name} again`);
  await stage.network?.heal(name);
  await agents.start(name);
  await untilBack(acting, owner, addresses);
}

async function handedOver(acting: Acting, { owner, addresses }: Scene): Promise<void> {
  const { clock, news } = acting;
  news(`gateway ${owner.name} hands over ${addresses.join(', ')}`);
  await drainGateway(owner.cniSocket);
  await untilElsewhere(acting, owner, addresses);
  await clock.sleep(AWAY_MS);
  news(`gateway ${owner.name} is taken back`);
  await undrainGateway(owner.cniSocket);
  await untilBack(acting, owner, addresses);
}

async function untilElsewhere(
  acting: Acting,
  owner: StageNode,
  addresses: readonly string[],
): Promise<void> {
  const others = acting.stage.nodes.filter(({ name, gateway }) => gateway && name !== owner.name);
  await until(acting, TAKEN_TIMEOUT_MS, `nobody took over from ${owner.name}`, async () => {
    const owners = await ownersNow(others);
    const taken = new Set([...owners.values()].flat());
    return addresses.every((address) => taken.has(address));
  });
  const names = others.map(({ name }) => name).join(', ');
  acting.news(`${names} ${others.length === 1 ? 'answers' : 'answer'} for its addresses`);
}

/**
 * A machine so busy that heartbeats are missed keeps a gateway new for longer than this waits, and
 * may have moved addresses before: what counts is that each is answered for by one gateway.
 */
async function untilBack(
  acting: Acting,
  owner: StageNode,
  addresses: readonly string[],
): Promise<void> {
  const gateways = acting.stage.nodes.filter(({ gateway }) => gateway);
  const { name } = owner;
  const endMs = acting.clock.nowMs() + BACK_TIMEOUT_MS;
  let back: readonly string[] = [];
  const otherwise = `not every address that ${name} had has one gateway`;
  await until(acting, BACK_TIMEOUT_MS + TAKEN_TIMEOUT_MS, otherwise, async () => {
    const owned = await ownersNow(gateways);
    const all = [...owned.values()].flat();
    back = addresses.filter((address) => owned.get(name)?.includes(address));
    const isWaitOver = back.length > 0 || acting.clock.nowMs() > endMs;
    return isWaitOver && addresses.every((one) => all.filter((its) => its === one).length === 1);
  });
  if (back.length > 0) acting.news(`${name} answers for ${back.join(', ')} again`);
  else acting.news(`${name} misses heartbeats and has no addresses yet; others answer for them`);
}

/** @throws BERTH_DEMO_CLAIM when it is not so in time */
async function until(
  { clock }: Acting,
  timeoutMs: number,
  otherwise: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const endMs = clock.nowMs() + timeoutMs;
  while (!(await isSo())) {
    if (clock.nowMs() > endMs) throw berthError('BERTH_DEMO_CLAIM', { reason: otherwise });
    await clock.sleep(POLL_MS);
  }
}
