/**
 * The ACL gate in the demo: tells when an EgressNat gets a further address and when the targets
 * have it, and what the report says of it. That no pod used an address before its target had it is
 * counted by the targets themselves, packet by packet; without a lab nobody can count it.
 */
import type { Status, TargetStatus } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Control } from './control.ts';
import type { Report } from './report.ts';
import type { Witnesses } from './stage.ts';

const LOOK_EVERY_MS = 250;

/** Addresses that every target which is to have them has confirmed. */
export function admittedAddresses(targets: readonly TargetStatus[]): readonly string[] {
  const waiting = new Set(targets.flatMap(({ needsEntry }) => needsEntry.map((e) => e.address)));
  const wanted = new Set(targets.flatMap(({ wanted: { addresses } }) => addresses));
  return [...wanted].filter((address) => !waiting.has(address)).sort();
}

export function aclGateReport(
  { targets }: Status,
  witnesses: Witnesses | null,
): NonNullable<Report['aclGate']> {
  return {
    addressesAdmitted: admittedAddresses(targets).length,
    ...(witnesses === null ? {} : { usedBeforeAdmitted: witnesses.refusedNatPackets }),
  };
}

/** Until the signal is aborted: each address beyond the first, when its targets have it. */
export async function tellAdmissions(
  {
    control,
    clock,
    news,
  }: {
    readonly control: Control;
    readonly clock: Clock;
    readonly news: (line: string) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const known = new Set<string>();
  let isFirstLook = true;
  while (!signal.aborted) {
    const status = await control.ask();
    for (const address of admittedAddresses(status?.targets ?? [])) {
      if (known.has(address)) continue;
      known.add(address);
      if (!isFirstLook) news(`${address} is in the ACLs of its targets; pods may use it`);
    }
    if (status !== null) isFirstLook = false;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
