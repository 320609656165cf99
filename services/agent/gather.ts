/**
 * Many callers, one change: what is asked while the tables are busy or the disk is waited for is
 * gathered, and taken in one turn, so that the price of the disk is shared. Each caller has its
 * own answer. Bounded by who can ask, as the turns are.
 */
import type { Turns } from './turns.ts';

/** Answers as many, in the order of what was asked. */
export type TakeAll<Asked, Answer> = (
  asked: readonly Asked[],
) => Promise<readonly PromiseSettledResult<Answer>[]>;

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

export function createGathering<Asked, Answer>(
  turns: Turns,
  takeAll: TakeAll<Asked, Answer>,
): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = [];

  async function takeTurn(): Promise<void> {
    const taken = waiting;
    waiting = [];
    try {
      const answers = await takeAll(taken.map(({ asked }) => asked));
      for (const [index, { resolve, reject }] of taken.entries()) {
        const answer = answers[index];
        if (answer?.status === 'fulfilled') resolve(answer.value);
        else reject(answer?.reason);
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }

  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject });
      if (waiting.length === 1) void turns.take(takeTurn);
    });
}
