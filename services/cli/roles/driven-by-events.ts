/**
 * A process whose functions are driven by events over HTTP: what reads the log waits for them, what
 * works all the time (checkpoints, sweeps) and the queues go on beside it while the process lives.
 * A job can be posted too.
 */
import type { BerthFunction } from '../../runtime/define-function.ts';
import {
  type DrivenComponents,
  type DrivenInit,
  drivenFunctions,
} from '../../runtime/events/driven-functions.ts';

export function drivenByEvents(
  functions: readonly BerthFunction[],
  init: DrivenInit,
  components: DrivenComponents,
): readonly BerthFunction[] {
  const stay = functions.filter(({ trigger }) => ['service', 'job'].includes(trigger.kind));
  const driven = functions.filter(({ trigger }) => trigger.kind !== 'service');
  return [...stay, ...drivenFunctions(driven, init, components)];
}
