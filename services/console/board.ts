/**
 * The status board as the console reads it: what each process said last, and which processes are
 * alive. Judged by the order of the log alone, never by two machines' clocks: the console's own
 * process speaks every second, and one that said nothing between several of these words is silent.
 * Until the console has met its own process's first word nothing is believed: what stands before
 * it may be years old.
 */
import {
  BEAT_EVERY_MS,
  type LinkWord,
  type ProcessWord,
  type PushWord,
  SILENT_BEATS,
  type StatusRecord,
} from '../contract/status-records.ts';
import type { Version } from '../contract/version.ts';
import type { Clock } from '../runtime/clock.ts';

export interface BoardEntry {
  readonly key: string;
  readonly timeMs: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What one process said, in its present run. */
export interface Speaking {
  readonly process: string;
  readonly run: string;
  readonly about: ProcessWord;
  /** By the log: its first and its last word. */
  readonly sinceMs: number;
  readonly lastSeenMs: number;
  readonly isLive: boolean;
  /** How far its hub has folded; null: it is no hub, or has not said so yet. */
  readonly version: Version | null;
  /** By the part that was said together. */
  readonly links: ReadonlyMap<string, readonly LinkWord[]>;
  readonly pushes: ReadonlyMap<string, Numbered<PushWord>>;
  readonly refusedInput: ReadonlyMap<string, Numbered<string>>;
  /** How much input it has refused. */
  readonly refusedCount: number;
}

/** With its place in the order of all words. */
export interface Numbered<T> {
  readonly at: number;
  readonly value: T;
}

export interface Board {
  entry(entry: BoardEntry): void;
  /** Every process that has a word there; none before the own one has. */
  processes(): readonly Speaking[];
  /** The own process's words come back: what is shown is what the log has now. */
  sees(): boolean;
}

export interface BoardInit {
  /** The process that the console is in. */
  readonly process: string;
  readonly run: string;
}

const SILENT_MS = SILENT_BEATS * BEAT_EVERY_MS;

interface Run {
  readonly process: string;
  readonly run: string;
  about: ProcessWord | null;
  sinceMs: number;
  lastSeenMs: number;
  /** How many words the own process had said by its last one. */
  beat: number;
  version: Version | null;
  readonly links: Map<string, readonly LinkWord[]>;
  readonly pushes: Map<string, Numbered<PushWord>>;
  readonly refusedInput: Map<string, Numbered<string>>;
  refusedCount: number;
}

export function createBoard(own: BoardInit, { nowMs }: Pick<Clock, 'nowMs'>): Board {
  /** By process, then by run: only the newest run's stay once it said who it is. */
  const runs = new Map<string, Map<string, Run>>();
  let words = 0;
  /** Of the own process in this run. */
  let beats = 0;
  let firstMs: number | null = null;
  let readBackAtMs = Number.NEGATIVE_INFINITY;

  function runOf({ process, run }: StatusRecord, timeMs: number): Run {
    const ofProcess = runs.get(process) ?? new Map<string, Run>();
    runs.set(process, ofProcess);
    const found = ofProcess.get(run) ?? newRun(process, run, timeMs);
    ofProcess.set(run, found);
    return found;
  }

  function takeProcess(run: Run, word: ProcessWord, timeMs: number): void {
    run.about = word;
    run.sinceMs = word.sinceMs ?? timeMs;
    runs.set(run.process, new Map([[run.run, run]]));
    if (run.process !== own.process || run.run !== own.run) return;
    beats += 1;
    firstMs ??= timeMs;
    readBackAtMs = nowMs();
  }

  function isLive({ about, beat, lastSeenMs }: Run, firstOwnMs: number): boolean {
    if (about === null || about.ended) return false;
    if (beat > 0) return beats - beat < SILENT_BEATS;
    // It spoke before the console did, and not since.
    return beats < SILENT_BEATS && lastSeenMs > firstOwnMs - SILENT_MS;
  }

  return {
    sees: () => nowMs() - readBackAtMs < SILENT_MS,
    entry: ({ key, timeMs, value }) => {
      const record = value as unknown as StatusRecord;
      words += 1;
      const run = runOf(record, timeMs);
      if (record.type === 'Process') takeProcess(run, record, timeMs);
      else takeWord(run, key, record, words);
      run.lastSeenMs = timeMs;
      run.beat = beats;
    },
    processes: () => {
      const met = firstMs;
      if (met === null) return [];
      return [...runs.values()].flatMap((ofProcess) =>
        [...ofProcess.values()].flatMap((run) => {
          const { about } = run;
          return about === null ? [] : [{ ...run, about, isLive: isLive(run, met) }];
        }),
      );
    },
  };
}

function newRun(process: string, run: string, timeMs: number): Run {
  return {
    process,
    run,
    about: null,
    sinceMs: timeMs,
    lastSeenMs: timeMs,
    beat: 0,
    version: null,
    links: new Map(),
    pushes: new Map(),
    refusedInput: new Map(),
    refusedCount: 0,
  };
}

function takeWord(
  run: Run,
  key: string,
  record: Exclude<StatusRecord, { type: 'Process' }>,
  at: number,
): void {
  switch (record.type) {
    case 'Hub':
      run.version = record.version;
      break;
    case 'Links':
      run.links.set(key, record.links);
      break;
    case 'Push':
      run.pushes.set(record.target, { at, value: record });
      break;
    case 'RefusedInput':
      run.refusedCount = Math.max(run.refusedCount, record.number);
      run.refusedInput.set(key, { at: record.number, value: record.text });
      break;
  }
}
