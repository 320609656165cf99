/** What the report says of the ACL gate. */
import { describe, expect, it } from 'vitest';
import type { Status, TargetStatus } from '../../services/console/status.ts';
import { aclGateReport, admittedAddresses } from './acl-gate.ts';

const target = (addresses: readonly string[], waiting: readonly string[] = []): TargetStatus => ({
  name: 'orders-db',
  driver: 'Webhook',
  wanted: { revision: 1, addresses },
  reported: null,
  lost: [],
  needsEntry: waiting.map((address) => {
    return { address, namespace: 'shop', because: 'not-reported' } as const;
  }),
});

describe('the ACL gate', () => {
  it('counts an address once, and only when no target lacks it', () => {
    const both = [target(['203.0.113.16', '203.0.113.17'], ['203.0.113.17'])];
    const manual = target(['203.0.113.17', '203.0.113.16']);
    expect(admittedAddresses([...both, manual])).toEqual(['203.0.113.16']);
  });

  it('says nothing of packets where nobody counts them', () => {
    const status = { targets: [target(['203.0.113.16'])] } as unknown as Status;
    expect(aclGateReport(status, null)).toEqual({ addressesAdmitted: 1 });
    const witnesses = { leakedPackets: 0, natAddressesSeen: [], otherSourcesSeen: [] };
    expect(aclGateReport(status, { ...witnesses, refusedNatPackets: 3 })).toEqual({
      addressesAdmitted: 1,
      usedBeforeAdmitted: 3,
    });
  });
});
