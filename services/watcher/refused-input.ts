/**
 * Input that a watcher refused, as it says it on the status board: counted, and the newest ones in
 * words, each a record of its own that a later one takes the place of.
 */
import type { Problem } from '../ports/source/port.ts';
import { describeProblem } from '../ports/source/problem.ts';
import type { SaidPart, Speaker } from '../runtime/status-board.ts';

export interface RefusedInput {
  add(problem: Problem): void;
  readonly speaker: Speaker;
}

const KEPT_MAX = 100;
const TEXT_MAX = 2_000;

export function createRefusedInput(): RefusedInput {
  const unsaid = new Map<number, SaidPart>();
  let count = 0;
  let onNews = (): void => undefined;
  return {
    add: (problem) => {
      count += 1;
      const place = count % KEPT_MAX;
      const text = describeProblem(problem).slice(0, TEXT_MAX);
      const word = { type: 'RefusedInput', number: count, text } as const;
      // At the end: they are said in the order of their numbers.
      unsaid.delete(place);
      unsaid.set(place, { part: `refused-input/${place}`, word });
      onNews();
    },
    speaker: {
      news: () => {
        const news = [...unsaid.values()];
        unsaid.clear();
        return news;
      },
      onNews: (listener) => {
        onNews = listener;
      },
    },
  };
}
