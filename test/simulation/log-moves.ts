/**
 * Moves of the log in the middle of everything: most of the control processes are stopped, some
 * are not, and stop by themselves where they meet the seal. A copy that fails is begun anew into
 * another log; now and then some are started on the new log before the copy has ended.
 */
import { copyLog } from '../../services/cli/log-copy/copy-log.ts';
import type { Process } from './processes/process.ts';
import { newLife } from './scheduler.ts';
import type { Surroundings } from './surroundings.ts';
import type { MovingLog } from './world/moving-log.ts';

export interface LogMovesInit {
  readonly log: MovingLog;
  /** All that reads or writes the log. */
  readonly control: readonly Process[];
  /** Those of them that may be there before the end: they write nothing into an empty log. */
  readonly early: readonly Process[];
  readonly heldDown: Set<Process>;
  /** Runs after so long, whoever died meanwhile. */
  readonly later: (ms: number, run: () => void) => void;
}

export interface LogMoves {
  move(): void;
  /** Nobody is to be started that is not meant to be. */
  readonly isMoving: boolean;
}

const RETRY_MS = 2000;
const STRAGGLES = 0.2;
const EARLY = 0.4;
const EARLY_MS = 400;

export function createLogMoves(init: LogMovesInit, surroundings: Surroundings): LogMoves {
  const { log, control, early, heldDown, later } = init;
  const { dice, history } = surroundings;
  let isMoving = false;

  function move(): void {
    // An empty log is not moved but begun.
    if (isMoving || log.real.events.length === 0) return;
    isMoving = true;
    history.tell('director', 'the log is moved');
    for (const process of control) {
      heldDown.add(process);
      if (!dice.chance(STRAGGLES)) process.kill();
    }
    later(dice.delayMs(), attempt);
  }

  function attempt(): void {
    const source = log.real;
    const target = log.next(dice.between(1, 5));
    const mover = newLife('mover');
    let isOver = false;
    const over = (why: string): void => {
      if (isOver) return;
      isOver = true;
      history.tell('mover', why);
      if (log.real === target) end();
      else giveUp();
    };
    mover.onEnd.add(() => over('dies'));
    if (dice.chance(EARLY)) later(dice.next() * EARLY_MS, () => isOver || startEarly());
    copyLog({
      source: source.client(mover),
      target: target.client(mover),
      from: 'here',
      place: 'there',
    }).then(
      () => over('has moved it'),
      (error: unknown) => over(String(error)),
    );

    function startEarly(): void {
      history.tell('director', 'starts some on the new log');
      log.opened = target;
      for (const process of early) if (dice.chance(0.5)) process.start();
    }
  }

  function giveUp(): void {
    log.giveUp();
    if (log.opened !== log.real) {
      log.opened = log.real;
      // Whoever came meanwhile, too: nothing ever tells them of the log's end.
      for (const process of control) process.kill();
    }
    later(dice.next() * RETRY_MS, attempt);
  }

  function end(): void {
    isMoving = false;
    for (const process of control) heldDown.delete(process);
  }

  return {
    move,
    get isMoving() {
      return isMoving;
    },
  };
}
