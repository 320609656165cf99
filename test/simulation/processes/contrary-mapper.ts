/**
 * A mapper of another version: it reads the same log by the same fold, but decides as it likes.
 * It answers only some of what is open, and gives any free block instead of the one that has
 * rested longest. Who wrote a decision does not matter; what it does to others' must not either.
 */

import { makeDecision } from '../../../services/aggregates/aggregate/make-decision.ts';
import { decide } from '../../../services/aggregates/decide.ts';
import { namespaceMessages } from '../../../services/aggregates/namespace/messages.ts';
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';
import { createWorld } from '../../../services/aggregates/world.ts';
import { loggedEvent } from '../../../services/contract/logged-event.ts';
import { type Answer, type Decision, eventRecord } from '../../../services/contract/records.ts';
import { TOPICS } from '../../../services/contract/topics.ts';
import { defineFunction, stream } from '../../../services/runtime/define-function.ts';
import type { Dice } from '../dice.ts';
import { logInto, type Surroundings } from '../surroundings.ts';
import { type ControlWorld, host } from './control.ts';
import { createProcess, type Process } from './process.ts';

const SPEAKS = 0.5;
const ANSWERS = 0.6;
const CHOOSES = 0.7;

export function contraryMapper(
  name: string,
  surroundings: Surroundings,
  { eventLog, jobs }: ControlWorld,
): Process {
  const { dice, scheduler, history } = surroundings;
  return createProcess(name, surroundings, async (life) => {
    const log = eventLog.client(life);
    const world = createWorld();

    function speak(): void {
      for (const state of world.aggregates()) {
        if (state.kind !== 'namespace' || !dice.chance(SPEAKS)) continue;
        const decision = contraryDecision(state, dice);
        if (decision === null) continue;
        const value = { ...eventRecord(state.key, decision) };
        // Whether it is written, and when, is not its concern.
        log.append(TOPICS.events.name, [{ key: state.key, value }]).catch(() => undefined);
      }
    }

    const reading = defineFunction({
      name,
      trigger: stream(TOPICS.events.name, async () => ({})),
      handler: {
        batch: async (entries) => {
          for (const entry of entries) world.apply(loggedEvent(entry));
          speak();
        },
        caughtUp: async () => undefined,
      },
    });
    const components = { jobs: jobs.client(life), clock: scheduler.clockOf(life) };
    const told = { ...components, eventLog: log, log: logInto(history, name) };
    await host([reading], told, surroundings);
  });
}

export function contraryDecision(state: NamespaceState, dice: Dice): Decision | null {
  const taken = new Set<string>();
  const answers = (decide(state)?.answers ?? []).flatMap((answer): Answer[] => {
    if (!dice.chance(ANSWERS)) return [];
    if (answer.kind !== 'BerthGranted') return [answer];
    const free = [...(state.claims.get(answer.claim)?.free ?? [])];
    const base = dice.chance(CHOOSES) && free.length > 0 ? dice.pick(free) : answer.base;
    const block = `${answer.claim} ${base}`;
    if (taken.has(block)) return [];
    taken.add(block);
    return [{ ...answer, base }];
  });
  return makeDecision(state, answers, namespaceMessages);
}
