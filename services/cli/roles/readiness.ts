/**
 * Whether a process of roles is ready: each of its streams has read what was there at the start,
 * and each role says that it works. Ready once, a role stays so: what it waits for later (a broker,
 * a target) is told by metrics, and no restart would help.
 */
import type { BerthFunction } from '../../runtime/define-function.ts';
import type { Role } from './role.ts';

export interface Readiness {
  /** To be hosted in place of the roles' own. */
  readonly functions: readonly BerthFunction[];
  /** Names of roles that are not ready, each with what it waits for; empty: ready. */
  waitsFor(): readonly string[];
}

/** `waits`: for streams to read to the end; those that wait for events do so at the first one. */
export function readinessOf(roles: Readonly<Record<string, Role>>, waits: boolean): Readiness {
  const behind = new Set<string>();
  const all = Object.entries(roles);

  function followed(definition: BerthFunction): BerthFunction {
    const { name, trigger } = definition;
    if (trigger.kind !== 'stream' || !waits) return definition;
    const { handler } = definition as Extract<BerthFunction, { trigger: typeof trigger }>;
    behind.add(name);
    const caughtUp = async (signal: AbortSignal): Promise<void> => {
      await handler.caughtUp(signal);
      behind.delete(name);
    };
    return { name, trigger, handler: { batch: handler.batch, caughtUp } };
  }

  return {
    functions: all.flatMap(([, { functions }]) => functions.map(followed)),
    waitsFor: () => [
      ...Array.from(behind, (name) => `${name} reads to the end of the log`),
      ...all.flatMap(([name, { isReady }]) =>
        isReady === undefined || isReady() ? [] : `${name} does not work yet`,
      ),
    ],
  };
}
