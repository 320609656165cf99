/**
 * A recording's lines with the time of each, for who plays it (see `recording/time-line.ts` for how
 * the time is told). Files are taken in the order of their names: of equal times namespaces and
 * nodes come before pods.
 *
 * @throws BERTH_INPUT_UNREADABLE
 */
import { berthError, isBerthError } from '../../contract/errors.ts';
import { recordingFiles } from './recording/files.ts';
import { type TimedLine, type TimeLineInit, timeLine } from './recording/time-line.ts';
import { wholeFile } from './recording/whole-file.ts';

export async function* recordingLines(
  path: string,
  init: TimeLineInit = {},
): AsyncGenerator<TimedLine> {
  try {
    const files = await recordingFiles(path);
    yield* timeLine(
      files.map((file) => ({ file, lines: () => wholeFile(file) })),
      init,
    );
  } catch (error) {
    if (isBerthError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_INPUT_UNREADABLE', { path, reason }, error);
  }
}
