/**
 * The settings of a broker: what Berth asks of any (also in infra/compose.yaml), and what makes
 * several of them one cluster on this machine. Every broker is a controller too (KRaft), the voters
 * are fixed, and brokers share a plain listener on the loopback. A guarded cluster has two more
 * listeners, one that demands a client's certificate, and one its password (SCRAM) over TLS.
 */
import { join } from 'node:path';

const HOST = '127.0.0.1';
/** The name in the brokers' certificates. */
export const GUARDED_HOST = 'localhost';

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
  readonly tlsPort: number;
  readonly saslPort: number;
  readonly dataFolder: string;
}

/** Files of PEM: in `guard`, when there is one. */
export const GUARD_FILES = { keys: 'broker.pem', trusted: 'ca.crt' } as const;

/** One of a cluster. `guard`: the folder of the certificates of the guarded listeners. */
export function serverProperties(
  broker: BrokerPlan,
  cluster: readonly BrokerPlan[],
  guard?: string,
): string {
  const copies = cluster.length;
  const voters = cluster.map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`);
  const plain = `PLAIN://${HOST}:${broker.port}`;
  const listeners = [plain, `CONTROLLER://${HOST}:${broker.controllerPort}`];
  const advertised = [plain];
  const protocols = ['PLAIN:PLAINTEXT', 'CONTROLLER:PLAINTEXT'];
  if (guard !== undefined) {
    listeners.push(`TLS://${HOST}:${broker.tlsPort}`, `SASL://${HOST}:${broker.saslPort}`);
    advertised.push(`TLS://${GUARDED_HOST}:${broker.tlsPort}`);
    advertised.push(`SASL://${GUARDED_HOST}:${broker.saslPort}`);
    protocols.push('TLS:SSL', 'SASL:SASL_SSL');
  }
  const settings: Readonly<Record<string, string | number>> = {
    ...BROKER_SETTINGS,
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.join(','),
    'advertised.listeners': advertised.join(','),
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map': protocols.join(','),
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
    ...(guard === undefined ? {} : guardSettings(guard)),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

function guardSettings(folder: string): Readonly<Record<string, string>> {
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, GUARD_FILES.keys),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, GUARD_FILES.trusted),
    'listener.name.tls.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': login,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': login,
  };
}

/** HOST:PORT of each, joined by commas. */
export function bootstrapOf(
  cluster: readonly BrokerPlan[],
  listener: 'port' | 'tlsPort' | 'saslPort' = 'port',
): string {
  const host = listener === 'port' ? HOST : GUARDED_HOST;
  return cluster.map((broker) => `${host}:${broker[listener]}`).join(',');
}
