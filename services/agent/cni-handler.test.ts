/** What the CNI socket's handler asks of the agent. */
import { expect, it, vi } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { startAgent } from './agent-fixtures.ts';
import { createCniHandler } from './cni-handler.ts';
import { addressResource, blockResource, snapshotPush } from './link-fixtures.ts';

it('the status is counted: however full the tables are, none is read for it', async () => {
  const { agent, kernel } = await startAgent();
  const nat = '203.0.113.17';
  const resources = new Map([addressResource(nat), blockResource(nat, 1024, 'node-1')]);
  await agent.push(snapshotPush(resources, { 0: 1 }));
  const link = { gatewaysAt: async () => true, mapped: () => undefined };
  const handler = createCniHandler(
    {},
    { agent, link, clock: systemClock(), heldBack: { sums: () => [] }, gateway: null },
  );
  const reads = [vi.spyOn(kernel.tables, 'dump'), vi.spyOn(kernel.tables, 'read')];
  const { entries } = await handler.status();
  const used = Object.entries(kernel.content).map(([table, held]) => [table, held.size]);
  expect(entries).toEqual(Object.fromEntries(used));
  expect(entries['addresses']).toBe(1);
  for (const read of reads) expect(read).not.toHaveBeenCalled();
});
