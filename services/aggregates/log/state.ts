/**
 * State of `log/<number>`, one for each partition: what a log says of itself. One that was never
 * moved says nothing. A moved one says which logs it goes on from, and whether all of them is here.
 */
import type { AggregateKey } from '../../contract/identity.ts';
import type { LogCut } from '../../contract/records.ts';
import { emptyLedger, type LedgerState } from '../aggregate/ledger-state.ts';

export interface LogState extends LedgerState<never> {
  readonly kind: 'log';
  /** Null: this partition was not begun by a copy. */
  begun: {
    readonly generation: number;
    /** Of the whole log. */
    readonly partitions: number;
    readonly cuts: readonly LogCut[];
  } | null;
  /** All that was copied is here, in this partition and in every other. */
  ended: boolean;
}

export function emptyLog(key: AggregateKey): LogState {
  return { ...emptyLedger<never>(key), kind: 'log', begun: null, ended: false };
}
