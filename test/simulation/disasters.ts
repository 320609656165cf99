/** What befalls processes, machines, links and clocks while the cluster is busy. */

import type { Kubelet } from './processes/kubelet.ts';
import type { Process } from './processes/process.ts';
import type { Surroundings } from './surroundings.ts';
import type { SimulatedEventLog } from './world/event-log.ts';
import type { SimulatedJobs } from './world/jobs.ts';
import type { Network } from './world/network.ts';

export interface DisasterInit {
  /** All that are started again when they died. */
  readonly supervised: readonly Process[];
  readonly watchers: readonly Process[];
  readonly kubelets: readonly Kubelet[];
  readonly network: Network;
  readonly eventLog: SimulatedEventLog;
  readonly jobs: SimulatedJobs;
  /** The longest that one lasts. */
  readonly longestMs: number;
  readonly isOff: (process: Process) => boolean;
  /** Processes that nobody starts again for now. */
  readonly heldDown: Set<Process>;
  /** Runs after so long, whoever died meanwhile. */
  readonly later: (ms: number, run: () => void) => void;
}

const JUMP_MS = 60_000;

export function createDisasters(init: DisasterInit, surroundings: Surroundings): () => void {
  const { dice, history, scheduler } = surroundings;
  const { supervised, watchers, kubelets, network, eventLog, later, longestMs, heldDown } = init;
  const everybody = [...supervised, ...watchers];

  function kill(): void {
    dice.pick(everybody).kill();
  }

  function killSome(): void {
    for (const process of everybody) if (dice.chance(0.5)) process.kill();
  }

  function holdDown(): void {
    const process = dice.pick(supervised);
    process.kill();
    heldDown.add(process);
    later(dice.next() * longestMs, () => heldDown.delete(process));
  }

  function lag(): void {
    const { life, name } = dice.pick(supervised);
    if (life === null) return;
    const ms = dice.next() * longestMs;
    history.tell(name, `lags behind the log for ${Math.round(ms)} ms`);
    life.lagsUntilMs = scheduler.nowMs + ms;
  }

  function pause(): void {
    const { life, name } = dice.pick(everybody);
    if (life === null) return;
    const ms = dice.next() * longestMs;
    history.tell(name, `is paused for ${Math.round(ms)} ms`);
    life.pausedUntilMs = scheduler.nowMs + ms;
  }

  function cut(): void {
    const { name } = dice.pick(kubelets).agent;
    history.tell(name, 'is cut off');
    network.cutOff.add(name);
    network.breakLinks((node) => node === name);
    later(dice.next() * longestMs, () => network.cutOff.delete(name));
  }

  function breakAllLinks(): void {
    network.breakLinks(() => dice.chance(0.5));
  }

  function jumpClock(): void {
    eventLog.clockOffsetMs = (dice.next() - 0.5) * JUMP_MS;
    history.tell('log', `its clock is ${Math.round(eventLog.clockOffsetMs)} ms off`);
    later(dice.next() * longestMs, () => {
      eventLog.clockOffsetMs = 0;
    });
  }

  /** Another watcher begins; the old one may go on for a while, or stand still and come back. */
  function changeWatcher(): void {
    const [old, next] = dice.chance(0.5) ? watchers : [...watchers].reverse();
    next?.start();
    const life = old?.life ?? null;
    if (life !== null && dice.chance(0.5)) {
      life.pausedUntilMs = scheduler.nowMs + dice.next() * longestMs;
    }
    later(dice.next() * longestMs * 2, () => {
      if (next?.life !== null) old?.kill();
    });
  }

  function reboot(): void {
    const kubelet = dice.pick(kubelets);
    const { agent } = kubelet;
    if (init.isOff(agent)) return;
    agent.kill();
    agent.machine.bootId = dice.id();
    history.tell(agent.name, 'starts anew');
    agent.machine.kernel.reboot();
    kubelet.reboot();
  }

  function loseJobs(): void {
    history.tell('jobs', 'are lost, all of them');
    init.jobs.wipe();
  }

  const all: readonly (() => void)[] = [
    kill,
    kill,
    killSome,
    holdDown,
    holdDown,
    pause,
    pause,
    lag,
    lag,
    cut,
    cut,
    breakAllLinks,
    jumpClock,
    changeWatcher,
    changeWatcher,
    reboot,
    loseJobs,
  ];
  return () => dice.pick(all)();
}
