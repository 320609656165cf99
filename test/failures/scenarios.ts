/**
 * The failure scenarios: what each one is called in the table of docs/operating.md, and what is
 * done in it. `npm run test:failures` plays them; each has one test by its id.
 */
export interface Scenario {
  readonly name: string;
  /** For people: what is done, while pods come and go. */
  readonly done: string;
}

export const SCENARIOS = {
  'broker-restart': {
    name: 'Broker restart',
    done: 'the only broker is killed (SIGKILL) and started again on its data',
  },
  'broker-lost': {
    name: 'One of three brokers lost',
    done: 'a broker is killed, and later started again',
  },
  'redis-restart': {
    name: 'Redis restart with its AOF',
    done: 'Redis is killed and started again',
  },
  'redis-tail': {
    name: 'Redis restart without the tail of its AOF',
    done: 'Redis is killed, and started again without all that its AOF has grown by',
  },
  'redis-wiped': {
    name: 'Redis wiped',
    done: '`FLUSHALL` while blocks rest and ACLs are to be written',
  },
  'mapper-killed': {
    name: 'Mapper killed between append and commit',
    done: 'a mapper kills itself right after the log has its decision',
  },
  'mapper-paused': {
    name: 'Paused mapper wakes up beside its successor',
    done: 'a mapper is stopped (SIGSTOP) until the other has its partitions, then goes on',
  },
  'mapper-differs': {
    name: 'Mapper of another `decide` beside it',
    done: 'one that chooses other blocks decides for all partitions too, in a group of its own',
  },
  'hub-killed': {
    name: 'Hub killed',
    done: 'the hub with most agents is killed; later it comes back',
  },
  'hub-lags': {
    name: 'Hub that lags behind its agents',
    done: 'a hub sleeps, its agents go on with the other, which is killed when it wakes up',
  },
  'courier-killed': {
    name: 'Courier killed in the middle of a push',
    done: 'the courier is killed when the ACL server has its request and has not answered',
  },
  'records-deleted': {
    name: 'Records deleted below a checkpoint',
    done: "all that checkpoints cover is deleted by Kafka's own tool, all processes restart",
  },
  'clock-jump': {
    name: "Broker's clock jumps",
    done: 'an hour ahead, then an hour back',
  },
  'node-cut': {
    name: 'A node cut off, and a hub and a mapper killed meanwhile',
    done: 'in the lab, with traffic: its link is down for six seconds',
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioId = keyof typeof SCENARIOS;
