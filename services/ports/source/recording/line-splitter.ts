/** Cuts a stream of bytes into numbered lines. What has no end yet waits; a line is bounded. */
export interface RecordedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface LineSplitter {
  push(bytes: Uint8Array): readonly RecordedLine[];
  /** The last line, where it has no end; the splitter is used up. */
  rest(): readonly RecordedLine[];
}

/** The API server has no objects near this size. A longer line is cut, and so not understood. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

export function lineSplitter(): LineSplitter {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let line = 0;

  function keep(bytes: Uint8Array): void {
    const room = Math.max(0, LINE_BYTES_MAX - waitingBytes);
    if (room === 0 || bytes.length === 0) return;
    // A copy: the caller reads its next chunk into the same buffer.
    const kept = Uint8Array.from(bytes.subarray(0, room));
    waiting.push(kept);
    waitingBytes += kept.length;
  }

  function end(): RecordedLine {
    const text = Buffer.concat(waiting).toString('utf8');
    waiting = [];
    waitingBytes = 0;
    line += 1;
    return { line, text };
  }

  return {
    push(bytes) {
      const lines: RecordedLine[] = [];
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        keep(bytes.subarray(from, at));
        lines.push(end());
        from = at + 1;
      }
      keep(bytes.subarray(from));
      return lines;
    },
    rest: () => (waitingBytes === 0 ? [] : [end()]),
  };
}
