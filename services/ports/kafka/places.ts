/** Where a record stands, and how one that was read looks: bytes, as they lie in the topic. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
  /** The broker's append time where the topic says LogAppendTime: milliseconds since the epoch. */
  readonly timeMs: number;
}

export interface StoredRecord extends Place {
  readonly key: string;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}
