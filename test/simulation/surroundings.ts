/**
 * What every simulated part is given: time, chance, the faults that are on, and where to tell what
 * happened. The first broken rule ends the schedule.
 */
import type { Log } from '../../services/runtime/log.ts';
import type { Dice } from './dice.ts';
import type { Faults } from './options.ts';
import type { Scheduler } from './scheduler.ts';

export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  /** Switched off when the schedule becomes quiet. */
  faults: Faults;
  readonly history: History;
  /**
   * Called when the schedule is over: what killed processes would have held on to for ever, since
   * nobody told them to end.
   */
  readonly atEnd: Set<() => void>;
}

export interface History {
  tell(who: string, what: string): void;
  /** A rule is broken. Only the first counts; the rest follows from it. */
  broken(rule: string, what: string): void;
  readonly violation: string | null;
  lines(): readonly string[];
}

const LINES_MAX = 4000;

export function createHistory(scheduler: Scheduler): History {
  const lines: string[] = [];
  const startMs = scheduler.nowMs;
  let violation: string | null = null;

  function tell(who: string, what: string): void {
    const seconds = ((scheduler.nowMs - startMs) / 1000).toFixed(3);
    if (lines.length >= LINES_MAX) lines.splice(0, LINES_MAX / 2);
    lines.push(`${seconds.padStart(9)} ${who}: ${what}`);
  }

  return {
    tell,
    broken(rule, what) {
      if (violation !== null) return;
      violation = `${rule}: ${what}`;
      tell('RULE BROKEN', violation);
    },
    get violation() {
      return violation;
    },
    lines: () => lines,
  };
}

/** Warnings and errors of a simulated process become part of its history. */
export function logInto(history: History, who: string): Log {
  const line = (message: string, fields: object): void => {
    const { error } = fields as { readonly error?: unknown };
    history.tell(who, error === undefined ? message : `${message}: ${String(error)}`);
  };
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => line(message, fields),
    error: (fields, message) => line(`error: ${message}`, fields),
    child: () => log,
  };
  return log;
}
