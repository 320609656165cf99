/**
 * What the closing of a pass says: up to where a partition of the log is covered, and by what at
 * least. It names every aggregate with the offset of the checkpoint that there was, so that a
 * reader can tell whether the topic still has all that the pass rests on, or more.
 */
import { z } from 'zod';

const schema = z.strictObject({
  /** Aggregate -> the offset of its checkpoint. */
  aggregates: z.record(z.string(), z.number().int().nonnegative()),
});

export type PassText = z.infer<typeof schema>;

export function passToText(aggregates: ReadonlyMap<string, number>): string {
  return JSON.stringify({ aggregates: Object.fromEntries(aggregates) });
}

/** Null: of a later program. */
export function passFromText(text: string): PassText | null {
  const parsed = schema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
