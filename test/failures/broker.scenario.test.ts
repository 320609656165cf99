/** The only broker is killed, its records are deleted below the checkpoints, its clock jumps. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { Broker } from '../../infra/kafka/kafka.ts';
import { noOwnClock } from '../../infra/kafka/own-clock.ts';
import { deleteRecordsBelow } from '../../infra/kafka/testing/tools.ts';
import { nextOffsets } from '../../services/contract/version.ts';
import { morePods, noServers, scenario } from './play.ts';
import { allRoles, EVENTS, raiseStand, type Stand } from './stand.ts';

const HOUR_SECONDS = 3_600;
/** Long enough that everybody has noticed. */
const DOWN_MS = 3_000;

const missing = noServers ?? noOwnClock;
let stand: Stand;

beforeAll(async () => {
  if (missing === null) stand = await raiseStand({ ownClock: true });
}, 180_000);

afterAll(() => stand?.end());

scenario(
  'broker-restart',
  () => stand,
  async () => {
    const broker = stand.kafka.brokers[0] as Broker;
    await broker.kill();
    await delay(DOWN_MS);
    await broker.restart();
    return '';
  },
);

scenario(
  'records-deleted',
  () => stand,
  async () => {
    const { checkpoints, kafka, until } = stand;
    let below: (readonly [partition: number, end: number])[] = [];
    await until('checkpoints cover something', async () => {
      const ends = nextOffsets((await checkpoints.all()).version);
      below = Object.entries(ends).map(([partition, end]) => [Number(partition), end]);
      return below.length > 0;
    });
    for (const [partition, end] of below) {
      await deleteRecordsBelow(kafka.bootstrap, EVENTS, partition, end);
    }
    const all = allRoles(stand.roles);
    await Promise.all(all.map((role) => role.kill()));
    await Promise.all(all.map((role) => role.start()));
    for (const role of all) await until(`${role.name} is ready again`, () => role.isReady());
    return `${below.reduce((sum, [, end]) => sum + end, 0)} records gone`;
  },
);

// Last: what is let go of while the clock is ahead rests until it is that late.
scenario(
  'clock-jump',
  () => stand,
  async () => {
    await stand.kafka.setClock(HOUR_SECONDS);
    await morePods(stand);
    await stand.kafka.setClock(0);
    await morePods(stand);
    return 'no Tick counted too early by the times in the log';
  },
  { rested: false },
);
