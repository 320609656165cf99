/**
 * What a Redis says of itself, and whether jobs may live there: one that is too old is refused; one
 * that throws keys away when its memory is full, or forgets all when it is started anew, is warned
 * of. What is lost is asked for again from the log, so neither costs more than time.
 */
import { type BerthError, berthError } from '../../../contract/errors.ts';

/** BullMQ recommends it; older ones lack what its scripts use. */
const VERSION_MIN = '6.2.0';

/** `text` is the answer to INFO. @throws BERTH_JOBS_REDIS_OLD */
export function warningsOf(address: string, text: string): readonly BerthError[] {
  const said = new Map(
    text.split(/\r?\n/).map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  const version = said.get('redis_version') ?? '';
  if (isOlder(version, VERSION_MIN)) {
    throw berthError('BERTH_JOBS_REDIS_OLD', { address, version, min: VERSION_MIN });
  }
  const warnings: BerthError[] = [];
  const policy = said.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    warnings.push(berthError('BERTH_JOBS_REDIS_EVICTS', { address, policy }));
  }
  if (said.get('aof_enabled') === '0') {
    warnings.push(berthError('BERTH_JOBS_REDIS_FORGETS', { address }));
  }
  return warnings;
}

function isOlder(version: string, min: string): boolean {
  const [numbers, mins] = [version, min].map((text) => text.split('.').map(Number));
  for (const [at, least] of (mins ?? []).entries()) {
    const number = numbers?.[at] ?? 0;
    if (number !== least) return !(number > least);
  }
  return false;
}
