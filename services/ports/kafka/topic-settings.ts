/**
 * What a topic must be like for a history to be safe in it, and what is wrong with one that is
 * not. Whatever would lose, reorder or misdate records is refused at the start, with the command
 * that mends it; nothing of an operator's is changed behind his back.
 */
import { type BerthError, berthError } from '../../contract/errors.ts';
import { BATCH_BYTES_MAX } from './group-append.ts';

export interface TopicSpec {
  readonly topic: string;
  /**
   * `keep`: all records, until the janitor deletes; `compact`: the latest of each key; `delete`:
   * what is young enough.
   */
  readonly cleanup: 'keep' | 'compact' | 'delete';
  /** `compact` and `delete` topics: what is older the broker removes. @default nothing */
  readonly forgottenAfterDays?: number;
  /** Null: as many as the others of the log have, or the default where all are made. */
  readonly partitions: number | null;
  /** More settings where it is made; an operator may change them. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Replication {
  /** @default the broker's default.replication.factor */
  readonly factor?: number;
  /** How many of them must have a record before it is acknowledged. @default 2 of 3, else 1 */
  readonly minInSync?: number;
}

/** As the broker has it. */
export interface TopicAsIs {
  readonly partitions: number;
  /** The fewest of any of its partitions. */
  readonly replicas: number;
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * Kept topics are of the policy `delete` with nothing that would ever be due: so the janitor may
 * delete (the broker refuses that of compacted ones), and the broker does not.
 */
const WANTED = {
  keep: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  compact: { 'cleanup.policy': 'compact' },
  delete: { 'cleanup.policy': 'delete' },
} as const;
const MS_PER_DAY = 86_400_000;
const WANTED_OF_ALL = {
  'message.timestamp.type': 'LogAppendTime',
  'unclean.leader.election.enable': 'false',
} as const;

const WHY: Readonly<Record<string, string>> = {
  'cleanup.policy': 'records would be removed that are still needed, or never',
  'retention.ms': 'the broker would delete by age what the janitor has not archived',
  'retention.bytes': 'the broker would delete by size what the janitor has not archived',
  'message.timestamp.type': 'records would carry the clock of whoever wrote them',
  'unclean.leader.election.enable':
    'a replica that lags could lead, and drop what was acknowledged',
};
/** What this client can read. */
const COMPRESSIONS: readonly string[] = ['producer', 'uncompressed', 'gzip'];

export function settingsToCreate(
  spec: TopicSpec,
  { minInSync }: Replication,
): Readonly<Record<string, string>> {
  const { forgottenAfterDays: days } = spec;
  const inSync = minInSync === undefined ? {} : { 'min.insync.replicas': String(minInSync) };
  // How long is the operator's matter once the topic is made.
  const retention = days === undefined ? {} : { 'retention.ms': String(days * MS_PER_DAY) };
  return { ...spec.settings, ...wantedOf(spec), ...WANTED_OF_ALL, ...retention, ...inSync };
}

function wantedOf({ cleanup, forgottenAfterDays }: TopicSpec): Readonly<Record<string, string>> {
  const forgets = cleanup === 'compact' && forgottenAfterDays !== undefined;
  return forgets ? { 'cleanup.policy': 'compact,delete' } : WANTED[cleanup];
}

/**
 * How many partitions topics have that have no count of their own: all the same, for a key's
 * partition is its hash modulo the count. One that was given more since is known by the others.
 */
export function commonCount(
  specs: readonly TopicSpec[],
  counts: ReadonlyMap<string, number>,
  whenNone: number,
): number {
  const [first, ...others] = specs.filter(
    ({ topic, partitions }) => partitions === null && counts.has(topic),
  );
  if (first === undefined) return whenNone;
  const count = counts.get(first.topic) ?? 0;
  for (const { topic } of others) {
    const other = counts.get(topic) ?? 0;
    if (other === count) continue;
    throw berthError('BERTH_LOG_TOPIC', {
      topic: other > count ? topic : first.topic,
      reason: `${topic} has ${other} partitions, ${first.topic} has ${count}, and keys would move`,
      remedy: 'Partitions cannot be added: move the log into topics of another count.',
    });
  }
  return count;
}

/** The first thing that is wrong; null: nothing. */
export function faultOf(
  spec: TopicSpec,
  asIs: TopicAsIs,
  replication: Replication,
): BerthError | null {
  const { topic, partitions } = spec;
  if (partitions !== null && asIs.partitions !== partitions) {
    return berthError('BERTH_LOG_PARTITIONS', { have: asIs.partitions, want: partitions });
  }
  for (const [name, wanted] of Object.entries({ ...wantedOf(spec), ...WANTED_OF_ALL })) {
    const have = asIs.settings.get(name) ?? '';
    if (have !== wanted) return badSetting(topic, { name, have, wanted, why: WHY[name] ?? '' });
  }
  return faultOfReplicas(topic, asIs, replication) ?? faultOfFormat(topic, asIs.settings);
}

function faultOfReplicas(
  topic: string,
  { replicas, settings }: TopicAsIs,
  { factor, minInSync }: Replication,
): BerthError | null {
  if (factor !== undefined && replicas < factor) {
    const reason = `a partition has ${replicas} replicas, the configuration says ${factor}`;
    const remedy = `Add some with kafka-reassign-partitions, or say how many topics shall have.`;
    return berthError('BERTH_LOG_TOPIC', { topic, reason, remedy });
  }
  const name = 'min.insync.replicas';
  const have = Number(settings.get(name) ?? 1);
  const wanted = minInSync ?? (replicas >= 3 ? 2 : 1);
  if (have < wanted) {
    const why = 'what was acknowledged could be lost with one broker';
    return badSetting(topic, { name, have: String(have), wanted: String(wanted), why });
  }
  if (have > replicas) {
    const why = `it has only ${replicas}, so nothing can ever be appended`;
    return badSetting(topic, { name, have: String(have), wanted: String(wanted), why });
  }
  return null;
}

function faultOfFormat(topic: string, settings: TopicAsIs['settings']): BerthError | null {
  const bytes = Number(settings.get('max.message.bytes') ?? BATCH_BYTES_MAX);
  if (bytes < BATCH_BYTES_MAX) {
    const [have, wanted] = [String(bytes), '1048588'];
    const why = `batches have up to ${BATCH_BYTES_MAX} bytes`;
    return badSetting(topic, { name: 'max.message.bytes', have, wanted, why });
  }
  const have = settings.get('compression.type') ?? 'producer';
  if (COMPRESSIONS.includes(have)) return null;
  const why = 'it could not be read';
  return badSetting(topic, { name: 'compression.type', have, wanted: 'producer', why });
}

function badSetting(
  topic: string,
  fault: {
    readonly name: string;
    readonly have: string;
    readonly wanted: string;
    readonly why: string;
  },
): BerthError {
  const { name, have, wanted, why } = fault;
  return berthError('BERTH_LOG_TOPIC', {
    topic,
    reason: `${name} is ${have}, not ${wanted}: ${why}`,
    remedy: `kafka-configs --alter --topic ${topic} --add-config ${name}=${wanted}`,
  });
}
