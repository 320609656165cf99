/** What a program finds: the reason to count, and the frame if it is another now; or nothing. */
import type { ReasonName } from '../../tables/reasons.gen.ts';

export interface Finding {
  readonly reason: ReasonName;
  /** @default as it came */
  readonly frame?: Uint8Array;
}

/** Not Berth's business: the packet goes on untouched, and nothing is counted. */
export const UNTOUCHED = null;
export type Result = Finding | typeof UNTOUCHED;
