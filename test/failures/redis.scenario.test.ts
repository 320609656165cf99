/** What Redis forgets, and a courier that dies in the middle of a push. */
import { once } from 'node:events';
import { afterAll, beforeAll } from 'vitest';
import { egressNatObject } from '../../infra/demo/kubernetes-objects.ts';
import { cutAofTail } from '../../infra/redis/testing/aof-tail.ts';
import { morePods, noServers, scenario } from './play.ts';
import { raiseStand, type Stand, TARGET } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  if (noServers === null) stand = await raiseStand();
}, 180_000);

afterAll(() => stand?.end());

/** Their Ticks are jobs. */
const untilBlocksRest = (): Promise<void> =>
  stand.until('blocks rest', async () => ((await stand.status.ask())?.resting ?? 0) > 0);

scenario(
  'redis-restart',
  () => stand,
  async () => {
    await untilBlocksRest();
    await stand.redis.kill();
    await morePods(stand);
    await stand.redis.restart();
    return 'pods started while it was away';
  },
);

scenario(
  'redis-tail',
  () => stand,
  async () => {
    await untilBlocksRest();
    await stand.redis.kill();
    const lost = await cutAofTail(stand.redis, Number.POSITIVE_INFINITY);
    await stand.redis.restart();
    return `${lost} bytes lost`;
  },
);

scenario(
  'redis-wiped',
  () => stand,
  async () => {
    await untilBlocksRest();
    await stand.redis.command('FLUSHALL');
    return 'resting blocks are free again';
  },
);

scenario(
  'courier-killed',
  () => stand,
  async () => {
    const { acl, roles, manifests } = stand;
    const before = acl.revision;
    const asked = once(acl.server, 'request');
    // Another EgressNat wants an address of its own: the ACL must change.
    const names = { namespace: 'shop', name: 'refunds', pool: 'blue' };
    await manifests.apply(
      egressNatObject({ ...names, podLabels: { app: 'refunds' }, targets: [TARGET] }),
    );
    await asked;
    await roles.courier.kill();
    await roles.courier.start();
    await stand.until('the ACL changes', () => acl.revision > before);
    return 'the whole set is in force';
  },
);
