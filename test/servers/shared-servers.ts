/**
 * `sharedKafka()`, `sharedRedis()`: the one Kafka and the one Redis of this test run, started by
 * the first test that asks, ended with the run (global-setup.ts). They hold what other tests wrote:
 * isolate yourself by a prefix of your own, and neither stop nor wipe them. A test that ends, loses
 * or delays a server starts one of its own (`startKafka`, `startRedis`).
 *
 * Where they cannot be had, `noKafka` (infra/kafka/java.ts) and `noRedis` (infra/redis/binary.ts)
 * say why: `ctx.skip(noKafka !== null, noKafka ?? '')`.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** In the environment of a test run: the socket's name. */
export const SERVERS_SOCKET = 'BERTH_TEST_SERVERS';

const answered = z.object({ address: z.string().optional(), failure: z.string().optional() });

/** Answers its bootstrap servers, HOST:PORT. */
export function sharedKafka(): Promise<string> {
  return addressOf('kafka');
}

/** Answers its URL. */
export function sharedRedis(): Promise<string> {
  return addressOf('redis');
}

async function addressOf(name: string): Promise<string> {
  const socketName = process.env[SERVERS_SOCKET];
  if (socketName === undefined) throw new Error('only tests of the project "alone" share servers');
  const socket = connect(`\0${socketName}`);
  socket.write(name);
  const { address, failure } = answered.parse(JSON.parse(await text(socket)));
  if (address === undefined) throw new Error(failure);
  return address;
}
