/** What acks that other hubs wrote down say of a gateway, and what they do not. */
import { describe, expect, it } from 'vitest';
import { parseIp } from '../contract/ip-address.ts';
import { type AckRecord, type NodeRecord, nodeAgentKey } from '../contract/node-records.ts';
import { createLoggedAcks } from './logged-acks.ts';

const EMPTY = { version: {}, checksum: 0n };

function logged() {
  const records = new Map<string, NodeRecord>();
  const acks = createLoggedAcks(records);
  function boot(bootId: string): void {
    const facts = { underlayIp: parseIp('192.0.2.1'), mac: '02:00:00:00:00:01' };
    records.set(nodeAgentKey('g1'), { type: 'NodeFromAgent', node: 'g1', bootId, ...facts });
  }
  function ack(given: Partial<AckRecord>): void {
    const pushed = { recordsSent: 1, sentAtMs: 1, readBackAtMs: 2, mapped: [] };
    const said = { node: 'g1', bootId: 'b1', version: {}, checksum: '00', ...given };
    acks.take([{ type: 'Ack', ...pushed, ...said }]);
  }
  boot('b1');
  return { acks, boot, ack };
}

describe('an ack of a gateway in the log', () => {
  it('says that it had the version, and what is before it', () => {
    const { acks, ack } = logged();
    expect(acks.hasVersion('g1', EMPTY, {})).toBe(false);
    ack({ version: { 0: 5, 1: 2 } });
    expect(acks.hasVersion('g1', EMPTY, { 0: 5 })).toBe(true);
    expect(acks.hasVersion('g1', EMPTY, { 0: 5, 1: 3 })).toBe(false);
    expect(acks.hasVersion('g2', EMPTY, {})).toBe(false);
  });

  it('of an older version says it too, where nothing changed for the gateway since', () => {
    const { acks, ack } = logged();
    ack({ version: { 0: 5 }, checksum: '00ff' });
    const wanted = { version: { 0: 7, 1: 1 }, checksum: 0xffn };
    expect(acks.hasVersion('g1', wanted, { 0: 7 })).toBe(true);
    expect(acks.hasVersion('g1', { ...wanted, checksum: 1n }, { 0: 7 })).toBe(false);
    // This hub has itself not read so far.
    expect(acks.hasVersion('g1', wanted, { 0: 8 })).toBe(false);
  });

  it('counts for nothing without a push: then it is what the node claimed to have', () => {
    const { acks, ack } = logged();
    ack({ version: { 0: 5 }, sentAtMs: null, recordsSent: 0 });
    expect(acks.hasVersion('g1', EMPTY, { 0: 5 })).toBe(false);
  });

  it('counts only while the gateway is in that boot', () => {
    const { acks, ack, boot } = logged();
    ack({ version: { 0: 5 } });
    boot('b2');
    expect(acks.hasVersion('g1', EMPTY, { 0: 5 })).toBe(false);
    expect([acks.isLastBoot('g1', 'b1'), acks.isLastBoot('g1', 'b2')]).toEqual([false, true]);
    ack({ bootId: 'b2', version: { 0: 5 } });
    expect(acks.hasVersion('g1', EMPTY, { 0: 5 })).toBe(true);
  });

  it('is not forgotten for an older one that a hub which it left appends later', () => {
    const { acks, ack } = logged();
    ack({ version: { 0: 5 } });
    ack({ version: { 0: 4 } });
    expect(acks.hasVersion('g1', EMPTY, { 0: 5 })).toBe(true);
  });
});
