/**
 * Source: a recorded watch stream, NDJSON as `kubectl get pods -A -o json --watch
 * --output-watch-events` prints it; one file of any kinds, or a folder with a file a kind. The list
 * is what the stream has left in force up to its present end; with `follow` the growing files are
 * read on as they are written (packed ones do not grow). Policies that the stream lacks can be
 * given along.
 *
 * A file that is replaced, or comes after it could not be read, makes everything be listed again.
 */
import { watch as watchPath } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { type Doorbell, doorbell } from './doorbell.ts';
import type { Source, SourceEvent, SourceObject } from './port.ts';
import { unreadableProblem } from './problem.ts';
import { isPacked, recordingFiles } from './recording/files.ts';
import { type GrowingFile, growingFile } from './recording/growing-file.ts';
import type { RecordedLine } from './recording/line-splitter.ts';
import { createStreamFold, type StreamFold } from './recording/stream-fold.ts';
import { readWatchLine } from './recording/watch-line.ts';
import { wholeFile } from './recording/whole-file.ts';

export interface RecordingSourceInit {
  /** A file or a folder. */
  readonly path: string;
  /** In force from the beginning, as if the stream had added them first. */
  readonly policies?: readonly SourceObject[];
  /** Whether to read on what is written to the files. */
  readonly follow: boolean;
  /** How often to look whether there is more, where no notice comes. @default 1000 */
  readonly lookEveryMs?: number;
}

export interface RecordingSourceComponents {
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 1000;

export function recordingSource(
  init: RecordingSourceInit,
  { clock }: RecordingSourceComponents,
): Source {
  return { kind: 'recording', watch: (signal) => watchRecording(init, clock, signal) };
}

async function* watchRecording(
  init: RecordingSourceInit,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<SourceEvent> {
  const { path, policies = [], follow, lookEveryMs = LOOK_EVERY_MS } = init;
  const bell = doorbell();
  const stopNotices = follow ? notices(path, bell) : () => undefined;
  signal.addEventListener('abort', bell.ring);
  try {
    for (let first = true; !signal.aborted; first = false) {
      if (!first) yield { type: 'relisting' };
      const stream = openStream(path, follow);
      const fold = createStreamFold(policies);
      // Of the list, only what is in force at its end; but every problem on the way.
      for await (const event of stream.read(fold)) if (event.type === 'problem') yield event;
      if (signal.aborted) return;
      yield* fold.list();
      const complete = fold.isComplete() && !stream.isBroken();
      yield { type: 'listed', complete };
      if (!complete) yield* fold.deleted();
      while (!signal.aborted) {
        await bell.heard(clock, lookEveryMs);
        if (signal.aborted) return;
        if (!follow) continue;
        const wasBroken = stream.isBroken();
        yield* stream.read(fold);
        if (stream.isReplaced() || (wasBroken && !stream.isBroken())) break;
      }
    }
  } finally {
    signal.removeEventListener('abort', bell.ring);
    stopNotices();
  }
}

interface RecordedStream {
  /** Takes what is there and was not read yet. */
  read(fold: StreamFold): AsyncGenerator<SourceEvent>;
  /** Whether some of it cannot be read just now. */
  isBroken(): boolean;
  /** Whether a file is not the one any more that was read before. */
  isReplaced(): boolean;
}

function openStream(path: string, follow: boolean): RecordedStream {
  const growing = new Map<string, GrowingFile>();
  const read = new Set<string>();
  /** Path to what is wrong with it; told once. */
  let broken = new Map<string, string>();
  let replaced = false;

  async function* readFile(file: string, fold: StreamFold): AsyncGenerator<SourceEvent> {
    const lines = linesOf(file);
    for (let next = await lines.next(); ; next = await lines.next()) {
      if (next.done === true) {
        if (next.value === 'replaced') replaced = true;
        return;
      }
      const { line, text } = next.value;
      yield* fold.take(readWatchLine(text, { file, line }));
    }
  }

  function linesOf(file: string): AsyncGenerator<RecordedLine, 'end' | 'replaced' | undefined> {
    if (!follow || isPacked(file)) return read.has(file) ? nothing() : once(file);
    const known = growing.get(file) ?? growingFile(file);
    growing.set(file, known);
    return known.more();
  }

  async function* once(file: string): AsyncGenerator<RecordedLine, undefined> {
    // Whatever comes of it: to read its beginning twice would bring back what it deleted.
    read.add(file);
    yield* wholeFile(file);
  }

  return {
    async *read(fold) {
      const before = broken;
      broken = new Map([...before].filter(([file]) => read.has(file)));
      const trouble = (file: string, error: unknown): SourceEvent[] => {
        const problem = unreadableProblem(file, error);
        broken.set(file, problem.message);
        const told = before.get(file) === problem.message;
        return told ? [] : [{ type: 'problem', problem }];
      };
      let files: readonly string[] = [];
      try {
        files = await recordingFiles(path);
      } catch (error) {
        yield* trouble(path, error);
      }
      for (const file of files) {
        try {
          yield* readFile(file, fold);
        } catch (error) {
          yield* trouble(file, error);
        }
      }
    },
    isBroken: () => broken.size > 0,
    isReplaced: () => replaced,
  };
}

async function* nothing(): AsyncGenerator<RecordedLine, undefined> {}

/** Rings at every change; where that cannot be had, looking from time to time must do. */
function notices(path: string, bell: Doorbell): () => void {
  try {
    const watcher = watchPath(path, { persistent: false }, () => bell.ring());
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
