/** A real broker, started and ended by process id: that it is ready when it is handed out. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTimeOf } from '../lab/process-table.ts';
import { answersWithBrokers } from './answers.ts';
import { noKafka } from './java.ts';
import { type Broker, type Kafka, startKafka } from './kafka.ts';

let kafka: Kafka;

beforeAll(async () => {
  if (noKafka === null) kafka = await startKafka();
});

afterAll(() => kafka?.stop());

const portOf = ({ bootstrap }: Broker): number => Number(bootstrap.split(':')[1]);
const theBroker = (): Broker => kafka.brokers[0] as Broker;

test('answers with itself as soon as it is handed out', async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  expect(kafka.bootstrap).toBe(theBroker().bootstrap);
  expect(await answersWithBrokers(portOf(theBroker()), 1)).toBe(true);
  expect(await answersWithBrokers(portOf(theBroker()), 2)).toBe(false);
});

test('is another process on the same port after a kill and a restart', async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  const { pid } = theBroker();
  await theBroker().kill();
  expect(await startTimeOf(pid)).toBeNull();
  expect(await answersWithBrokers(portOf(theBroker()), 1)).toBe(false);
  await theBroker().restart();
  expect(theBroker().pid).not.toBe(pid);
  expect(await answersWithBrokers(portOf(theBroker()), 1)).toBe(true);
});

test('is silent while it is paused, and goes on', async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  theBroker().pause();
  expect(await answersWithBrokers(portOf(theBroker()), 1)).toBe(false);
  theBroker().resume();
  await expect.poll(() => answersWithBrokers(portOf(theBroker()), 1)).toBe(true);
});
