/**
 * Notices that an interface went and came again: under the same name it is another one, without our
 * programs. Asking the kernel for the number of a name costs some microseconds, so it is asked
 * often, and a device that comes back is ours again before it has addresses and routes. What
 * else may happen to a program on a device that stays is for the slow check (keep-attached.ts).
 */
import type { Hooks } from '../ports/datapath/port.ts';
import type { Clock } from '../runtime/clock.ts';

export interface WatchedInterfaces {
  readonly everyMs: number;
  /** Each that is to be there, with the number that it had when our programs came on it. */
  readonly known: () => Iterable<readonly [name: string, ifindex: number | null]>;
  /** It is there, and is another one. Has to know the new number afterwards, or is called again. */
  readonly cameBack: (interfaceName: string) => Promise<void>;
}

/** Until the signal is aborted. */
export async function watchInterfaces(
  { everyMs, known, cameBack }: WatchedInterfaces,
  { hooks, clock }: { readonly hooks: Hooks; readonly clock: Clock },
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    for (const [name, before] of known()) {
      const ifindex = indexOf(name, hooks);
      if (ifindex !== null && ifindex !== before) await cameBack(name);
    }
    await clock.sleep(everyMs, stop);
  }
}

/** Null: it is gone. */
export function indexOf(interfaceName: string, hooks: Hooks): number | null {
  try {
    return hooks.interfaceIndex(interfaceName);
  } catch {
    return null;
  }
}
