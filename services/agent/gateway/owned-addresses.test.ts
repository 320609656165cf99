/** What is announced, and when: hosts go on sending to where an address was announced last. */
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { type IpAddress, parseIp } from '../../contract/ip-address.ts';
import { jsonLog } from '../../runtime/log.ts';
import { createMembership } from './membership.ts';
import { createOwnedAddresses } from './owned-addresses.ts';

const ADDRESS = parseIp('203.0.113.16');

describe('a gateway announces', () => {
  function gateway(inKernel: readonly IpAddress[]) {
    const clock = manualClock();
    const announced: IpAddress[][] = [];
    const kernel = new Set(inKernel);
    const state = { keeps: false };
    const owned = createOwnedAddresses({
      clock,
      log: jsonLog({ level: 'silent' }),
      membership: createMembership('g1', clock.nowMs()),
      announcements: {
        announce: (addresses) => {
          const those = [...addresses];
          if (those.length > 0) announced.push(those);
        },
        stop: () => undefined,
      },
      owned: () => kernel,
      keeps: () => state.keeps,
    });
    return { owned, announced, kernel, state };
  }

  it('what it took, once', () => {
    const { owned, announced, kernel, state } = gateway([]);
    owned.look();
    kernel.add(ADDRESS);
    state.keeps = true;
    owned.look();
    owned.look();
    expect(announced).toEqual([[ADDRESS]]);
  });

  it('what its kernel had at its start, as soon as it means to keep it', () => {
    const { owned, announced, state } = gateway([ADDRESS]);
    owned.look();
    expect(announced).toEqual([]);
    state.keeps = true;
    owned.look();
    owned.look();
    expect(announced).toEqual([[ADDRESS]]);
  });

  it('what it meant to give away, and then keeps after all', () => {
    const { owned, announced, state } = gateway([ADDRESS]);
    for (const keeps of [true, false, true]) {
      state.keeps = keeps;
      owned.look();
    }
    expect(announced).toEqual([[ADDRESS], [ADDRESS]]);
  });
});
