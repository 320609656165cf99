/**
 * The lines of a recording's files as one sequence in time. Pure, and lazy: of each file it holds
 * the lines of one second.
 *
 * A line's time is the newest that its file has held so far, so that the order in a file is kept.
 * The recorded times have whole seconds: the lines of one are spread over it. The watch began, as
 * far as can be told, with the first line of any file that is no ADDED; what is not newer is the
 * list that it began with, at 0. Quiet stretches are shortened.
 */
import { lineTime } from './line-time.ts';

export interface TimedLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Since the recording's beginning. */
  readonly atMs: number;
}

/** A file's lines; given anew each time they are asked for. */
export interface FileLines {
  readonly file: string;
  lines(): AsyncIterable<{ readonly line: number; readonly text: string }>;
}

export interface TimeLineInit {
  /** Longer stretches without a line are shortened to this. @default 10_000 */
  readonly quietMaxMs?: number;
}

const QUIET_MAX_MS = 10_000;
const RESOLUTION_MS = 1000;

export async function* timeLine(
  files: readonly FileLines[],
  { quietMaxMs = QUIET_MAX_MS }: TimeLineInit = {},
): AsyncGenerator<TimedLine> {
  const beganAtMs = await beginning(files);
  const queues = files.map((file) => spread(secondsOf(file), beganAtMs));
  let lastMs = 0;
  let cutMs = 0;
  for await (const line of merged(queues)) {
    cutMs += Math.max(0, line.atMs - lastMs - quietMaxMs);
    lastMs = line.atMs;
    yield { ...line, atMs: line.atMs - cutMs };
  }
}

/** The earliest time at which the watch was certainly live. */
async function beginning(files: readonly FileLines[]): Promise<number> {
  const live: number[] = [];
  const newest: number[] = [];
  for (const file of files) {
    let runningMs = Number.NEGATIVE_INFINITY;
    for await (const { text } of file.lines()) {
      const { added, timeMs } = lineTime(text);
      runningMs = Math.max(runningMs, timeMs ?? runningMs);
      if (added || timeMs === null) continue;
      live.push(runningMs);
      break;
    }
    newest.push(runningMs);
  }
  return live.length > 0 ? Math.min(...live) : Math.max(0, ...newest);
}

interface Second {
  readonly timeMs: number;
  readonly lines: readonly { file: string; line: number; text: string }[];
}

async function* secondsOf({ file, lines }: FileLines): AsyncGenerator<Second> {
  let timeMs = Number.NEGATIVE_INFINITY;
  let waiting: { file: string; line: number; text: string }[] = [];
  for await (const { line, text } of lines()) {
    const newest = Math.max(timeMs, lineTime(text).timeMs ?? timeMs);
    if (newest > timeMs && waiting.length > 0) {
      yield { timeMs, lines: waiting };
      waiting = [];
    }
    timeMs = newest;
    waiting.push({ file, line, text });
  }
  if (waiting.length > 0) yield { timeMs, lines: waiting };
}

async function* spread(
  seconds: AsyncIterable<Second>,
  beganAtMs: number,
): AsyncGenerator<TimedLine> {
  for await (const { timeMs, lines } of seconds) {
    const atMs = Math.max(0, timeMs - beganAtMs);
    const stepMs = atMs === 0 ? 0 : RESOLUTION_MS / lines.length;
    for (const [index, line] of lines.entries()) {
      yield { ...line, atMs: Math.floor(atMs + index * stepMs) };
    }
  }
}

/** Of equal times the first file's first. */
async function* merged(queues: readonly AsyncGenerator<TimedLine>[]): AsyncGenerator<TimedLine> {
  const heads = await Promise.all(queues.map(async (queue) => (await queue.next()).value));
  for (;;) {
    let first = -1;
    for (const [index, head] of heads.entries()) {
      if (head === undefined) continue;
      if (first < 0 || head.atMs < (heads[first] as TimedLine).atMs) first = index;
    }
    const line = heads[first];
    if (line === undefined) return;
    yield line;
    heads[first] = (await queues[first]?.next())?.value;
  }
}
