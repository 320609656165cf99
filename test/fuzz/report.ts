/** A difference, told so that somebody can find out who is wrong. */
import type { Entry, TableName } from '../../services/ports/datapath/port.ts';
import { decodeAddress } from '../../services/ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../../services/ports/datapath/tables/blocks.ts';
import { decodeConfig } from '../../services/ports/datapath/tables/config.ts';
import { decodeInterface } from '../../services/ports/datapath/tables/interfaces.ts';
import { decodeLocalPods } from '../../services/ports/datapath/tables/local-pods.ts';
import { decodeNode } from '../../services/ports/datapath/tables/nodes.ts';
import { decodePod } from '../../services/ports/datapath/tables/pods.ts';
import { decodePolicyEntry } from '../../services/ports/datapath/tables/policies.ts';
import { decodeUnderlay } from '../../services/ports/datapath/tables/underlays.ts';
import { countedOf, type Told } from './difference.ts';
import type { FuzzFailure } from './fuzz.ts';

const DECODERS: Readonly<Record<TableName, (entry: Entry) => unknown>> = {
  pods: decodePod,
  policies: decodePolicyEntry,
  blocks: decodeBlock,
  nodes: decodeNode,
  underlays: decodeUnderlay,
  addresses: decodeAddress,
  localPods: decodeLocalPods,
  interfaces: decodeInterface,
  config: decodeConfig,
};
const BYTES_PER_LINE = 16;

export function report({ program, seed, frame, kernel, twin, world }: FuzzFailure): string {
  const tables = world.entries.flatMap(([table, all]) =>
    all.map((entry) => `  ${table} ${JSON.stringify(DECODERS[table](entry))}`),
  );
  const { arpLeaseUntilNs, heartbeatFreshNs, heartbeatPort } = world.lease;
  return [
    `${program}: kernel and twin differ`,
    `again: npm run fuzz -- --program ${program} --seed ${seed} --packets 1000`,
    `the packet, as small as shows it, ${frame.length} bytes:`,
    hex(frame),
    ...told('kernel', kernel),
    ...told('twin', twin),
    'tables:',
    ...tables,
    `  lease until ${arpLeaseUntilNs}, fresh ${heartbeatFreshNs} ns, port ${heartbeatPort}`,
  ].join('\n');
}

function told(who: string, outcome: Told): string[] {
  if (outcome.note !== undefined) return [`${who}: afterwards ${outcome.note}`];
  const head = `${who}: ${outcome.verdict}, counted ${countedOf(outcome) || 'nothing'}`;
  return outcome.frame.length === 0 ? [head] : [head, hex(outcome.frame)];
}

function hex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    const text = Buffer.from(bytes.subarray(at, at + BYTES_PER_LINE)).toString('hex');
    lines.push(`  ${String(at).padStart(4)}  ${text.replace(/../g, '$& ').trim()}`);
  }
  return lines.join('\n');
}
