/** Cases of the Datapath's suite: what outlives a process, and what ends with it. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { parseIp } from '../../../contract/ip-address.ts';
import { encodeAddress } from '../tables/addresses.ts';
import { NO_LEASE } from '../tables/lease.ts';
import { REASONS } from '../tables/reasons.gen.ts';
import { TABLE_NAMES, TABLE_SPECS } from '../tables/specs.ts';
import { contents, MAKERS, made, texts } from './entries.ts';
import type { DatapathHarness } from './harness.ts';

export const lifeCases: ConformanceCases<DatapathHarness> = {
  async 'counts every reason from zero'({ opened }) {
    const none = REASONS.map(({ name }) => ({ reason: name, packets: 0n, bytes: 0n }));
    expect(opened.counters()).toEqual(none);
  },

  async 'counts what was run, and goes on from there after a process was killed'({
    opened,
    reopen,
  }) {
    const frame = new Uint8Array(60).fill(0xff);
    // IPv4 for a NAT address, in a header that nothing can be.
    frame.set([0x08, 0x00, 0x00], 12);
    const entry = encodeAddress({
      natAddress: parseIp('255.255.255.255'),
      addressIndex: 0,
      sizeLog2: 10,
      owned: false,
    });
    opened.tables.put('addresses', [entry]);
    opened.packets.run('return', [frame, frame]);
    const again = reopen();
    again.packets.run('return', [frame]);
    const malformed = again.counters().find(({ reason }) => reason === 'MALFORMED');
    expect(malformed).toEqual({ reason: 'MALFORMED', packets: 3n, bytes: 180n });
  },

  async 'announces addresses on an interface that there is'({ opened, interfaceNames: [on] }) {
    const said = { mac: '02:00:00:00:00:01', addresses: [parseIp('203.0.113.17')] };
    opened.announce({ ...said, interfaceName: on });
    opened.announce({ ...said, interfaceName: on, addresses: [] });
    expect(() => opened.announce({ ...said, interfaceName: 'none-such' })).toThrow(
      'BERTH_DATAPATH_ANNOUNCE',
    );
  },

  async 'adopts tables and attachments of a process that was killed'({
    opened,
    interfaceNames: [on],
    reopen,
  }) {
    const entries = TABLE_NAMES.map((table) => {
      return [table, made(table, Math.min(5, TABLE_SPECS[table].maxEntries))] as const;
    });
    for (const [table, some] of entries) opened.tables.put(table, some);
    await opened.hooks.attach('egress', on);
    await opened.hooks.attach('steer', on);
    const before = opened.hooks.attachments();

    const { tables, hooks } = reopen();
    for (const [table, some] of entries) expect(contents(tables, table)).toEqual(texts(some));
    expect(hooks.attachments()).toEqual(before);
    await hooks.attach('egress', on);
    await hooks.attach('steer', on);
    expect(hooks.attachments()).toEqual(before);
  },

  async 'adopts them after a close as well'({ opened, interfaceNames: [on], reopen }) {
    opened.tables.put('pods', made('pods', 3));
    await opened.hooks.attach('return', on);
    opened.close();
    const { tables, hooks } = reopen();
    expect(contents(tables, 'pods')).toEqual(texts(made('pods', 3)));
    expect(hooks.attachments()).toHaveLength(1);
  },

  async 'keeps a gateway’s lease, and has none at first'({ opened, reopen }) {
    expect(opened.gateway.lease()).toEqual(NO_LEASE);
    expect(opened.gateway.heartbeatSeenNs()).toBe(0n);
    const lease = { arpLeaseUntilNs: 2n ** 63n, heartbeatFreshNs: 5n, heartbeatPort: 7946 };
    opened.gateway.setLease(lease);
    expect(reopen().gateway.lease()).toEqual(lease);
  },

  async 'remembers what was removed and detached'({ opened, interfaceNames: [on], reopen }) {
    opened.tables.put('pods', made('pods', 3));
    await opened.hooks.attach('return', on);
    opened.tables.remove('pods', [MAKERS.pods(1).key]);
    await opened.hooks.detach('return', on);
    const { tables, hooks } = reopen();
    expect(contents(tables, 'pods')).toEqual(texts([MAKERS.pods(0), MAKERS.pods(2)]));
    expect(hooks.attachments()).toEqual([]);
  },

  async 'holds every entry common to two snapshots while it goes from one to the other'({
    opened: { tables },
  }) {
    const before = made('pods', 20);
    const after = made('pods', 30).slice(10);
    const common = after.slice(0, 10).map(({ key }) => key);
    const isHeld = () => tables.read('pods', common).every((value) => value !== null);
    tables.put('pods', before);
    tables.put('pods', after);
    expect(isHeld()).toBe(true);
    tables.remove(
      'pods',
      before.slice(0, 10).map(({ key }) => key),
    );
    expect(isHeld()).toBe(true);
    expect(contents(tables, 'pods')).toEqual(texts(after));
  },

  async 'is closed twice without complaint, and then does nothing more'({
    opened,
    interfaceNames: [on],
  }) {
    opened.close();
    opened.close();
    const { key, value } = MAKERS.pods(0);
    const calls = [
      () => opened.tables.put('pods', [{ key, value }]),
      () => opened.tables.remove('pods', [key]),
      () => opened.tables.read('pods', [key]),
      () => opened.tables.dump('pods'),
      () => opened.hooks.attachments(),
      () => opened.hooks.interfaceIndex(on),
      () => opened.counters(),
      () => opened.packets.run('egress', []),
      () => opened.announce({ interfaceName: on, mac: '02:00:00:00:00:01', addresses: [] }),
    ];
    for (const call of calls) expect(call).toThrow('BERTH_DATAPATH_CLOSED');
    await expect(opened.hooks.attach('pod', on)).rejects.toThrow('BERTH_DATAPATH_CLOSED');
    await expect(opened.hooks.detach('pod', on)).rejects.toThrow('BERTH_DATAPATH_CLOSED');
  },
};
