/**
 * A ruling: people say that one record of the history is to be passed over, because no version
 * knows what it means. It lies outside that log and is read before any fold, the same by all
 * processes; it holds for ever, also for versions that come to know the type.
 */
export interface Ruling {
  readonly topic: 'berth.events';
  readonly partition: number;
  readonly offset: number;
  /** Of the record that stands there: another one is not meant. */
  readonly id: string;
}
