/** A result as rows of text: the same for the terminal and for docs/benchmarks.md. */
import type { Goal, Measure, Result } from './benchmark.ts';
import { grouped } from './numbers.ts';
import { median } from './rounds.ts';

export interface Row {
  readonly what: string;
  readonly median: string;
  /** Lowest and highest of the rounds. */
  readonly spread: string;
  readonly goal: string;
  readonly met: string;
}

export const HEADINGS: Row = {
  what: 'what',
  median: 'median',
  spread: 'lowest - highest',
  goal: 'goal',
  met: 'met',
};

export function rowsOf(result: Result): readonly Row[] {
  return result.measures.map((measure) => {
    const value = median(measure.values);
    const lowest = number(Math.min(...measure.values));
    const highest = number(Math.max(...measure.values));
    return {
      what: measure.note === undefined ? measure.what : `${measure.what} (${measure.note})`,
      median: `${number(value)} ${measure.unit}`,
      spread: measure.values.length > 1 ? `${lowest} - ${highest}` : '',
      goal: measure.goal === undefined ? '' : `${goalText(measure.goal)} ${measure.unit}`,
      met: measure.goal === undefined ? '' : verdict(measure, measure.goal),
    };
  });
}

export function goalIsMet({ values }: Measure, goal: Goal): boolean {
  const value = median(values);
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

function verdict(measure: Measure, goal: Goal): string {
  return goalIsMet(measure, goal) ? 'yes' : 'no';
}

function goalText(goal: Goal): string {
  return 'atLeast' in goal ? `>= ${number(goal.atLeast)}` : `<= ${number(goal.atMost)}`;
}

/** Three digits that count, and no more decimals than these need. */
function number(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return grouped(value, decimals);
}
