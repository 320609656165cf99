/** Hubs that die, and that are behind their agents. */
import { afterAll, beforeAll } from 'vitest';
import { morePods, noServers, scenario } from './play.ts';
import type { RoleProcess } from './role-process.ts';
import { raiseStand, type Stand } from './stand.ts';

const LINKS = 'berth_hub_links';

let stand: Stand;

beforeAll(async () => {
  if (noServers === null) stand = await raiseStand();
}, 180_000);

afterAll(() => stand?.end());

const links = async (hub: RoleProcess): Promise<number> => (await hub.metric(LINKS)) ?? 0;

/** The one with most agents first. */
async function hubsOf({ roles }: Stand): Promise<readonly [RoleProcess, RoleProcess]> {
  const counted = await Promise.all(
    roles.hubs.map(async (hub) => ({ hub, count: await links(hub) })),
  );
  const [most, other] = counted.sort((a, b) => b.count - a.count);
  if (most === undefined || other === undefined) throw new Error('there are two hubs');
  return [most.hub, other.hub];
}

scenario(
  'hub-killed',
  () => stand,
  async () => {
    const [hub, other] = await hubsOf(stand);
    const agents = stand.stage.nodes.length;
    await hub.kill();
    await stand.until('the other has all agents', async () => (await links(other)) === agents);
    await morePods(stand);
    await hub.start();
    await stand.until('it is ready again', () => hub.isReady());
    return 'pods started while it was away';
  },
);

scenario(
  'hub-lags',
  () => stand,
  async () => {
    const [hub, other] = await hubsOf(stand);
    const agents = stand.stage.nodes.length;
    hub.pause();
    await stand.until('the other has all agents', async () => (await links(other)) === agents);
    await morePods(stand);
    hub.resume();
    await other.kill();
    await stand.until('it has all agents', async () => (await links(hub)) === agents);
    await morePods(stand);
    await other.start();
    await stand.until('the other is ready again', () => other.isReady());
    return 'no node acked an older version';
  },
);
