/**
 * The file of rulings: which records of the history are to be passed over, because no version knows
 * what they mean (docs/operating.md, "A record that nobody knows"). A JSON list; the same file for
 * every process of the installation.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import type { Ruling } from '../../contract/ruling.ts';
import { parseConfig } from '../../runtime/config.ts';

const RULINGS_MAX = 1_000;

const rulings = z
  .array(
    z.strictObject({
      topic: z.literal('berth.events'),
      partition: z.int().min(0),
      offset: z.int().min(0),
      id: z.string().regex(/^[0-9a-f]{64}$/, 'is not the id of a record'),
    }),
  )
  .max(RULINGS_MAX);

/** `path`: null: there are none. @throws BERTH_CONFIG_BAD */
export async function readRulings(path: string | null): Promise<readonly Ruling[]> {
  if (path === null) return [];
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_CONFIG_BAD', { field: '--rulings', reason }, error);
  }
  return parseConfig(rulings, text);
}
