/** berth_steer: a gateway's frames. */

import { arp, icmp, ipv4, type Macs, tcp, UDP, udp } from '../../../../../test/packets/frames.ts';
import type { Fixture } from './fixture.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BASE,
  HOST,
  LOST_BASE,
  NAT,
  NAT_2,
  NODE_MAC,
  OWN_MAC,
  REMOTE_BASE,
  TARGET,
} from './world.ts';

const DB = `${TARGET}:5432`;
const TARGET_MAC = '02:00:00:00:00:33';
const NOBODY = '00:00:00:00:00:00';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const TO_US: Macs = { source: TARGET_MAC, destination: OWN_MAC };
const TO_OTHER: Macs = { source: TARGET_MAC, destination: '02:00:00:00:00:99' };
const TO_NODE: Macs = { source: OWN_MAC, destination: NODE_MAC };
const PAYLOAD = Uint8Array.of(1, 2, 3);
const LONG = new Uint8Array(8900).fill(5);
const OPTIONS = Uint8Array.of(1, 1, 1, 0);

const reply = (to: string, macs: Macs) => tcp({ from: DB, to, flags: 'SA', ack: 7, macs });
const question = (ip: string, destination = BROADCAST, sender = TARGET) =>
  arp({
    operation: 'request',
    sender: { mac: TARGET_MAC, ip: sender },
    target: { mac: NOBODY, ip },
    macs: { source: TARGET_MAC, destination },
  });
const here = arp({
  operation: 'reply',
  sender: { mac: OWN_MAC, ip: NAT },
  target: { mac: TARGET_MAC, ip: TARGET },
  macs: { source: OWN_MAC, destination: TARGET_MAC },
});

const steers = (name: string, frame: Uint8Array, becomes: Uint8Array): Fixture => {
  return { name, program: 'steer', frame, becomes, verdict: 'send', counts: 'STEERED' };
};
const passes = (name: string, frame: Uint8Array): Fixture => {
  return { name, program: 'steer', frame, verdict: 'next' };
};
const drops = (
  name: string,
  frame: Uint8Array,
  counts: NonNullable<Fixture['counts']>,
): Fixture => ({ name, program: 'steer', frame, verdict: 'drop', counts });
const answers = (name: string, frame: Uint8Array): Fixture => {
  return { name, program: 'steer', frame, becomes: here, verdict: 'send', counts: 'ARP_ANSWERED' };
};

const REMOTE = `${NAT}:${REMOTE_BASE + 5}`;
const STEERED = [
  steers('TCP, with its TTL as it was', reply(REMOTE, TO_US), reply(REMOTE, TO_NODE)),
  steers(
    'UDP with IP options',
    udp({ from: DB, to: REMOTE, options: OPTIONS, payload: PAYLOAD, macs: TO_US }),
    udp({ from: DB, to: REMOTE, options: OPTIONS, payload: PAYLOAD, macs: TO_NODE }),
  ),
  steers(
    'a frame of many pages, counted whole',
    udp({ from: DB, to: REMOTE, payload: LONG, macs: TO_US }),
    udp({ from: DB, to: REMOTE, payload: LONG, macs: TO_NODE }),
  ),
  steers(
    'the last port of the block',
    reply(`${NAT}:${REMOTE_BASE + 1023}`, TO_US),
    reply(`${NAT}:${REMOTE_BASE + 1023}`, TO_NODE),
  ),
];
const PASSED = [
  passes('a block of a pod of its own node', reply(`${NAT}:${BASE}`, TO_US)),
  passes('what is for no NAT address', reply(`${HOST}:80`, TO_US)),
  passes('what is for another MAC, flooded here', reply(REMOTE, TO_OTHER)),
  passes('a broadcast', reply(REMOTE, { source: TARGET_MAC, destination: BROADCAST })),
];
const bare = { from: TARGET, to: NAT, macs: TO_US };
const DROPPED = [
  drops('a block that nobody has', reply(`${NAT}:9000`, TO_US), 'NO_ROUTE'),
  drops('a block of a node that is not there', reply(`${NAT}:${LOST_BASE}`, TO_US), 'NO_ROUTE'),
  drops('a fragment', ipv4({ ...bare, fragment: 0x2000 }, UDP, PAYLOAD), 'FRAGMENT_IN'),
  drops('ICMP', icmp({ ...bare, type: 8, code: 0 }), 'ICMP_IN'),
  drops('a protocol without ports', ipv4(bare, 47, PAYLOAD), 'PROTOCOL_IN'),
];
const ARP = [
  answers('a broadcast question for an address that it owns', question(NAT)),
  answers('the same question to its own MAC', question(NAT, OWN_MAC)),
  passes('a question for an address that another gateway owns', question(NAT_2)),
  passes('a question for an address that is none of ours', question(HOST)),
  passes('a question to another MAC', question(NAT, '02:00:00:00:00:99')),
  passes('an announcement', question(NAT, BROADCAST, NAT)),
  passes('an answer', here),
];

export function steerPackets(init: PacketSuiteInit): void {
  fixtureSuite(init, {
    'steers to the node of the block': STEERED,
    'leaves to the stack': PASSED,
    'drops with a reason, and never passes to the stack': DROPPED,
    ARP,
  });
}
