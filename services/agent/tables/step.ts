/** One call of the datapath: entries of one table, put or removed, or slots to be made free. */
import type { Entry, TableName } from '../../ports/datapath/port.ts';

export type Step =
  | { readonly kind: 'put'; readonly table: TableName; readonly entries: readonly Entry[] }
  | { readonly kind: 'remove'; readonly table: TableName; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'clear'; readonly first: number; readonly count: number };
