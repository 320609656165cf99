/** One of three brokers is lost, and comes back. */
import { afterAll, beforeAll } from 'vitest';
import type { Broker } from '../../infra/kafka/kafka.ts';
import { morePods, noServers, scenario } from './play.ts';
import { raiseStand, type Stand } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  if (noServers === null) stand = await raiseStand({ brokers: 3 });
}, 180_000);

afterAll(() => stand?.end());

scenario(
  'broker-lost',
  () => stand,
  async () => {
    const lost = stand.kafka.brokers[0] as Broker;
    await lost.kill();
    await morePods(stand);
    await lost.restart();
    return 'pods started while it was away';
  },
);
