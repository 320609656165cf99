/**
 * Says on the fabric that addresses are here now, a few times: a frame may be lost, and hosts do
 * not believe a change that follows too soon upon another (Linux: one second). What is not owned
 * any more when its time comes is not said again.
 */
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface Announcements {
  announce(addresses: Iterable<IpAddress>): void;
  /** Nothing more is said. */
  stop(): void;
}

export interface AnnouncementsComponents {
  readonly clock: Clock;
  readonly isOwned: (address: IpAddress) => boolean;
  readonly send: (addresses: readonly IpAddress[]) => void;
}

const AGAIN_AFTER_MS = [50, 200, 1_100] as const;

export function createAnnouncements({
  clock,
  isOwned,
  send,
}: AnnouncementsComponents): Announcements {
  /** For each of the times: what is to be said then, so that timers are as few as the times. */
  const waiting = new Set<() => void>();

  function say(addresses: readonly IpAddress[]): void {
    const owned = addresses.filter(isOwned);
    if (owned.length > 0) send(owned);
  }

  return {
    announce(addresses) {
      const those = [...addresses];
      if (those.length === 0) return;
      say(those);
      for (const ms of AGAIN_AFTER_MS) {
        const cancel = clock.after(ms, () => {
          waiting.delete(cancel);
          say(those);
        });
        waiting.add(cancel);
      }
    },
    stop() {
      for (const cancel of waiting) cancel();
      waiting.clear();
    },
  };
}
