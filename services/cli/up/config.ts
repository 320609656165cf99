/** What `berth up` is told: checked at the edge, so that the rest never meets a bad value. */
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import { parseConfig } from '../../runtime/config.ts';
import { isMetricsAddress } from '../../runtime/metrics/metrics-server.ts';
import { hostPort } from '../roles/host-port.ts';

const schema = z.strictObject({
  data: z.string().min(1),
  manifests: z.string().min(1).optional(),
  recording: z.string().min(1).optional(),
  listen: hostPort,
  socket: z.string().min(1),
  operatorSocket: z.string().min(1).optional(),
  certificates: z.string().min(1).optional(),
  secrets: z.string().min(1).optional(),
  metrics: z.string().refine(isMetricsAddress, 'is neither HOST:PORT nor unix:PATH').optional(),
  rulings: z.string().min(1).optional(),
  logFile: z.string().min(1).optional(),
});

export interface UpConfig {
  readonly data: string;
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
  readonly listen: string;
  readonly socket: string;
  /** By which `berth fence` reaches the hub. */
  readonly operatorSocket: string;
  /** Folder of the hub's certificate; null: the built-in authority's, in the data folder. */
  readonly certificates: string | null;
  /** Null: there are no secrets. */
  readonly secrets: string | null;
  /** Where metrics are served beside the socket; null: nowhere. */
  readonly metrics: string | null;
  /** File of records that are to be passed over; null: there are none. */
  readonly rulings: string | null;
}

export const UP_OPTIONS = [
  ['--data <dir>', 'folder of the log, the checkpoints and the jobs'],
  ['--manifests <dir>', 'read the outside world from this folder of manifests'],
  ['--recording <path>', 'or from this recorded watch stream (a file or a folder), as it grows'],
  ['--listen <host:port>', 'where agents reach the hub'],
  ['--socket <path>', 'unix socket on which the status is answered'],
  ['--operator-socket <path>', 'unix socket for `berth fence`; default: SOCKET.operator'],
  ['--certificates <dir>', "the hub's ca.crt, tls.crt and tls.key; default: its own authority"],
  ['--secrets <dir>', 'folder of the files that the secretRef and caRef of AclTargets name'],
  [
    '--metrics <address>',
    'serve GET /metrics at HOST:PORT or unix:PATH too, not only on the socket',
  ],
  ['--rulings <file>', 'records of the history that no version knows, to be passed over'],
  ['--log-file <path>', 'append log lines there instead of writing them to stderr'],
] as const;

/** @throws BERTH_CONFIG_BAD naming the field */
export function parseUpConfig(given: unknown): UpConfig {
  const said = parseConfig(schema, JSON.stringify(given));
  const { data, manifests, recording, listen, socket } = said;
  const { operatorSocket = `${socket}.operator` } = said;
  const { certificates = null, secrets = null, metrics = null, rulings = null } = said;
  const from = { data, listen, socket, operatorSocket, certificates, secrets, metrics, rulings };
  if (manifests !== undefined && recording === undefined) {
    return { ...from, source: { kind: 'manifests', path: manifests } };
  }
  if (recording !== undefined && manifests === undefined) {
    return { ...from, source: { kind: 'recording', path: recording } };
  }
  const reason = 'name exactly one of the two';
  throw berthError('BERTH_CONFIG_BAD', { field: '--manifests, --recording', reason });
}
