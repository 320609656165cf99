/**
 * The jobs on the disk: one row a job, as it must run if the process died now. A job that runs
 * still has its row, with the latest data; only success removes it.
 */
import type { Json } from '../../../contract/canonical.ts';
import { type Environment, jsonTable } from '../../data-folder/environment.ts';

export interface JobRow {
  readonly id: string;
  readonly data: Json;
  readonly dueMs: number;
  readonly attempt: number;
}

export interface JobStore {
  all(): readonly { readonly queue: string; readonly row: JobRow }[];
  /** In one transaction; on the disk when it answers. Writes keep the order of the calls. */
  save(queue: string, rows: readonly JobRow[]): Promise<void>;
  remove(queue: string, id: string): Promise<void>;
}

export function jobStore(environment: Environment): JobStore {
  const table = jsonTable<JobRow, [string, string]>(environment, 'jobs');
  return {
    all: () => Array.from(table.getRange({}), ({ key, value }) => ({ queue: key[0], row: value })),
    async save(queue, rows) {
      await environment.batch(() => {
        for (const row of rows) table.put([queue, row.id], row);
      });
    },
    async remove(queue, id) {
      await table.remove([queue, id]);
    },
  };
}
