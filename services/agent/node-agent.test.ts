/** What a push, an announced pod, a crash and a foreign hand do to the kernel's tables. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseIp } from '../contract/ip-address.ts';
import { type AgentFixture, attachment, startAgent } from './agent-fixtures.ts';
import { copyOf, differsFrom } from './kernel-model-fixtures.ts';
import {
  addressResource,
  blockResource,
  deltaPush,
  nodeResource,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { mappedPlaces, meaningOf } from './table-meaning-fixtures.ts';

const NAT = '203.0.113.17';
const PAY = policyResource('shop/pay', [{ to: '198.51.100.0/24', port: 5432 }]);
const GUARDS = [
  policyResource('unknown', [{ to: '198.51.100.0/24' }]),
  policyResource('selected', [{ to: '198.51.100.0/24' }]),
] as const;
const BASIC: Resources = new Map([
  podResource('a', [{ policy: 'shop/pay', nat: NAT, base: 1024 }]),
  podResource('b', null),
  podResource('c', [{ policy: 'shop/pay' }]),
  PAY,
  ...GUARDS,
  addressResource(NAT),
]);
let f: AgentFixture;
beforeEach(async () => {
  f = await startAgent();
});

function changed(resources: Resources, ...entries: [string, Uint8Array | null][]): Resources {
  const result = new Map(resources);
  for (const [key, bytes] of entries) {
    if (bytes === null) result.delete(key);
    else result.set(key, bytes);
  }
  return result;
}

/** As a file that cannot be read: the version is kept, and nothing else. */
function forgetResources(): void {
  f.disk.acked.resources.clear();
  f.disk.acked.checksum = 0n;
}

describe('the agent', () => {
  it('guards unknown pods before it knows anything', () => {
    const { localPods, config } = f.kernel.content;
    expect([localPods.size, config.size]).toEqual([1, 1]);
  });

  it('maps a pod once both the hub and the container runtime have named it', async () => {
    expect(await f.agent.push(snapshotPush(BASIC, { 0: 1 }))).toMatchObject({
      kind: 'ack',
      mapped: [],
    });
    expect(meaningOf(f.kernel.content)).toMatchObject({
      pods: {},
      guards: { unknown: '198.51.100.0/24:', selected: '198.51.100.0/24:' },
    });
    const { uids } = await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    expect(uids).toEqual(['a']);
    expect(meaningOf(f.kernel.content)).toMatchObject({
      pods: { '10.1.0.5': ['selected', `${NAT} 1024 via 198.51.100.0/24:5432`] },
      blocks: { [`${NAT} 1024`]: '10.1.0.5' },
      interfaces: { 10: '10.1.0.5' },
    });
    expect(f.agent.portRange('a')).toEqual({ from: 32768, to: 33535 });
  });

  it('says in the ack which pods came into force with the push', async () => {
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    expect(meaningOf(f.kernel.content).pods).toEqual({});
    expect(await f.agent.push(snapshotPush(BASIC, { 0: 1 }))).toMatchObject({ mapped: ['a'] });
    expect(await f.agent.push(snapshotPush(BASIC, { 0: 2 }))).toMatchObject({ mapped: [] });
  });

  it('lets an unselected pod pass and holds a selected one without a berth', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'b', '10.1.0.6'));
    await f.agent.addPod(attachment(f.kernel, 'c', '10.1.0.7'));
    expect(meaningOf(f.kernel.content).pods).toEqual({
      '10.1.0.6': ['not selected'],
      '10.1.0.7': ['selected', 'none via 198.51.100.0/24:5432'],
    });
    expect([f.agent.podState('b'), f.agent.podState('c')]).toEqual(['unselected', 'unmapped']);
  });

  it('treats a berth whose address it does not know as none', async () => {
    await f.agent.push(snapshotPush(changed(BASIC, [`address/${NAT}`, null]), { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    expect(f.agent.podState('a')).toBe('unmapped');
    expect(await f.agent.push(snapshotPush(BASIC, { 0: 2 }))).toMatchObject({ mapped: ['a'] });
  });

  it('never lets a reused IP inherit a berth', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    f.kernel.onStep = () => {
      for (const { ip, returnsTo } of mappedPlaces(f.kernel.content)) expect(returnsTo).toBe(ip);
    };
    await f.agent.addPod(attachment(f.kernel, 'x', '10.1.0.5'));
    expect(meaningOf(f.kernel.content)).toMatchObject({ pods: {}, blocks: {} });
    expect([...f.disk.pods.keys()]).toEqual(['x']);
    await f.agent.removePod('a');
    expect([...f.disk.pods.keys()]).toEqual(['x']);
  });

  it('takes what a stranger left on the IP of a new pod away, even before any push', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    f.disk.pods.clear();
    forgetResources();
    await f.restart();
    expect(Object.keys(meaningOf(f.kernel.content).pods)).toEqual(['10.1.0.5']);
    await f.agent.addPod(attachment(f.kernel, 'x', '10.1.0.5'));
    expect(meaningOf(f.kernel.content).pods).toEqual({});
  });

  it('forgets a deleted pod, twice if asked, and one that it never knew', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    await f.agent.removePod('a');
    await f.agent.removePod('a');
    await f.agent.removePod('z');
    expect(meaningOf(f.kernel.content)).toMatchObject({ pods: {}, blocks: {}, interfaces: {} });
    expect([f.kernel.attached.size, f.disk.pods.size]).toEqual([0, 0]);
  });

  it('keeps the sandbox that a pod has when its last one is deleted again', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5', 'veth-1'));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.6', 'veth-2'));
    await f.agent.removePod('a', { ip: parseIp('10.1.0.5') });
    await f.agent.removePod('a', { hostInterface: 'veth-1' });
    expect(Object.keys(meaningOf(f.kernel.content).pods)).toEqual(['10.1.0.6']);
    await f.agent.removePod('a', { ip: parseIp('10.1.0.6'), hostInterface: 'veth-2' });
    expect(meaningOf(f.kernel.content).pods).toEqual({});
  });

  it('does nothing for the same add again, and follows a pod to another IP', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    const pod = attachment(f.kernel, 'a', '10.1.0.5');
    await f.agent.addPod(pod);
    const { writes } = f.kernel;
    expect((await f.agent.addPod(pod)).uids).toEqual([]);
    expect(f.kernel.writes).toBe(writes);
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.9'));
    expect(Object.keys(meaningOf(f.kernel.content).pods)).toEqual(['10.1.0.9']);
  });

  it('refuses a pod without an interface, and leaves it unknown', async () => {
    const pod = { ...attachment(f.kernel, 'a', '10.1.0.5'), hostInterface: 'nowhere' };
    await expect(f.agent.addPod(pod)).rejects.toThrow('BERTH_DATAPATH_ATTACH');
    expect(f.disk.pods.size).toBe(0);
  });

  it('changes a policy by a new set to which the pods flip', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    const seen = new Set<string>();
    f.kernel.onStep = () => {
      seen.add(String(meaningOf(f.kernel.content).pods['10.1.0.5']?.[1]));
    };
    const policy = [{ to: '198.51.100.0/24', port: 5432 }, { to: '192.0.2.0/24' }];
    const next = changed(BASIC, policyResource('shop/pay', policy));
    await f.agent.push(deltaPush(BASIC, next, { 0: 2 }));
    expect([...seen]).toEqual([
      `${NAT} 1024 via 198.51.100.0/24:5432`,
      `${NAT} 1024 via 192.0.2.0/24: 198.51.100.0/24:5432`,
    ]);
    expect(meaningOf(f.kernel.content).policies).toHaveLength(1);
  });

  it('shares one set between policies that say the same', async () => {
    const next = changed(
      BASIC,
      policyResource('bank/pay', [{ to: '198.51.100.0/24', port: 5432 }]),
    );
    await f.agent.push(snapshotPush(next, { 0: 1 }));
    expect(meaningOf(f.kernel.content).policies).toHaveLength(1);
    await f.agent.push(deltaPush(next, BASIC, { 0: 2 }));
    expect(meaningOf(f.kernel.content).policies).toHaveLength(1);
  });

  it('routes blocks of other nodes, and its own pods directly', async () => {
    const steering = changed(
      BASIC,
      nodeResource('node-1', '10.0.0.1', '02:00:00:00:00:01'),
      nodeResource('node-2', '10.0.0.2', '02:00:00:00:00:02'),
      addressResource(NAT, ['node-1']),
      blockResource(NAT, 1024, 'node-1'),
      blockResource(NAT, 2048, 'node-2'),
    );
    await f.agent.push(snapshotPush(steering, { 0: 1 }));
    expect(meaningOf(f.kernel.content)).toMatchObject({
      blocks: { [`${NAT} 2048`]: 'node 10.0.0.2 02:00:00:00:00:02' },
      addresses: { [NAT]: '1024 true' },
    });
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    expect(meaningOf(f.kernel.content).blocks[`${NAT} 1024`]).toBe('10.1.0.5');
    const moved = changed(steering, nodeResource('node-2', '10.0.0.2', '02:00:00:00:00:99'));
    await f.agent.push(deltaPush(steering, moved, { 0: 2 }));
    expect(meaningOf(f.kernel.content).blocks[`${NAT} 2048`]).toContain('02:00:00:00:00:99');
  });

  it('moves an address to another block size without mixing the two', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    const next = changed(
      BASIC,
      podResource('a', [{ policy: 'shop/pay', nat: NAT, base: 512, size: 512 }]),
      addressResource(NAT, [], 512),
    );
    f.kernel.onStep = () => {
      for (const { ip, place, returnsTo } of mappedPlaces(f.kernel.content)) {
        expect([place, [ip, null]]).toEqual([place, expect.arrayContaining([returnsTo])]);
      }
    };
    expect(await f.agent.push(deltaPush(BASIC, next, { 0: 2 }))).toMatchObject({ kind: 'ack' });
    expect(meaningOf(f.kernel.content).blocks).toEqual({ [`${NAT} 512`]: '10.1.0.5' });
  });
});

describe('a push that cannot be applied', () => {
  const NEXT = changed(
    BASIC,
    policyResource('shop/pay', [{ to: '192.0.2.0/24' }]),
    addressResource('203.0.113.18'),
    podResource('a', [{ policy: 'shop/pay', nat: '203.0.113.18', base: 1024 }]),
  );

  it.each([0, 1, 2, 3, 4, 5])(
    'is repaired when it could not be taken back (change %i)',
    async (at) => {
      await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
      await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
      const before = meaningOf(f.kernel.content);
      f.kernel.failAfter = at;
      const answer = await f.agent.push(deltaPush(BASIC, NEXT, { 0: 2 }, 9));
      f.kernel.failAfter = null;
      expect(answer).toMatchObject({ kind: 'nack', code: 'BERTH_DATAPATH_FULL' });
      expect(f.agent.held().version).toEqual({ 0: 1 });
      await f.agent.checkTables();
      expect(meaningOf(f.kernel.content)).toEqual(before);
      expect(await f.agent.push(snapshotPush(NEXT, { 0: 2 }))).toMatchObject({ kind: 'ack' });
    },
  );

  it('is refused when a table is full, and what was in force stays', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    f.kernel.room.set('addresses', 1);
    const next = changed(BASIC, addressResource('203.0.113.18'));
    expect(await f.agent.push(deltaPush(BASIC, next, { 0: 2 }))).toMatchObject({
      kind: 'nack',
      code: 'BERTH_DATAPATH_FULL',
    });
    expect(f.agent.podState('a')).toBe('mapped');
  });

  it('is refused when it gives one block to two pods', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    await f.agent.addPod(attachment(f.kernel, 'c', '10.1.0.7'));
    const next = changed(BASIC, podResource('c', [{ policy: 'shop/pay', nat: NAT, base: 1024 }]));
    const before = copyOf(f.kernel.content);
    expect(await f.agent.push(deltaPush(BASIC, next, { 0: 2 }))).toMatchObject({
      kind: 'nack',
      code: 'BERTH_LINK_BAD_MESSAGE',
    });
    expect(differsFrom(f.kernel.content, before)).toEqual([]);
  });

  it('is refused when the disk does not take it', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    const before = meaningOf(f.kernel.content);
    f.disk.failure = new Error('no space left');
    const next = changed(BASIC, ['pod/a', null]);
    expect(await f.agent.push(deltaPush(BASIC, next, { 0: 2 }))).toMatchObject({
      kind: 'nack',
      code: 'BERTH_AGENT_FAILED',
    });
    expect(meaningOf(f.kernel.content)).toEqual(before);
  });

  it('is refused when it is older than what the node has, also after a restart', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 5 }));
    await f.restart();
    expect(await f.agent.push(snapshotPush(new Map(), { 0: 4 }))).toMatchObject({
      kind: 'nack',
      code: 'BERTH_AGENT_BEHIND',
    });
    expect(meaningOf(f.kernel.content).policies).toHaveLength(1);
  });
});

describe('a restarted agent', () => {
  const MANY = changed(
    BASIC,
    policyResource('shop/other', [{ to: '192.0.2.0/24' }]),
    addressResource('203.0.113.18', ['node-1'], 256),
    nodeResource('node-2', '10.0.0.2', '02:00:00:00:00:02'),
    blockResource('203.0.113.18', 1024, 'node-2', 256),
  );

  it('changes nothing in a kernel that is as it left it', async () => {
    // Numbers that a new node would not give out: the first ones are free again.
    await f.agent.push(snapshotPush(changed(MANY, ['policy/shop/pay', null]), { 0: 1 }));
    await f.agent.push(snapshotPush(MANY, { 0: 2 }));
    await f.agent.push(snapshotPush(changed(MANY, ['policy/shop/other', null]), { 0: 3 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    const before = copyOf(f.kernel.content);
    const { writes } = f.kernel;
    expect((await f.restart()).uids).toEqual(['a']);
    expect([f.kernel.writes - writes, differsFrom(f.kernel.content, before)]).toEqual([0, []]);
    await f.agent.push(snapshotPush(changed(MANY, ['policy/shop/other', null]), { 0: 4 }));
    expect([f.kernel.writes - writes, differsFrom(f.kernel.content, before)]).toEqual([0, []]);
  });

  it('keeps what it does not know until the hub has spoken', async () => {
    await f.agent.push(snapshotPush(MANY, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    forgetResources();
    const before = meaningOf(f.kernel.content);
    await f.restart();
    await f.agent.checkTables();
    expect(meaningOf(f.kernel.content)).toEqual(before);
    const { writes } = f.kernel;
    await f.agent.push(snapshotPush(MANY, { 0: 2 }));
    expect(f.kernel.writes).toBe(writes);
    await f.agent.push(snapshotPush(BASIC, { 0: 3 }));
    expect(meaningOf(f.kernel.content).policies).toHaveLength(1);
  });

  it('removes what nobody knows with the first push', async () => {
    await f.agent.push(snapshotPush(MANY, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    forgetResources();
    f.disk.pods.clear();
    await f.restart();
    await f.agent.push(snapshotPush(BASIC, { 0: 2 }));
    expect(meaningOf(f.kernel.content)).toMatchObject({ pods: {}, blocks: {}, nodes: [] });
  });

  it('serves known pods before it has found a hub', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.restart();
    expect((await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'))).uids).toEqual(['a']);
  });

  it('gives an address to the last pod that had it, whatever a failed write left', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    const failed = attachment(f.kernel, 'x', '10.1.0.5');
    f.disk.failure = new Error('written, and yet refused');
    await expect(f.agent.addPod(failed)).rejects.toThrow('written');
    f.disk.pods.set('x', failed);
    f.disk.failure = null;
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    expect((await f.restart()).uids).toEqual(['a']);
    expect([...f.disk.pods.keys()]).toEqual(['a']);
  });

  it('keeps a pod whose interface is gone until it is deleted', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    f.kernel.interfaces.clear();
    await f.restart();
    expect(f.agent.podState('a')).toBe('mapped');
    await f.agent.removePod('a');
    expect(meaningOf(f.kernel.content).pods).toEqual({});
  });
});

describe('the table check', () => {
  it('repairs what another hand changed, added or removed', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.5'));
    const good = copyOf(f.kernel.content);
    const [pod = ''] = f.kernel.content.pods.keys();
    f.kernel.content.pods.delete(pod);
    f.kernel.content.addresses.set('00'.repeat(16), new Uint8Array(4));
    for (const key of f.kernel.content.policies.keys()) {
      f.kernel.content.policies.set(key, new Uint8Array(52));
    }
    await f.agent.checkTables();
    expect(differsFrom(f.kernel.content, good)).toEqual([]);
    const { writes } = f.kernel;
    await f.agent.checkTables();
    expect(f.kernel.writes).toBe(writes);
  });
});
