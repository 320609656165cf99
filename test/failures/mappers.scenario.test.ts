/** Mappers that die, sleep, and differ. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { podObject } from '../../infra/demo/kubernetes-objects.ts';
import { morePods, noServers, scenario } from './play.ts';
import type { RoleProcess } from './role-process.ts';
import { LABELS, raiseStand, type Stand } from './stand.ts';

const BURSTS = 3;
const BURST_PODS = 40;
const OWNED = 'berth_mapper_partitions';

let stand: Stand;

beforeAll(async () => {
  if (noServers === null) stand = await raiseStand();
}, 180_000);

afterAll(() => stand?.end());

const preload = (name: string): string =>
  `--import=${fileURLToPath(new URL(`./preloaded/${name}-main.ts`, import.meta.url))}`;
const owned = async (mapper: RoleProcess): Promise<number> => (await mapper.metric(OWNED)) ?? 0;

/** Many pods of one namespace, one right after the other: two mappers answer for them at once. */
async function burst(times: number): Promise<void> {
  const { manifests, stage, status, until } = stand;
  const node = stage.nodes[0]?.name ?? '';
  const pods = Array.from({ length: BURST_PODS }, (_, at) => {
    const name = `burst-${times}-${at}`;
    return podObject({ namespace: 'shop', name, uid: name, node, labels: LABELS });
  });
  const uids = async (): Promise<ReadonlySet<string>> =>
    new Set((await status.ask())?.berths.map(({ uid }) => uid));
  const mapped = async (): Promise<number> =>
    [...(await uids())].filter((uid) => uid.startsWith('burst-')).length;
  for (const pod of pods) await manifests.apply(pod);
  await until('all have berths', async () => (await mapped()) === BURST_PODS);
  for (const pod of pods) await manifests.delete(pod);
  await until('none has one', async () => (await mapped()) === 0);
}

function mappersOf({ roles }: Stand): readonly [RoleProcess, RoleProcess] {
  const [first, second] = roles.mappers;
  if (first === undefined || second === undefined) throw new Error('there are two mappers');
  return [first, second];
}

scenario(
  'mapper-killed',
  () => stand,
  async () => {
    const [mapper] = mappersOf(stand);
    await mapper.stop();
    await mapper.start([preload('die-after-append')]);
    await stand.until('it has killed itself', () => !mapper.isRunning());
    await mapper.start();
    return '';
  },
);

scenario(
  'mapper-paused',
  () => stand,
  async () => {
    const [mapper, successor] = mappersOf(stand);
    const all = stand.log.partitionCount('berth.events');
    await stand.until('both have some', async () => {
      return (await owned(mapper)) > 0 && (await owned(mapper)) + (await owned(successor)) === all;
    });
    mapper.pause();
    await stand.until('its successor has them all', async () => (await owned(successor)) === all);
    await morePods(stand);
    mapper.resume();
    await stand.until('they share again', async () => (await owned(successor)) < all);
    return '';
  },
);

scenario(
  'mapper-differs',
  () => stand,
  async () => {
    const other = stand.another('mapper-other', 'mapper');
    await other.start([preload('other-decide')]);
    const all = stand.log.partitionCount('berth.events');
    await stand.until('it decides for all', async () => (await owned(other)) === all);
    await stand.until('it is ready', () => other.isReady());
    for (let times = 0; times < BURSTS; times++) await burst(times);
    await other.kill();
    return '';
  },
);
