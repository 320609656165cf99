/** The lines of a recorded file as it is now, packed or not, without holding all of it. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { isPacked } from './files.ts';
import { lineSplitter, type RecordedLine } from './line-splitter.ts';

export async function* wholeFile(path: string): AsyncGenerator<RecordedLine> {
  const splitter = lineSplitter();
  for await (const chunk of bytesOf(path)) yield* splitter.push(chunk);
  yield* splitter.rest();
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  if (!isPacked(path)) {
    yield* file;
    return;
  }
  const unpacked = createGunzip();
  // Not `pipe` alone: an error of the file would leave the reader waiting for ever.
  file.on('error', (error) => unpacked.destroy(error));
  try {
    yield* file.pipe(unpacked);
  } finally {
    file.destroy();
  }
}
