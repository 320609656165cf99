/** What several requests answer, taken by one: the taker sleeps until there is something. */
export interface Mailbox<Letter> {
  post(letter: Letter): void;
  /** Null: the signal was aborted. */
  take(signal: AbortSignal): Promise<Letter | null>;
}

export function mailbox<Letter>(): Mailbox<Letter> {
  const letters: Letter[] = [];
  let wake: (() => void) | null = null;
  return {
    post(letter) {
      letters.push(letter);
      wake?.();
    },
    async take(signal) {
      while (letters.length === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const woken = (): void => {
            signal.removeEventListener('abort', woken);
            wake = null;
            resolve();
          };
          wake = woken;
          signal.addEventListener('abort', woken);
        });
      }
      return signal.aborted ? null : (letters.shift() ?? null);
    },
  };
}
