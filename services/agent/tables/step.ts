/** One call of the datapath: entries of one table, put or removed. */
import type { Entry, TableName } from '../../ports/datapath/port.ts';

export type Step =
  | { readonly kind: 'put'; readonly table: TableName; readonly entries: readonly Entry[] }
  | { readonly kind: 'remove'; readonly table: TableName; readonly keys: readonly Uint8Array[] };
