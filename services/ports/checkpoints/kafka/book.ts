/**
 * What a writer knows of the documents of one partition: the furthest checkpoint of each aggregate,
 * the version that is closed, and what may be forgotten. It learns from reading and from its own
 * writing; other writers may have written more, which does no harm (docs/decisions/0059).
 *
 * Only what is behind something whole that this writer has seen is ever forgotten.
 */
import { berthError } from '../../../contract/errors.ts';
import type { AggregateKey } from '../../../contract/identity.ts';
import type { Checkpoint } from '../port.ts';
import { chunkKey, documentName } from './document.ts';
import type { Found, Known } from './shelf.ts';

export interface Book {
  /** The version that is closed; -1: none. */
  readonly version: number;
  /** Aggregate -> the offset of its furthest whole checkpoint. */
  offsets(): ReadonlyMap<AggregateKey, number>;
  /** Those to write: nothing of it goes back, and what is there already is left out. */
  judge(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] | Error;
  wrote(known: Known): void;
  /** Keys of the chunks of all that is superseded; forgotten here once `forgot` is called. */
  superseded(): readonly string[];
  forgot(): void;
}

export function createBook(found: Found): Book {
  /** By name: what is written again after a failure is the same document. */
  const documents = new Map(found.known.map((each) => [documentName(each.id), each]));
  let order = found.known.reduce((most, each) => Math.max(most, each.order), 0);
  const furthest = new Map<AggregateKey, Known>();
  let pass: Known | null = null;
  for (const each of documents.values()) note(each);
  let version = found.version ?? -1;

  function note(each: Known): void {
    if (each.hash === null) return;
    if (each.id.kind === 'pass') {
      if (pass === null || isBehind(pass, each)) pass = each;
      return;
    }
    const name = each.id.name as AggregateKey;
    const best = furthest.get(name);
    if (best === undefined || isBehind(best, each)) furthest.set(name, each);
  }

  function standing({ id }: Known): Known | null {
    return id.kind === 'pass' ? pass : (furthest.get(id.name as AggregateKey) ?? null);
  }

  const isSuperseded = (each: Known): boolean => {
    const best = standing(each);
    return best !== null && best !== each && isBehind(each, best);
  };

  return {
    get version() {
      return version;
    },
    offsets: () => new Map(Array.from(furthest, ([name, { id }]) => [name, id.offset])),
    judge(checkpoints) {
      const next = new Map<AggregateKey, Checkpoint>();
      for (const checkpoint of checkpoints) {
        const { aggregate, position, rules, hash } = checkpoint;
        const { offset } = position;
        const wanted = next.get(aggregate);
        const known = furthest.get(aggregate);
        const have = wanted ?? (known && { ...known.id, position: known.id, hash: known.hash });
        if (have !== undefined && offset < have.position.offset) {
          const details = { aggregate, offset, have: have.position.offset };
          return berthError('BERTH_CHECKPOINT_BACKWARDS', details);
        }
        if (have?.position.offset === offset && have.rules === rules) {
          if (have.hash === hash) continue;
          return berthError('BERTH_FOLD_CHECKPOINT_DIFFERS', { aggregate, offset });
        }
        next.set(aggregate, checkpoint);
      }
      return [...next.values()];
    },
    wrote(known) {
      order += 1;
      const written = { ...known, order };
      documents.set(documentName(known.id), written);
      note(written);
      if (known.id.kind === 'pass' && known.hash !== null) {
        version = Math.max(version, known.id.offset);
      }
    },
    superseded: () =>
      [...documents].flatMap(([name, each]) =>
        isSuperseded(each)
          ? Array.from({ length: each.chunks }, (_, index) => chunkKey(name, index))
          : [],
      ),
    forgot() {
      for (const [name, each] of documents) if (isSuperseded(each)) documents.delete(name);
    },
  };
}

function isBehind(a: Known, b: Known): boolean {
  return a.id.offset < b.id.offset || (a.id.offset === b.id.offset && a.order < b.order);
}
