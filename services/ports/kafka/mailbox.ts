/** What several requests answer, taken by one: the taker sleeps until there is something. */
import { wakeUp } from '../../runtime/wake.ts';

export interface Mailbox<Letter> {
  post(letter: Letter): void;
  /** Null: the signal was aborted. */
  take(signal: AbortSignal): Promise<Letter | null>;
}

export function mailbox<Letter>(): Mailbox<Letter> {
  const letters: Letter[] = [];
  const wake = wakeUp();
  return {
    post(letter) {
      letters.push(letter);
      wake.all();
    },
    async take(signal) {
      while (letters.length === 0 && !signal.aborted) await wake.next(signal);
      return signal.aborted ? null : (letters.shift() ?? null);
    },
  };
}
