/** The lines of a recorded file that is still being written, as they come. */
import { open } from 'node:fs/promises';
import { type LineSplitter, lineSplitter, type RecordedLine } from './line-splitter.ts';

export interface GrowingFile {
  /** The lines that are there and were not given yet. 'replaced': it is another file now. */
  more(): AsyncGenerator<RecordedLine, 'end' | 'replaced'>;
}

const CHUNK_BYTES = 1024 * 1024;

export function growingFile(path: string): GrowingFile {
  const splitter: LineSplitter = lineSplitter();
  let offset = 0;
  let inode: number | null = null;
  return {
    async *more() {
      await using file = await open(path, 'r');
      const { ino, size } = await file.stat();
      inode ??= ino;
      if (ino !== inode || size < offset) return 'replaced';
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size - offset)));
      while (offset < size) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        yield* splitter.push(chunk.subarray(0, bytesRead));
      }
      return 'end';
    },
  };
}
