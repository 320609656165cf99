/** Pods that are announced at once: one wait for the disk, and an outcome as of one by one. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type AgentFixture, attachment, startAgent } from './agent-fixtures.ts';
import { addressResource, podResource, policyResource, snapshotPush } from './link-fixtures.ts';

const NAT = '203.0.113.17';
const BASIC = new Map([
  podResource('a', [{ policy: 'shop/pay', nat: NAT, base: 1024 }]),
  podResource('b', null),
  podResource('c', [{ policy: 'shop/pay' }]),
  policyResource('shop/pay', [{ to: '198.51.100.0/24', port: 5432 }]),
  policyResource('unknown', [{ to: '198.51.100.0/24' }]),
  policyResource('selected', [{ to: '198.51.100.0/24' }]),
  addressResource(NAT),
]);
let f: AgentFixture;
beforeEach(async () => {
  f = await startAgent();
});

describe('pods that are announced at once', () => {
  it('wait for the disk together, each with its own answer', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    await f.agent.addPod(attachment(f.kernel, 'c', '10.1.0.7'));
    const nowhere = { ...attachment(f.kernel, 'x', '10.1.0.8'), hostInterface: 'nowhere' };
    const before = f.disk.writes;
    const answers = await Promise.allSettled([
      f.agent.removePod('c'),
      f.agent.addPod(attachment(f.kernel, 'a', '10.1.0.7')),
      f.agent.addPod(nowhere),
      f.agent.addPod(attachment(f.kernel, 'b', '10.1.0.6')),
    ]);
    expect(f.disk.writes - before).toBe(1);
    expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value)).toEqual([
      undefined,
      { uids: ['a'], readBackAtMs: 1000 },
      false,
      { uids: [], readBackAtMs: 1000 },
    ]);
    expect([...f.disk.pods.keys()]).toEqual(['a', 'b']);
    expect((await f.restart()).uids).toEqual(['a']);
  });

  it('leave an address to the last of them', async () => {
    await f.agent.push(snapshotPush(BASIC, { 0: 1 }));
    const came = ['a', 'b', 'c'].map((uid) => attachment(f.kernel, uid, '10.1.0.5'));
    await Promise.all(came.map((pod) => f.agent.addPod(pod)));
    expect(['a', 'b', 'c'].map((uid) => f.agent.podAttachment(uid) !== undefined)).toEqual([
      false,
      false,
      true,
    ]);
    expect([...f.disk.pods.keys()]).toEqual(['c']);
  });
});
