/**
 * The variants of a real Kafka that the failure scenarios need, judged by Kafka's own tools: three
 * brokers, listeners that demand a certificate or a password, a clock that jumps, records deleted.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { noKafka } from './java.ts';
import { type Broker, type GuardedListeners, type Kafka, startKafka } from './kafka.ts';
import { noOwnClock } from './own-clock.ts';
import { deleteRecordsBelow, kafkaTool } from './testing/tools.ts';

const HOUR_SECONDS = 3_600;
const HOUR_MS = HOUR_SECONDS * 1_000;
const TIMEOUT_MS = 120_000;

const create = (kafka: Kafka, ...config: readonly string[]): Promise<string> =>
  kafkaTool('topics', kafka.bootstrap, ['--create', '--topic', 'history', ...config]);
const produce = (bootstrap: string, lines: string): Promise<string> =>
  kafkaTool('produce', bootstrap, ['--topic', 'history'], lines);

async function consume(kafka: Kafka, count: number): Promise<readonly string[]> {
  const args = ['--topic', 'history', '--from-beginning', '--max-messages', String(count)];
  const stamped = ['--formatter-property', 'print.timestamp=true'];
  return (await kafkaTool('consume', kafka.bootstrap, [...args, ...stamped])).trim().split('\n');
}

test('three brokers go on without one, and take it back', { timeout: TIMEOUT_MS }, async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  const kafka = await startKafka({ brokers: 3 });
  try {
    await create(kafka, '--replication-factor', '3');
    const lost = kafka.brokers[0] as Broker;
    await lost.kill();
    const others = kafka.bootstrap.split(',').slice(1).join(',');
    await produce(others, 'kept\n');
    await lost.restart();
    expect(await consume(kafka, 1)).toEqual([expect.stringMatching(/\tkept$/)]);
  } finally {
    await kafka.stop();
  }
});

test('guarded listeners let in who shows what they ask for, and nobody else', {
  timeout: TIMEOUT_MS,
}, async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  const [kafka, folder] = [await startKafka({ guarded: true }), await temporaryFolder()];
  try {
    await create(kafka);
    const { tls, sasl } = kafka.guarded as GuardedListeners;
    const list = async (bootstrap: string, name: string, lines: readonly string[]) => {
      const file = join(folder.path, name);
      const trust = [`ssl.truststore.location=${join(tls.folder, 'ca.crt')}`];
      const patience = ['default.api.timeout.ms=5000', 'request.timeout.ms=4000'];
      await writeFile(
        file,
        ['ssl.truststore.type=PEM', ...trust, ...patience, ...lines].join('\n'),
      );
      return kafkaTool('topics', bootstrap, ['--list', '--command-config', file]);
    };
    const login = (password: string): readonly string[] => [
      'security.protocol=SASL_SSL',
      'sasl.mechanism=SCRAM-SHA-512',
      'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required ' +
        `username="${sasl.user}" password="${password}";`,
    ];
    expect(await list(sasl.bootstrap, 'right', login(sasl.password))).toContain('history');
    await expect(list(sasl.bootstrap, 'wrong', login('guessed'))).rejects.toThrow(/authentication/);
    await expect(list(tls.bootstrap, 'bare', ['security.protocol=SSL'])).rejects.toThrow();
  } finally {
    await kafka.stop();
    await folder.remove();
  }
});

test('a clock of its own jumps ahead and back, and the machine does not', {
  timeout: TIMEOUT_MS,
}, async (ctx) => {
  const missing = noKafka ?? noOwnClock;
  ctx.skip(missing !== null, missing ?? '');
  const kafka = await startKafka({ ownClock: true });
  try {
    await create(kafka, '--config', 'message.timestamp.type=LogAppendTime');
    const start = Date.now();
    await produce(kafka.bootstrap, 'now\n');
    await kafka.setClock(HOUR_SECONDS);
    await produce(kafka.bootstrap, 'ahead\n');
    await kafka.setClock(-HOUR_SECONDS);
    await produce(kafka.bootstrap, 'back\n');
    const times = (await consume(kafka, 3)).map((line) => Number(/\d+/.exec(line)?.[0]) - start);
    expect(Math.round((times[1] ?? 0) / HOUR_MS)).toBe(1);
    expect(Math.round((times[2] ?? 0) / HOUR_MS)).toBe(-1);
  } finally {
    await kafka.stop();
  }
});

test('records deleted below an offset are gone, and no others', {
  timeout: TIMEOUT_MS,
}, async (ctx) => {
  ctx.skip(noKafka !== null, noKafka ?? '');
  const kafka = await startKafka();
  try {
    await create(kafka);
    await produce(kafka.bootstrap, 'zero\none\ntwo\n');
    await deleteRecordsBelow(kafka.bootstrap, 'history', 0, 2);
    expect(await consume(kafka, 1)).toEqual([expect.stringMatching(/\ttwo$/)]);
  } finally {
    await kafka.stop();
  }
});
