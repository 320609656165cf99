/**
 * Which entries the tables shall have, by who wants them there. Several owners may want one entry
 * (policies of equal content share a set); where they disagree, the higher rank has it, and among
 * equals the owner whose name comes first, so that the outcome never depends on order. An entry
 * that nobody wants shall not be there.
 */
import type { TableName } from '../../ports/datapath/port.ts';
import { type Content, emptyContent, type KeyText, keyText, type Ref } from './content.ts';

/** Resource key, attachment, or what the node wants by itself. */
export type Owner = string & { readonly __brand?: 'Owner' };

export interface OwnedEntry {
  readonly table: TableName;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly rank: number;
}

export interface Claims {
  /** All that the owner wants now. Answers the places that this may change. */
  set(owner: Owner, entries: readonly OwnedEntry[]): Ref[];
  /** Null: shall not be there. */
  wanted(ref: Ref): Uint8Array | null;
  /** Everything that shall be there. */
  all(): Content;
}

interface Claim {
  readonly value: Uint8Array;
  readonly rank: number;
}

type Claimants = Map<Owner, Claim>;

export function createClaims(): Claims {
  const places = new Map<string, { readonly ref: Ref; readonly claimants: Claimants }>();
  const owned = new Map<Owner, readonly string[]>();

  function drop(owner: Owner, id: string): Ref | null {
    const place = places.get(id);
    if (place === undefined) return null;
    place.claimants.delete(owner);
    if (place.claimants.size === 0) places.delete(id);
    return place.ref;
  }

  return {
    set(owner, entries) {
      const touched = new Map<string, Ref>();
      for (const id of owned.get(owner) ?? []) {
        const ref = drop(owner, id);
        if (ref !== null) touched.set(id, ref);
      }
      for (const { table, key, value, rank } of entries) {
        const ref: Ref = { table, key: keyText(key) };
        const id = idOf(ref);
        const place = places.get(id) ?? { ref, claimants: new Map<Owner, Claim>() };
        place.claimants.set(owner, { value, rank });
        places.set(id, place);
        touched.set(id, ref);
      }
      if (entries.length === 0) owned.delete(owner);
      else
        owned.set(
          owner,
          entries.map(({ table, key }) => idOf({ table, key: keyText(key) })),
        );
      return [...touched.values()];
    },
    wanted: (ref) => winner(places.get(idOf(ref))?.claimants),
    all() {
      const content = emptyContent();
      for (const { ref, claimants } of places.values()) {
        const value = winner(claimants);
        if (value !== null) content[ref.table].set(ref.key, value);
      }
      return content;
    },
  };
}

function idOf({ table, key }: { readonly table: TableName; readonly key: KeyText }): string {
  return `${table}/${key}`;
}

function winner(claimants: Claimants | undefined): Uint8Array | null {
  let best: { readonly owner: Owner; readonly claim: Claim } | null = null;
  for (const [owner, claim] of claimants ?? []) {
    if (best === null || wins({ owner, claim }, best)) best = { owner, claim };
  }
  return best === null ? null : best.claim.value;
}

function wins(
  a: { readonly owner: Owner; readonly claim: Claim },
  b: { readonly owner: Owner; readonly claim: Claim },
): boolean {
  if (a.claim.rank !== b.claim.rank) return a.claim.rank > b.claim.rank;
  return a.owner < b.owner;
}
