/**
 * The settings of a broker: what Berth asks of any, and what makes several of them one
 * cluster on this machine. Every broker is a controller too (KRaft), the voters are
 * fixed, and clients and brokers share one plain listener on the loopback.
 */
const HOST = '127.0.0.1';

/** Berth makes its own topics and refuses others; a member that joins should not have to wait. */
export const BROKER_SETTINGS = {
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
} as const;

export interface BrokerPlan {
  /** From 1. */
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  readonly dataFolder: string;
}

/** All of a cluster, as one of them is told. */
export function serverProperties(broker: BrokerPlan, cluster: readonly BrokerPlan[]): string {
  const copies = cluster.length;
  const voters = cluster.map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`);
  const settings: Readonly<Record<string, string | number>> = {
    ...BROKER_SETTINGS,
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAIN://${HOST}:${broker.port},CONTROLLER://${HOST}:${broker.controllerPort}`,
    'advertised.listeners': `PLAIN://${HOST}:${broker.port}`,
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT',
    // A killed broker is let in again only after its last session has run out.
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 1_000,
    'log.dirs': broker.dataFolder,
    'default.replication.factor': copies,
    'min.insync.replicas': Math.max(1, copies - 1),
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.max(1, copies - 1),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

export function bootstrapOf(cluster: readonly BrokerPlan[]): string {
  return cluster.map(({ port }) => `${HOST}:${port}`).join(',');
}
