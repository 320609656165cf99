/**
 * Messages to other aggregates: numbered without gaps for each destination when a decision is
 * made, part of the state until a receipt says that the other log has them.
 */
import type { AggregateKey } from '../../contract/identity.ts';
import type { Forward, Message } from '../../contract/messages.ts';
import type { LedgerState } from './ledger-state.ts';

const FIRST_NUMBER = 1;

export function putOut(state: LedgerState, forwards: readonly Forward[]): void {
  for (const forward of forwards) {
    const box = state.outbox.get(forward.to) ?? { next: FIRST_NUMBER, open: [] };
    box.open.push(forward);
    box.next = forward.number + 1;
    state.outbox.set(forward.to, box);
  }
}

/** Forwards are sent in order, so a receipt speaks for all before it too. */
export function takeReceipt(state: LedgerState, to: AggregateKey, number: number): boolean {
  const open = state.outbox.get(to)?.open ?? [];
  const count = open.filter((forward) => forward.number <= number).length;
  open.splice(0, count);
  return count > 0;
}

/** Gives the next numbers to messages: what a decision that sends them must carry. */
export function numberForwards(
  state: LedgerState,
  messages: readonly { readonly to: AggregateKey; readonly message: Message }[],
): Forward[] {
  const next = new Map<AggregateKey, number>();
  return messages.map(({ to, message }) => {
    const number = next.get(to) ?? nextNumber(state, to);
    next.set(to, number + 1);
    return { to, number, message };
  });
}

export function* openForwards(state: LedgerState): Generator<Forward> {
  for (const box of state.outbox.values()) yield* box.open;
}

/** Takes exactly the next number of a source; all others were seen before or come too early. */
export function takeNumber(state: LedgerState, from: AggregateKey, number: number): boolean {
  if (number !== (state.inbox.get(from) ?? FIRST_NUMBER)) return false;
  state.inbox.set(from, number + 1);
  return true;
}

function nextNumber(state: LedgerState, to: AggregateKey): number {
  return state.outbox.get(to)?.next ?? FIRST_NUMBER;
}
