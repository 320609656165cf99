/**
 * The log's topics (docs/ARCHITECTURE.md, "The log is the database"). `compact` topics keep the
 * latest record of each key; the others keep everything until the janitor deletes.
 */
export const TOPICS = {
  events: { name: 'berth.events', cleanup: 'keep' },
  nodes: { name: 'berth.nodes', cleanup: 'compact' },
  acks: { name: 'berth.acks', cleanup: 'keep' },
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS]['name'];
