/**
 * Whether a log is all there. One that was moved begins with another's records, and before its
 * end mark nobody decides, pushes or appends by what it has: an old decision may still be on its
 * way (trace 10), and a node would be taken back to what it had long ago.
 */
import { berthError } from '../../contract/errors.ts';
import type { LogCut } from '../../contract/records.ts';
import type { World } from '../world.ts';

type Folded = Pick<World, 'logs'>;

/** Of the partitions that were folded here: each that was begun by a copy has its end. */
export function isWholeHere(world: Folded): boolean {
  return [...world.logs()].every(({ begun, ended }) => begun === null || ended);
}

/** For who reads every partition: each of them has its end, or none was begun by a copy. */
export function isWholeLog(world: Folded): boolean {
  const begun = [...world.logs()].filter((log) => log.begun !== null);
  const partitions = begun[0]?.begun?.partitions ?? 0;
  return begun.length === partitions && begun.every(({ ended }) => ended);
}

/** 0: it was never moved. */
export function generationOf(world: Folded): number {
  return Math.max(0, ...[...world.logs()].map(({ begun }) => begun?.generation ?? 0));
}

/** Of every log that it goes on from. */
export function cutsOf(world: Folded): readonly LogCut[] {
  return [...world.logs()].find(({ begun }) => begun !== null)?.begun?.cuts ?? [];
}

export function unfinished(world: Folded): Error {
  return berthError('BERTH_LOG_UNFINISHED', { generation: generationOf(world) });
}
