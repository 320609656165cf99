/** Where the tables are not as they shall be. */
import { type Content, type Ref, sameBytes } from './content.ts';

export interface Difference extends Ref {
  readonly present: Uint8Array | null;
  readonly wanted: Uint8Array | null;
}

export type WantedAt = (ref: Ref) => Uint8Array | null;

export function differencesAt(
  refs: Iterable<Ref>,
  wanted: WantedAt,
  present: Content,
): Difference[] {
  const differences = new Map<string, Difference>();
  for (const { table, key } of refs) {
    const difference = {
      table,
      key,
      present: present[table].get(key) ?? null,
      wanted: wanted({ table, key }),
    };
    if (sameBytes(difference.present, difference.wanted)) continue;
    differences.set(`${table}/${key}`, difference);
  }
  return [...differences.values()];
}
