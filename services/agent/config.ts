/**
 * What an agent is told: flags, or a file of JSON with the same fields, or both (a flag wins).
 * Checked here, so that the rest never meets a bad value. The uplink's own addresses are read from
 * the system where they are not given.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Cidr, parseCidr } from '../contract/cidr.ts';
import { berthError, describeError } from '../contract/errors.ts';
import { type IpAddress, parseIp } from '../contract/ip-address.ts';
import { parseConfig } from '../runtime/config.ts';
import { isMetricsAddress } from '../runtime/metrics/metrics-server.ts';

const HOST_PORT = /^.+:\d{1,5}$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const INTERFACE_NAME = /^[^/\s]{1,15}$/;

const cidr = parsed(parseCidr);
const ip = parsed(parseIp);

const schema = z.strictObject({
  node: z.string().min(1),
  /** Another one means that the node has started anew, and with it every pod. */
  bootId: z.string().min(1),
  /** Those that serve it: a list, or text with commas. Each name may have several addresses. */
  hub: z
    .union([z.string().transform((text) => text.split(',')), z.array(z.string())])
    .pipe(z.array(z.string().trim().regex(HOST_PORT, 'is not HOST:PORT')).min(1)),
  /** Folder with ca.crt, tls.crt and tls.key (runtime/tls-files.ts). */
  certificates: z.string().min(1),
  datapath: z.enum(['kernel', 'memory']),
  uplinks: z.array(z.string().regex(INTERFACE_NAME, 'is no interface name')).min(1),
  podCidrs: z.array(cidr).default([]),
  pinDir: z.string().min(1),
  /** Where the compiled programs are. @default build/bpf of this checkout */
  objectDir: z.string().min(1).optional(),
  stateDir: z.string().min(1),
  cniSocket: z.string().min(1),
  gateway: z.boolean().default(false),
  /** Where gateways hear each other, UDP, the same for all of an installation. */
  heartbeatPort: z.coerce.number().int().min(1).max(65535).default(7946),
  /** None: nothing listens. */
  metrics: z.string().refine(isMetricsAddress, 'is neither HOST:PORT nor unix:PATH').optional(),
  underlayIp: ip.optional(),
  mac: z.string().regex(MAC, 'is no MAC address').optional(),
});

const uninstallSchema = z.object({
  datapath: schema.shape.datapath,
  pinDir: schema.shape.pinDir,
  stateDir: schema.shape.stateDir,
  cniSocket: schema.shape.cniSocket,
  metrics: schema.shape.metrics,
});

/** Where an agent's things are. */
export type UninstallConfig = z.infer<typeof uninstallSchema>;

type Given = z.infer<typeof schema>;

export interface AgentConfig extends Omit<Given, 'underlayIp' | 'mac'> {
  readonly podCidrs: Cidr[];
  readonly underlayIp: IpAddress;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
}

const TEXT = { type: 'string' } as const;
const LIST = { type: 'string', multiple: true } as const;
const FLAGS = {
  config: TEXT,
  node: TEXT,
  'boot-id': TEXT,
  hub: TEXT,
  certificates: TEXT,
  datapath: TEXT,
  uplink: LIST,
  'pod-cidr': LIST,
  'pin-dir': TEXT,
  'object-dir': TEXT,
  'state-dir': TEXT,
  'cni-socket': TEXT,
  gateway: { type: 'boolean' },
  'heartbeat-port': TEXT,
  metrics: TEXT,
  'underlay-ip': TEXT,
  mac: TEXT,
  uninstall: { type: 'boolean' },
} as const;

const FIELDS: Readonly<Record<Exclude<keyof typeof FLAGS, 'config' | 'uninstall'>, keyof Given>> = {
  node: 'node',
  'boot-id': 'bootId',
  hub: 'hub',
  certificates: 'certificates',
  datapath: 'datapath',
  uplink: 'uplinks',
  'pod-cidr': 'podCidrs',
  'pin-dir': 'pinDir',
  'object-dir': 'objectDir',
  'state-dir': 'stateDir',
  'cni-socket': 'cniSocket',
  gateway: 'gateway',
  'heartbeat-port': 'heartbeatPort',
  metrics: 'metrics',
  'underlay-ip': 'underlayIp',
  mac: 'mac',
};

type Interfaces = ReturnType<typeof networkInterfaces>;

/** @throws BERTH_CONFIG_BAD naming the field */
export function readAgentConfig(
  args: readonly string[],
  interfaces: () => Interfaces = networkInterfaces,
): AgentConfig {
  const config = parseConfig(schema, JSON.stringify(givenFields(parseFlags(args))));
  return { ...config, ...uplinkAddresses(config, interfaces) };
}

/**
 * Null: it is to run. Takes all that an agent takes, and needs only these.
 * @throws BERTH_CONFIG_BAD naming the field
 */
export function readUninstallConfig(args: readonly string[]): UninstallConfig | null {
  const flags = parseFlags(args);
  if (flags.uninstall !== true) return null;
  return parseConfig(uninstallSchema, JSON.stringify(givenFields(flags)));
}

function givenFields(flags: ReturnType<typeof parseFlags>): Record<string, unknown> {
  const fromFile = flags.config === undefined ? {} : readFields(flags.config);
  const given = Object.entries(FIELDS).flatMap(([flag, field]) => {
    const value = flags[flag as keyof typeof flags];
    return value === undefined ? [] : [[field, value] as const];
  });
  return { ...fromFile, ...Object.fromEntries(given) };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true }).values;
  } catch (error) {
    throw bad('flags', describeError(error), error);
  }
}

function readFields(path: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw bad('config', `${path} cannot be read: ${describeError(error)}`, error);
  }
}

function uplinkAddresses(
  config: Given,
  interfaces: () => Interfaces,
): { underlayIp: IpAddress; mac: string } {
  const [uplink = ''] = config.uplinks;
  const addresses = interfaces()[uplink] ?? [];
  const ipv4 = addresses.find(({ family }) => family === 'IPv4') ?? addresses[0];
  const underlayIp = config.underlayIp ?? (ipv4 === undefined ? null : parseIp(ipv4.address));
  const mac = config.mac ?? ipv4?.mac;
  if (underlayIp === null) throw bad('underlayIp', `interface ${uplink} has no address`);
  if (mac === undefined) throw bad('mac', `interface ${uplink} has no address`);
  return { underlayIp, mac };
}

function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: describeError(error) });
      return z.NEVER;
    }
  });
}

function bad(field: string, reason: string, cause?: unknown): Error {
  return berthError('BERTH_CONFIG_BAD', { field, reason }, cause);
}
