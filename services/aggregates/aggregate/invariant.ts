/**
 * What must never be, whatever else is wrong. Such a check stays on in production: a reader that
 * meets it stops rather than hand out a port twice.
 */
import { type BerthError, berthError } from '../../contract/errors.ts';
import type { AggregateKey } from '../../contract/identity.ts';

export function brokenRule(aggregate: AggregateKey, rule: string): BerthError {
  return berthError('BERTH_FOLD_INVARIANT', { aggregate, rule });
}
