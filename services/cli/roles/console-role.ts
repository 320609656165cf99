/** The console as a role: the installation as people are shown it, on a unix socket. */
import { type ConsoleInit, consoleFunctions } from '../../console/console.ts';
import type { Live, Role, RoleComponents } from './role.ts';

const NOTHING: Live = {
  source: 'none',
  links: [],
  converged: false,
  pushes: [],
  problems: [],
  problemCount: 0,
};

/** `beside`: roles in the same process, which know more than the log does. */
export function consoleRole(
  init: ConsoleInit,
  components: RoleComponents,
  beside: readonly Role[],
): Role {
  const { eventLog, jobs } = components;
  const live = () => {
    const { source, ...rest } = Object.assign({}, NOTHING, ...beside.map((role) => role.live?.()));
    return { adapters: { eventLog: eventLog.kind, jobs: jobs.kind, source }, ...rest };
  };
  return { functions: consoleFunctions(init, { ...components, live }) };
}
