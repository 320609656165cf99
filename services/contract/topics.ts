/**
 * The log's topics (docs/ARCHITECTURE.md, "The log is the database"). `compact` topics keep the
 * latest record of each key, `keep` topics everything until the janitor deletes, `delete` topics
 * what is young enough.
 */
interface TopicSettings {
  readonly name: string;
  readonly cleanup: 'keep' | 'compact' | 'delete';
  /** Where a topic has a count of its own. @default the log's */
  readonly partitions?: number;
  /** What was not said again for so long is forgotten, where others can. @default never */
  readonly forgottenAfterDays?: number;
}

export const TOPICS = {
  events: { name: 'berth.events', cleanup: 'keep' },
  nodes: { name: 'berth.nodes', cleanup: 'compact' },
  acks: { name: 'berth.acks', cleanup: 'keep' },
  /** What processes know that is not in the history; one partition: all read it in one order. */
  status: { name: 'berth.status', cleanup: 'compact', partitions: 1, forgottenAfterDays: 7 },
  /** What was refused in the history, for people. */
  deadLetters: {
    name: 'berth.dead-letters',
    cleanup: 'delete',
    partitions: 1,
    forgottenAfterDays: 30,
  },
} as const satisfies Readonly<Record<string, TopicSettings>>;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS]['name'];

export function topicSettings(topic: Topic): TopicSettings {
  const found = Object.values(TOPICS).find(({ name }) => name === topic);
  if (found === undefined) throw new Error(`there is no topic ${topic}`);
  return found;
}

/** What the broker calls it: `berth.events` -> `PREFIX.events`. */
export function brokerTopic(prefix: string, topic: Topic): string {
  return `${prefix}${topic.slice(topic.indexOf('.'))}`;
}
