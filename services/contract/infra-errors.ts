/**
 * Rows of the error table about what stands around Berth in tests and the demo: the lab, the demo
 * itself, the real servers that are started for them.
 */
import {
  EXIT_ENVIRONMENT,
  EXIT_FAILED,
  EXIT_INTERNAL,
  EXIT_UNAVAILABLE,
  row,
} from './error-row.ts';

export const INFRA_ERRORS = {
  BERTH_DEMO_CLAIM: row('never', EXIT_FAILED, 'the run did not hold: {reason}.'),
  BERTH_DEMO_ENDING: row('never', EXIT_INTERNAL, '{what} is refused: the demo is ending.'),
  BERTH_DEMO_NOT_UP: row(
    'never',
    EXIT_ENVIRONMENT,
    'the pipeline did not come up: {reason}.',
    'The logs of its processes have said that.',
  ),
  BERTH_LAB_AGENT_SILENT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the agent did not answer the CNI call: {reason}.',
    'The call is repeated for a while.',
  ),
  BERTH_LAB_COMMAND: row('never', EXIT_ENVIRONMENT, 'lab: {command} failed: {reason}.'),
  BERTH_LAB_NEEDS_ROOT: row(
    'never',
    EXIT_ENVIRONMENT,
    'the lab of network namespaces needs root.',
    'Without root: npm run demo -- --datapath memory.',
  ),
  BERTH_LAB_NOT_EMPTY: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'lab {id} cannot be removed: processes or namespaces of it keep coming.',
    'The next lab tries again.',
  ),
  BERTH_LAB_POD_REFUSED: row('backoff', EXIT_UNAVAILABLE, 'the agent refused pod {uid}: {message}'),
  BERTH_LAB_TRAFFIC: row('never', EXIT_ENVIRONMENT, 'the traffic process of the lab: {reason}.'),
  BERTH_SERVER_MISSING: row(
    'never',
    EXIT_ENVIRONMENT,
    '{name} cannot be started here: {reason}.',
    'npm run ready, as root and online, installs what it needs.',
  ),
  BERTH_SERVER_START: row('backoff', EXIT_ENVIRONMENT, '{name} did not come up: {reason}.'),
} as const;
