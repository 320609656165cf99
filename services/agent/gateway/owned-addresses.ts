/**
 * What this gateway answers for, as its kernel has it: tells what was taken and lost since the last
 * look, announces, and wakes those who wait for it. Announced is what was taken; what this gateway
 * did not mean to keep and now does (at its start too: it may have been gone while its kernel had
 * it); and what another gateway had beside this one and has let go of. Hosts may still send each of
 * these to another gateway, which steers it only as long as it lives.
 */
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Announcements } from './announcements.ts';
import type { Membership } from './membership.ts';

export interface OwnedAddresses {
  readonly known: ReadonlySet<IpAddress>;
  /** True where it has changed. */
  look(): boolean;
  /** Looks whenever something has changed; false where it did not become so in time. */
  until(isSo: () => boolean, timeoutMs: number): Promise<boolean>;
}

export interface OwnedAddressesComponents {
  readonly clock: Clock;
  readonly log: Log;
  readonly membership: Membership;
  readonly announcements: Announcements;
  readonly owned: () => ReadonlySet<IpAddress>;
  /** Whether this gateway means to keep what it has. */
  readonly keeps: (address: IpAddress) => boolean;
}

export function createOwnedAddresses({
  clock,
  log,
  membership,
  announcements,
  owned,
  keeps,
}: OwnedAddressesComponents): OwnedAddresses {
  let known: ReadonlySet<IpAddress> = new Set(owned());
  let kept: ReadonlySet<IpAddress> = new Set();
  let contested: ReadonlySet<IpAddress> = new Set();
  const waiting = new Set<() => void>();

  membership.setHeld(known);

  function wake(): void {
    for (const each of waiting) each();
    waiting.clear();
  }

  return {
    get known() {
      return known;
    },
    look() {
      const now = new Set(owned());
      const taken = now.difference(known);
      const lost = known.difference(now);
      const also = new Set([...now].filter(membership.alsoOwnedBy));
      const alone = contested.difference(also).intersection(now);
      contested = also;
      known = now;
      membership.setHeld(now);
      const keptNow = new Set([...now].filter(keeps));
      announcements.announce(taken.union(alone).union(keptNow.difference(kept)));
      kept = keptNow;
      wake();
      if (taken.size === 0 && lost.size === 0) return false;
      log.info({ taken: [...taken], lost: [...lost], owned: now.size }, 'owns other addresses');
      return true;
    },
    async until(isSo, timeoutMs) {
      const endMs = clock.nowMs() + timeoutMs;
      while (!isSo()) {
        const leftMs = endMs - clock.nowMs();
        if (leftMs <= 0) return false;
        const woken = Promise.withResolvers<void>();
        const cancel = clock.after(leftMs, woken.resolve);
        waiting.add(woken.resolve);
        await woken.promise;
        waiting.delete(woken.resolve);
        cancel();
      }
      return true;
    },
  };
}
