/**
 * How each target's last push went, for people and for the breaker: a target that fails waits in a
 * queue of its own, so that one that hangs never stands in the way of one that answers. In memory:
 * a new process asks every target once.
 */
import { describeError, type ErrorCode, isBerthError } from '../contract/errors.ts';
import type { TargetName } from '../contract/identity.ts';

export interface PushStatus {
  readonly target: TargetName;
  /** Null: what is wanted was in force when it was last read back. */
  readonly code: ErrorCode | null;
  /** For people: code, what is wrong, what to do. */
  readonly message: string | null;
  /** Since when it is so; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When the target last said what is in force; null: not since the process started. */
  readonly readBackAtMs: number | null;
}

export interface PushStates {
  isFailing(target: TargetName): boolean;
  readBack(target: TargetName, nowMs: number): void;
  succeeded(target: TargetName, nowMs: number): void;
  failed(target: TargetName, error: unknown, nowMs: number): void;
  /** It is no target of the courier's any more. */
  forget(target: TargetName): void;
  statuses(): readonly PushStatus[];
}

interface PushState {
  error: { readonly code: ErrorCode | null; readonly message: string } | null;
  sinceMs: number;
  readBackAtMs: number | null;
}

export function createPushStates(): PushStates {
  const states = new Map<TargetName, PushState>();

  function stateOf(target: TargetName, nowMs: number): PushState {
    const state = states.get(target) ?? { error: null, sinceMs: nowMs, readBackAtMs: null };
    states.set(target, state);
    return state;
  }

  return {
    isFailing: (target) => states.get(target)?.error != null,
    readBack: (target, nowMs) => {
      stateOf(target, nowMs).readBackAtMs = nowMs;
    },
    succeeded: (target, nowMs) => {
      const state = stateOf(target, nowMs);
      if (state.error !== null) state.sinceMs = nowMs;
      state.error = null;
    },
    failed: (target, error, nowMs) => {
      const state = stateOf(target, nowMs);
      const code = isBerthError(error) ? error.code : null;
      if (state.error === null || state.error.code !== code) state.sinceMs = nowMs;
      state.error = { code, message: describeError(error) };
    },
    forget: (target) => {
      states.delete(target);
    },
    statuses: () =>
      [...states].map(([target, { error, sinceMs, readBackAtMs }]) => ({
        target,
        code: error?.code ?? null,
        message: error?.message ?? null,
        sinceMs,
        readBackAtMs,
      })),
  };
}
