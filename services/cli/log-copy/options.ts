/** What `berth log copy` is told: which log, and where to. Checked here, once. */
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import { parseConfig } from '../../runtime/config.ts';
import type { KafkaPlace } from '../adapters/kafka-connection.ts';
import { hostPort } from '../roles/host-port.ts';

const PARTITIONS_MAX = 1024;
const PREFIX = 'berth';

const brokers = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(hostPort).min(1));

const schema = z.strictObject({
  fromData: z.string().min(1).optional(),
  fromKafka: brokers.optional(),
  fromPrefix: z.string().min(1).default(PREFIX),
  toData: z.string().min(1).optional(),
  toKafka: brokers.optional(),
  toPrefix: z.string().min(1).default(PREFIX),
  kafkaTls: z.string().min(1).optional(),
  kafkaSasl: z.string().min(1).optional(),
  partitions: z.coerce.number().int().min(1).max(PARTITIONS_MAX).optional(),
  rulings: z.string().min(1).optional(),
  output: z.enum(['text', 'json']).default('text'),
});

export const LOG_COPY_OPTIONS = [
  ['--from-data <dir>', 'the data folder of `berth up` whose log is to be moved'],
  ['--from-kafka <host:port,...>', 'or the Kafka on which it lies'],
  ['--from-prefix <name>', 'of its topics there (berth)'],
  ['--to-data <dir>', 'a new data folder'],
  ['--to-kafka <host:port,...>', 'or the Kafka where it shall lie'],
  ['--to-prefix <name>', 'of its topics there (berth)'],
  ['--kafka-tls <dir>', "Kafka's ca.crt, and tls.crt and tls.key where it wants one"],
  ['--kafka-sasl <file>', 'JSON with username, password and, if need be, mechanism'],
  ['--partitions <n>', 'how many the new log has; default: as many as the old one'],
  ['--rulings <file>', 'as for `berth up`: these records are left out'],
  ['-o, --output <format>', 'text or json'],
] as const;

export type LogPlace =
  | { readonly kind: 'data'; readonly dir: string }
  | { readonly kind: 'kafka'; readonly kafka: KafkaPlace; readonly prefix: string };

export interface LogCopyConfig {
  readonly from: LogPlace;
  readonly to: LogPlace;
  /** Null: as many as the source has. */
  readonly partitions: number | null;
  readonly rulings: string | null;
  readonly output: 'text' | 'json';
}

/** @throws BERTH_CONFIG_BAD naming the field */
export function parseLogCopy(given: unknown): LogCopyConfig {
  const said = parseConfig(schema, JSON.stringify(given));
  const { fromData, fromKafka, fromPrefix, toData, toKafka, toPrefix } = said;
  const { kafkaTls: tls, kafkaSasl: sasl, partitions, rulings, output } = said;
  const place = (end: 'from' | 'to', dir?: string, at?: string[], prefix = PREFIX): LogPlace => {
    if ((dir === undefined) === (at === undefined)) {
      const reason = `exactly one of --${end}-data and --${end}-kafka is needed`;
      throw berthError('BERTH_CONFIG_BAD', { field: end, reason });
    }
    if (dir !== undefined) return { kind: 'data', dir };
    return { kind: 'kafka', kafka: { brokers: at ?? [], tls, sasl }, prefix };
  };
  const from = place('from', fromData, fromKafka, fromPrefix);
  const to = place('to', toData, toKafka, toPrefix);
  return { from, to, partitions: partitions ?? null, rulings: rulings ?? null, output };
}
