/**
 * A recording's lines with the time of each, for who plays it (see `recording/time-line.ts` for how
 * the time is told). Files are taken in the order of their names: of equal times namespaces and
 * nodes come before pods.
 *
 * @throws BERTH_INPUT_UNREADABLE
 */
import { berthError, isBerthError } from '../../contract/errors.ts';
import type { Problem } from './port.ts';
import { unreadableProblem } from './problem.ts';
import { recordingFiles } from './recording/files.ts';
import type { RecordedLine } from './recording/line-splitter.ts';
import { type TimedLine, type TimeLineInit, timeLine } from './recording/time-line.ts';
import { wholeFile } from './recording/whole-file.ts';

export interface RecordingLinesInit extends TimeLineInit {
  /**
   * Told of a file that breaks off (a packed one whose end is missing, say), and what could be
   * read of it is given; may be told twice. @default such a file is refused
   */
  readonly onUnreadable?: (problem: Problem) => void;
}

export async function* recordingLines(
  path: string,
  init: RecordingLinesInit = {},
): AsyncGenerator<TimedLine> {
  const { onUnreadable } = init;
  try {
    const files = await recordingFiles(path);
    const linesOf = (file: string): AsyncIterable<RecordedLine> =>
      onUnreadable === undefined ? wholeFile(file) : readablePart(file, onUnreadable);
    yield* timeLine(
      files.map((file) => ({ file, lines: () => linesOf(file) })),
      init,
    );
  } catch (error) {
    if (isBerthError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_INPUT_UNREADABLE', { path, reason }, error);
  }
}

async function* readablePart(
  file: string,
  onUnreadable: (problem: Problem) => void,
): AsyncGenerator<RecordedLine> {
  try {
    yield* wholeFile(file);
  } catch (error) {
    onUnreadable(unreadableProblem(file, error));
  }
}
