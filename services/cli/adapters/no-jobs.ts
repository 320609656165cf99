/** Of a process none of whose roles has jobs: it needs no Redis. */
import { berthError } from '../../contract/errors.ts';
import type { Jobs } from '../../ports/jobs/port.ts';

const refuse = (): never => {
  throw berthError('BERTH_CONFIG_BAD', { field: '--redis', reason: 'a role has jobs' });
};

export const noJobs: Jobs = {
  kind: 'bullmq',
  failed: new Promise(() => undefined),
  add: async () => refuse(),
  work: refuse,
  held: async () => refuse(),
  pending: async () => refuse(),
  close: async () => undefined,
};
