/**
 * Why an entry of a topic is nothing that any version of Berth wrote, or is to be passed over. All
 * readers refuse the same ones: a refused entry changes nothing anywhere, and is kept for people as
 * a dead letter.
 */
export type RefusedBecause =
  /** What lies there is not what an append makes: no value, not JSON, headers that contradict. */
  | 'bytes'
  /** Around the body: a field that is missing, strange, or of another kind. */
  | 'envelope'
  /** The same in the body of a type that is known. */
  | 'body'
  /** Its id is not the hash of what it says. */
  | 'id'
  /** Its key is not that of the aggregate that it names. */
  | 'key'
  /** It lies in a partition that is not its key's. */
  | 'partition'
  /** People said that it is to be passed over. */
  | 'ruling';

export interface Refusal {
  readonly because: RefusedBecause;
  /** For people: where, and what is wrong. */
  readonly reason: string;
  /** Where the adapter could not make an entry of it. */
  readonly raw?: RawRecord;
}

/** As it lies in the topic. */
export interface RawRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}
