/** Before a run of the failure scenarios nothing was seen; after it, the table says what was. */
import { rmSync } from 'node:fs';
import { SEEN_FOLDER, writeTable } from './table.ts';

export function setup(): () => void {
  rmSync(SEEN_FOLDER, { recursive: true, force: true });
  return writeTable;
}
