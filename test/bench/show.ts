/** Results on a terminal: one table each. */
import type { Result } from './benchmark.ts';
import { describeMachine, type Machine } from './machine.ts';
import { HEADINGS, type Row, rowsOf } from './rows.ts';

const COLUMNS = ['what', 'median', 'spread', 'goal', 'met'] as const;

export function showResult(result: Result, machine: Machine): string {
  const rows = [HEADINGS, ...rowsOf(result)];
  const widths = COLUMNS.map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: Row): string =>
    COLUMNS.map((column, at) => row[column].padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    `${result.name}: ${result.setting}; ${Math.round(result.seconds)} s`,
    ...rows.map((row) => `  ${line(row)}`),
    ...result.proofs.map(({ what, holds }) => `  ${holds ? 'checked' : 'BROKEN '} ${what}`),
    `  ${describeMachine(machine)}`,
    '',
  ].join('\n');
}
