/**
 * What `berth run ROLE...` is told: checked at the edge, for the roles that it names, so that
 * nothing has been started when something is missing.
 */
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import { parseConfig } from '../../runtime/config.ts';
import { isMetricsAddress } from '../../runtime/metrics/metrics-server.ts';
import { hostPort } from '../roles/host-port.ts';

/** Each with the options that it cannot do without; of a group, exactly one. */
const NEEDS = {
  watcher: [['manifests', 'recording']],
  mapper: [['redis']],
  courier: [['redis']],
  hub: [['listen'], ['certificates']],
  janitor: [],
  console: [['socket']],
} as const satisfies Readonly<Record<string, readonly (readonly OptionName[])[]>>;

export type RoleName = keyof typeof NEEDS;

export const ROLE_NAMES = Object.keys(NEEDS) as readonly RoleName[];

/** Others work all the time: they watch, hold links, are asked. */
const DRIVEN_BY_EVENTS: readonly RoleName[] = ['mapper', 'courier'];

const BROKERS_MAX = 64;

const schema = z.strictObject({
  kafka: z
    .string('every role needs it')
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .pipe(z.array(hostPort).max(BROKERS_MAX)),
  kafkaTls: z.string().min(1).optional(),
  kafkaSasl: z.string().min(1).optional(),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9._+-]{1,200}$/, 'is not letters, digits and . _ + -')
    .optional(),
  prefix: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,60}$/, 'is not 1 to 60 letters, digits, dots, _ or -')
    .default('berth'),
  redis: z
    .string()
    .regex(/^rediss?:\/\/.+/, 'is not redis://HOST:PORT')
    .optional(),
  redisPassword: z.string().min(1).optional(),
  redisCa: z.string().min(1).optional(),
  manifests: z.string().min(1).optional(),
  recording: z.string().min(1).optional(),
  secrets: z.string().min(1).optional(),
  listen: hostPort.optional(),
  certificates: z.string().min(1).optional(),
  operatorSocket: z.string().min(1).optional(),
  socket: z.string().min(1).optional(),
  rulings: z.string().min(1).optional(),
  trigger: z
    .string()
    .regex(/^http=.+:\d{1,5}$/, 'is not http=HOST:PORT')
    .optional(),
  metrics: z.string().refine(isMetricsAddress, 'is neither HOST:PORT nor unix:PATH').optional(),
  logFile: z.string().min(1).optional(),
});

type OptionName = keyof z.infer<typeof schema>;

export type RunConfig = Readonly<z.infer<typeof schema>> & { readonly roles: readonly RoleName[] };

export const RUN_OPTIONS = [
  ['--kafka <host:port,...>', 'brokers of the log, any of them'],
  [
    '--kafka-tls <dir>',
    'speak TLS with them; ca.crt, and tls.crt and tls.key where they ask for one',
  ],
  ['--kafka-sasl <file>', 'JSON with username, password and, if need be, mechanism'],
  ['--name <name>', 'of this process alone, as the status shows it (ROLE-HOST-PID)'],
  ['--prefix <name>', 'of topics, groups and queues: one installation, one prefix (berth)'],
  ['--redis <url>', 'redis://HOST:PORT of the jobs (mapper, courier)'],
  ['--redis-password <file>', 'holds its password, which then need not be in the URL'],
  ['--redis-ca <file>', 'with rediss:// who must have signed its certificate (the system knows)'],
  ['--manifests <dir>', 'watcher: read the outside world from this folder of manifests'],
  ['--recording <path>', 'watcher: or from this recorded watch stream, as it grows'],
  ['--secrets <dir>', 'courier: folder of the files that secretRef and caRef of AclTargets name'],
  ['--listen <host:port>', 'hub: where agents reach it'],
  ['--certificates <dir>', 'hub: its ca.crt, tls.crt and tls.key (`berth certificate --hub`)'],
  ['--operator-socket <path>', 'hub: unix socket for `berth fence`'],
  ['--socket <path>', 'console: unix socket on which the status is answered'],
  ['--rulings <file>', 'records of the history that no version knows, to be passed over'],
  [
    '--trigger <http=host:port>',
    'mapper, courier: read the log when CloudEvents come there, and only then',
  ],
  ['--metrics <address>', 'serve /metrics, /healthz, /readyz at HOST:PORT or unix:PATH'],
  ['--log-file <path>', 'append log lines there instead of writing them to stderr'],
] as const;

export const RUN_EXAMPLES = `
Examples:
  berth run watcher --kafka k1:9092,k2:9092 --manifests /etc/berth
  berth run mapper --kafka k1:9092 --redis redis://r1:6379 --metrics 0.0.0.0:9464
  berth run hub --kafka k1:9092 --listen 0.0.0.0:7443 --certificates /etc/berth/hub-1
  berth run courier console --kafka k1:9092 --redis redis://r1:6379 --socket /run/berth.sock

Any number of each role may run at once. docs/operating.md starts a whole installation.`;

/** @throws BERTH_CONFIG_BAD naming the field */
export function parseRunConfig(roles: readonly string[], given: unknown): RunConfig {
  const named = roles.map(roleNamed);
  if (new Set(named).size < named.length) throw bad('role', 'one is named twice');
  const config = parseConfig(schema, JSON.stringify(given));
  for (const role of named) {
    for (const oneOf of NEEDS[role] as readonly (readonly OptionName[])[]) {
      if (oneOf.filter((option) => config[option] !== undefined).length === 1) continue;
      const reason = oneOf.length === 1 ? `the ${role} needs it` : `the ${role} needs one of them`;
      throw bad(oneOf.map(flagOf).join(', '), reason);
    }
  }
  const stays = named.find((role) => !DRIVEN_BY_EVENTS.includes(role));
  if (config.trigger !== undefined && stays !== undefined) {
    throw berthError('BERTH_TRIGGER_SERVICE', { name: `the ${stays}` });
  }
  return { ...config, roles: named };
}

function roleNamed(name: string): RoleName {
  const role = ROLE_NAMES.find((each) => each === name);
  if (role === undefined) throw bad('role', `'${name}' is none of ${ROLE_NAMES.join(', ')}`);
  return role;
}

/** As it is written on the command line. */
function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function bad(field: string, reason: string): Error {
  return berthError('BERTH_CONFIG_BAD', { field, reason });
}
