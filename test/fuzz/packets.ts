/**
 * Valid frames of every kind that a hook may see, between ends that the tables know, so that most
 * of them get far into a program before anything about them is spoilt.
 */
import type { ProgramName } from '../../services/ports/datapath/port.ts';
import {
  arp,
  ETHERNET_BYTES,
  type IpParts,
  icmp,
  ipv4,
  ipv6,
  type Macs,
  quoted,
  tcp,
  udp,
} from '../packets/frames.ts';
import type { Dice } from '../simulation/dice.ts';
import {
  HEARTBEAT_PORT,
  NAT_IPS,
  POD_IPS,
  STRANGERS,
  type Surroundings,
  TARGETS,
  TARGETS_V6,
} from './surroundings.ts';

const TARGET_MAC = '02:00:00:00:00:33';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const FLAGS = ['S', 'S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', 'SF', 'SR', 'FSRPA', ''];
const PAYLOAD_BYTES = [0, 0, 1, 7, 8, 9, 100, 101, 1400];
const LONG_PAYLOAD_BYTES = [1400, 3000, 3500, 4000, 8900];
const OPTION_WORDS = [0, 0, 0, 0, 1, 2, 5, 10];
const FRAGMENTS = [0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff, 0xffff];
const PROTOCOLS = [0, 2, 4, 41, 47, 50, 51, 58, 132, 136, 255];
const ICMP_ERRORS = [3, 11, 12];
const ICMP_TYPES = [0, 3, 4, 5, 8, 11, 12, 13, 17, 255];
const NEXT_HEADERS = [6, 17, 58, 0, 43, 44, 60, 59];
const isV4 = (ip: string): boolean => !ip.includes(':');

export function validFrame(dice: Dice, world: Surroundings, program: ProgramName): Uint8Array {
  const kind = dice.below(100);
  const macs = macsFor(dice, world, program);
  if (program === 'steer' && kind < 12) return question(dice, world, macs);
  if (program === 'steer' && kind < 15) return heartbeat(dice, macs);
  const isInward = program === 'return' || program === 'steer';
  const ends = dice.chance(isInward ? 0.93 : 0.07)
    ? inwardEnds(dice, world, program)
    : outwardEnds(dice, world);
  if (!isV4(ends.from.ip) || !isV4(ends.to.ip) || kind >= 95) return ipv6Frame(dice, ends);
  const parts = partsOf(dice, ends, macs, program);
  if (kind < 55) return tcpFrame(dice, parts);
  if (kind < 75) return udp({ ...parts, checksum: dice.chance(0.8) });
  if (kind < 83) return icmpFrame(dice, parts, ends);
  if (kind < 90) return ipv4({ ...parts, fragment: dice.pick(FRAGMENTS) }, 17, noise(dice, 40));
  return ipv4(parts, dice.pick(PROTOCOLS), noise(dice, dice.pick(PAYLOAD_BYTES)));
}

interface End {
  readonly ip: string;
  readonly port: number;
}

interface Ends {
  readonly from: End;
  readonly to: End;
}

/** From a pod, or who might be one, to what might be protected. */
function outwardEnds(dice: Dice, world: Surroundings): Ends {
  const sources = dice.pick([POD_IPS, POD_IPS, POD_IPS, STRANGERS, NAT_IPS]);
  const pod = world.pods.length > 0 && dice.chance(0.7) ? dice.pick(world.pods) : null;
  const size = 2 ** (pod?.berths[0]?.sizeLog2 ?? 10);
  return {
    from: {
      ip: pod?.ip ?? dice.pick(sources),
      port: near(dice, world.podPortFirst, (size * 3) / 4),
    },
    to: {
      ip: dice.pick(dice.chance(0.85) ? TARGETS : dice.pick([NAT_IPS, TARGETS_V6])),
      port: dice.pick(world.rulePorts) & 0xffff,
    },
  };
}

/** To a NAT address, or what might be one. */
function inwardEnds(dice: Dice, world: Surroundings, program: ProgramName): Ends {
  const pod = world.pods.length > 0 ? dice.pick(world.pods) : null;
  const own = pod !== null && pod.berths.length > 0 && dice.chance(0.85) ? pod.berths : [];
  const known = dice.chance(program === 'steer' ? 0.7 : 0.1) ? world.remotes : own;
  const berth = known.length > 0 ? dice.pick(known) : null;
  const size = 2 ** (berth?.sizeLog2 ?? 10);
  const anyBase = dice.below(65536);
  return {
    from: {
      ip: dice.pick(dice.chance(0.95) ? TARGETS : TARGETS_V6),
      port: dice.pick(world.rulePorts) & 0xffff,
    },
    to: {
      ip: berth?.natAddress ?? dice.pick(dice.chance(0.8) ? NAT_IPS : STRANGERS),
      port: near(dice, berth?.base ?? anyBase, dice.pick([size, (size * 3) / 4])),
    },
  };
}

/** Within `first` and the `count` ports after it, often at an edge, now and then beyond. */
function near(dice: Dice, first: number, count: number): number {
  const edges = [first, first + 1, first + count - 1, first + count, first - 1];
  const port = dice.chance(0.3) ? dice.pick(edges) : first + dice.below(count);
  return port & 0xffff;
}

function macsFor(dice: Dice, world: Surroundings, program: ProgramName): Macs {
  const others = ['02:00:00:00:00:99', BROADCAST, '01:00:5e:00:00:01'];
  const isOurs = program !== 'steer' || dice.chance(0.9);
  return { source: TARGET_MAC, destination: isOurs ? world.ownMac : dice.pick(others) };
}

function partsOf(dice: Dice, { from, to }: Ends, macs: Macs, program: ProgramName): IpParts {
  const long = program === 'steer' && dice.chance(0.03);
  return {
    from: `${from.ip}:${from.port}`,
    to: `${to.ip}:${to.port}`,
    macs,
    ttl: dice.pick([64, 64, 64, 1, 0, 255]),
    id: dice.below(65536),
    fragment: dice.pick([0x4000, 0x4000, 0, 0x8000]),
    options: noise(dice, 4 * dice.pick(OPTION_WORDS)),
    payload: noise(dice, dice.pick(long ? LONG_PAYLOAD_BYTES : PAYLOAD_BYTES)),
  };
}

function tcpFrame(dice: Dice, parts: IpParts): Uint8Array {
  const numbers = [0, 1, 1000, 0x7fffffff, 0xffffffff];
  return tcp({
    ...parts,
    flags: dice.pick(FLAGS),
    seq: dice.pick(numbers),
    ack: dice.pick(numbers),
    window: dice.below(65536),
  });
}

/** An error about a packet that went the other way, from its receiver or a router; or anything. */
function icmpFrame(dice: Dice, parts: IpParts, { from, to }: Ends): Uint8Array {
  const sent = { from: `${to.ip}:${to.port}`, to: `${from.ip}:${from.port}` };
  const payload = noise(dice, dice.pick(PAYLOAD_BYTES));
  if (dice.chance(0.4)) return icmp({ ...parts, payload, type: dice.pick(ICMP_TYPES), code: 0 });
  const checksum = dice.chance(0.8);
  const about = dice.pick([
    tcp({ ...sent, flags: dice.pick(FLAGS), payload, options: noise(dice, 4 * dice.below(3)) }),
    udp({ ...sent, payload, checksum, fragment: dice.pick([0x4000, 0, 0x2000, 0x0001]) }),
    icmp({ ...sent, payload, type: dice.pick([0, 8]), code: 0, id: dice.pick([from, to]).port }),
  ]);
  return icmp({
    ...parts,
    from: dice.chance(0.3) ? dice.pick(STRANGERS.filter(isV4)) : parts.from,
    payload: dice.chance(0.5) ? quoted(about) : about.slice(ETHERNET_BYTES),
    type: dice.chance(0.8) ? dice.pick(ICMP_ERRORS) : dice.pick(ICMP_TYPES),
    code: dice.below(16),
    mtu: dice.pick([0, 1400]),
  });
}

function ipv6Frame(dice: Dice, { from, to }: Ends): Uint8Array {
  const v6 = (ip: string): string =>
    isV4(ip) ? (dice.chance(0.5) ? `::ffff:${ip}` : dice.pick(TARGETS_V6)) : ip;
  return ipv6(v6(from.ip), v6(to.ip), dice.pick(NEXT_HEADERS), noise(dice, 40));
}

function heartbeat(dice: Dice, macs: Macs): Uint8Array {
  const port = HEARTBEAT_PORT + dice.pick([0, 0, 0, 1]);
  const to = dice.pick([...STRANGERS, ...NAT_IPS.filter(isV4)]);
  return udp({ from: `${dice.pick(STRANGERS)}:${port}`, to: `${to}:${port}`, macs });
}

function question(dice: Dice, { ownMac }: Surroundings, macs: Macs): Uint8Array {
  const ends = [...NAT_IPS.filter(isV4), ...TARGETS, '0.0.0.0'];
  return arp({
    operation: dice.chance(0.85) ? 'request' : 'reply',
    sender: { mac: TARGET_MAC, ip: dice.pick(ends) },
    target: { mac: dice.pick(['00:00:00:00:00:00', ownMac]), ip: dice.pick(ends) },
    macs: { ...macs, destination: dice.pick([BROADCAST, BROADCAST, macs.destination]) },
  });
}

export function noise(dice: Dice, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (dice.chance(0.5)) bytes.fill(dice.below(256));
  else for (let i = 0; i < length; i++) bytes[i] = dice.below(256);
  return bytes;
}
