/** What befalls processes, machines, links and clocks while the cluster is busy. */

import type { Kubelet } from './processes/kubelet.ts';
import type { Process } from './processes/process.ts';
import type { Surroundings } from './surroundings.ts';
import type { SimulatedEventLog } from './world/event-log.ts';
import type { Network } from './world/network.ts';

export interface DisasterInit {
  /** All that are started again when they died. */
  readonly supervised: readonly Process[];
  readonly watchers: readonly Process[];
  readonly kubelets: readonly Kubelet[];
  readonly network: Network;
  readonly eventLog: SimulatedEventLog;
  /** Runs after so long, whoever died meanwhile. */
  readonly later: (ms: number, run: () => void) => void;
}

const PAUSE_MS = 15_000;
const CUT_MS = 20_000;
const JUMP_MS = 60_000;

export function createDisasters(init: DisasterInit, surroundings: Surroundings): () => void {
  const { dice, history, scheduler } = surroundings;
  const { supervised, watchers, kubelets, network, eventLog, later } = init;
  const everybody = [...supervised, ...watchers];

  function kill(): void {
    dice.pick(everybody).kill();
  }

  function killSome(): void {
    for (const process of everybody) if (dice.chance(0.5)) process.kill();
  }

  function pause(): void {
    const { life, name } = dice.pick(everybody);
    if (life === null) return;
    const ms = dice.next() * PAUSE_MS;
    history.tell(name, `is paused for ${Math.round(ms)} ms`);
    life.pausedUntilMs = scheduler.nowMs + ms;
  }

  function cut(): void {
    const { name } = dice.pick(kubelets).agent;
    history.tell(name, 'is cut off');
    network.cutOff.add(name);
    network.breakLinks((node) => node === name);
    later(dice.next() * CUT_MS, () => network.cutOff.delete(name));
  }

  function breakAllLinks(): void {
    network.breakLinks(() => dice.chance(0.5));
  }

  function jumpClock(): void {
    eventLog.clockOffsetMs = (dice.next() - 0.5) * JUMP_MS;
    history.tell('log', `its clock is ${Math.round(eventLog.clockOffsetMs)} ms off`);
    later(dice.next() * CUT_MS, () => {
      eventLog.clockOffsetMs = 0;
    });
  }

  /** Another watcher begins; the old one may go on for a while, or stand still and come back. */
  function changeWatcher(): void {
    const [old, next] = dice.chance(0.5) ? watchers : [...watchers].reverse();
    next?.start();
    const life = old?.life ?? null;
    if (life !== null && dice.chance(0.5)) {
      life.pausedUntilMs = scheduler.nowMs + dice.next() * PAUSE_MS;
    }
    later(dice.next() * PAUSE_MS * 2, () => {
      if (next?.life !== null) old?.kill();
    });
  }

  function reboot(): void {
    const kubelet = dice.pick(kubelets);
    const { agent } = kubelet;
    agent.kill();
    agent.machine.bootId = dice.id();
    history.tell(agent.name, 'starts anew');
    agent.machine.kernel.reboot();
    kubelet.reboot();
  }

  const all: readonly (() => void)[] = [
    kill,
    kill,
    kill,
    killSome,
    pause,
    pause,
    cut,
    breakAllLinks,
    jumpClock,
    changeWatcher,
    changeWatcher,
    reboot,
  ];
  return () => dice.pick(all)();
}
