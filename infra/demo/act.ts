/**
 * What is played on the stage: the churn that a seed fixes, or a recording. An act writes the
 * cluster's objects where the control process reads them, and brings pods up and down with them.
 */
import type { Status } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { ControlInit } from './control.ts';
import type { Outcomes } from './measured.ts';
import type { PodCounts, RefusedInput } from './report.ts';
import type { Crew } from './victims.ts';

export interface Act {
  readonly source: ControlInit['source'];
  /** For people: about how long it takes. */
  readonly seconds: number;
  readonly counts: PodCounts;
  /** Refused input as people shall see it, from what the control process says of it. */
  refused(status: Status): RefusedInput;
  /** Everything but pods; before the control process starts. */
  writePolicies(): Promise<void>;
  /** Ends when the last pod that comes has started and the last that goes is gone. */
  play(crew: Crew & { readonly clock: Clock }): Promise<Outcomes>;
}
