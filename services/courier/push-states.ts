/**
 * How each target's last push went, for people: as far as this process did it, and of late. Others
 * may have pushed since; what they had to report is in the log.
 */
import { describeError, type ErrorCode, isBerthError } from '../contract/errors.ts';
import type { TargetName } from '../contract/identity.ts';
import type { Clock } from '../runtime/clock.ts';

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
  readBack(target: TargetName, nowMs: number): void;
  succeeded(target: TargetName, nowMs: number): void;
  failed(target: TargetName, error: unknown, nowMs: number): void;
  /** Somebody, maybe another, found what is wanted in force. */
  confirmed(target: TargetName, timeMs: number): void;
  /** It is no target of the courier's any more. */
  forget(target: TargetName): void;
  statuses(): readonly PushStatus[];
}

interface PushState {
  error: { readonly code: ErrorCode | null; readonly message: string } | null;
  sinceMs: number;
  readBackAtMs: number | null;
  touchedMs: number;
}

/** A target that fell to others for so long is theirs to tell of. */
const TOLD_FOR_MS = 900_000;

export function createPushStates({ nowMs: now }: Pick<Clock, 'nowMs'>): PushStates {
  const states = new Map<TargetName, PushState>();

  function stateOf(target: TargetName, nowMs: number): PushState {
    const nothing = { error: null, sinceMs: nowMs, readBackAtMs: null, touchedMs: nowMs };
    const state = states.get(target) ?? nothing;
    state.touchedMs = nowMs;
    states.set(target, state);
    return state;
  }

  return {
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
    confirmed: (target, timeMs) => {
      const state = states.get(target);
      if (state === undefined || state.error === null) return;
      state.error = null;
      state.sinceMs = timeMs;
    },
    forget: (target) => {
      states.delete(target);
    },
    statuses: () => {
      const told = [...states].filter(([, { touchedMs }]) => now() - touchedMs <= TOLD_FOR_MS);
      return told.map(([target, { error, sinceMs, readBackAtMs }]) => ({
        target,
        code: error?.code ?? null,
        message: error?.message ?? null,
        sinceMs,
        readBackAtMs,
      }));
    },
  };
}
