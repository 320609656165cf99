/** What a courier says of its pushes on the status board: each target's, whenever one has ended. */
import type { TargetName } from '../contract/identity.ts';
import type { SaidPart, Speaker } from '../runtime/status-board.ts';
import type { PushStates } from './push-states.ts';

export interface PushWords {
  /** These states, heard. */
  readonly states: PushStates;
  readonly speaker: Speaker;
}

const MESSAGE_MAX = 2_000;

export function createPushWords(states: PushStates): PushWords {
  const changed = new Set<TargetName>();
  let onNews = (): void => undefined;
  const heard = (target: TargetName): void => {
    changed.add(target);
    onNews();
  };

  function news(): SaidPart[] {
    const pushes = new Map(
      states.statuses().map(({ target, message, ...push }) => {
        return [target, { ...push, message: message?.slice(0, MESSAGE_MAX) ?? null }];
      }),
    );
    const said = Array.from(changed, (target): SaidPart => {
      const push = pushes.get(target) ?? null;
      // Of two couriers the one that pushed last is right, so nothing is said twice.
      return { part: `push/${target}`, word: { type: 'Push', target, push }, once: true };
    });
    changed.clear();
    return said;
  }

  return {
    states: {
      ...states,
      readBack: (target, nowMs) => {
        states.readBack(target, nowMs);
        heard(target);
      },
      succeeded: (target, nowMs) => {
        states.succeeded(target, nowMs);
        heard(target);
      },
      failed: (target, error, nowMs) => {
        states.failed(target, error, nowMs);
        heard(target);
      },
      confirmed: (target, timeMs) => {
        const isFailing = states.statuses().some((each) => each.target === target && each.message);
        states.confirmed(target, timeMs);
        if (isFailing) heard(target);
      },
      forget: (target) => {
        states.forget(target);
        heard(target);
      },
    },
    speaker: {
      news,
      onNews: (listener) => {
        onNews = listener;
      },
    },
  };
}
