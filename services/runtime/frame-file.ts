/**
 * A file that is a row of frames, each a body with its length and 8 bytes of its SHA-256: what it
 * says is read in order, first a whole, then what changed. Appended frames share one flush, and
 * are on disk when the call answers; after a crash or a failure the first of them may be there. A
 * torn end is cut off. When the changes outgrow the whole several times over, the file is written
 * anew.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { appendToFile, replaceFile } from './durable-file.ts';

const LENGTH_BYTES = 4;
const DIGEST_BYTES = 8;
const HEADER_BYTES = LENGTH_BYTES + DIGEST_BYTES;
/** The file is written anew when it is longer than this and than `GROWTH_MAX` wholes. */
const COMPACT_ABOVE_BYTES = 256 * 1024;
const GROWTH_MAX = 4;

type Bodies = readonly Uint8Array[];

export interface FrameFile {
  /** `whole`: all that there is to say, these changes included. */
  append(changes: Bodies, whole: () => Bodies): Promise<void>;
}

export interface ReadFrames {
  readonly bodies: Bodies;
  /** Whether something at the end could not be read. */
  readonly damaged: boolean;
}

/** No frames where there is no file. */
export async function readFrameFile(path: string): Promise<ReadFrames> {
  const bodies: Uint8Array[] = [];
  const view = await bytesOf(path);
  for (let at = 0; at < view.length; ) {
    if (view.length - at < HEADER_BYTES) return { bodies, damaged: true };
    const start = at + HEADER_BYTES;
    const body = view.subarray(start, start + view.readUInt32BE(at));
    if (!view.subarray(at + LENGTH_BYTES, start).equals(digest(body))) {
      return { bodies, damaged: true };
    }
    bodies.push(body);
    at = start + body.length;
  }
  return { bodies, damaged: false };
}

/** Replaces what was there. */
export async function writeFrameFile(path: string, first: Bodies): Promise<FrameFile> {
  let wholeBytes = 0;
  let fileBytes = 0;
  // After a failed write the file may end in half a frame, or say what was not to be: nothing may
  // be put behind it.
  let torn = false;

  async function rewrite(bodies: Bodies): Promise<void> {
    const bytes = framesOf(bodies);
    torn = true;
    await replaceFile(path, bytes);
    torn = false;
    wholeBytes = bytes.length;
    fileBytes = bytes.length;
  }

  await rewrite(first);
  return {
    async append(changes, whole) {
      const bytes = framesOf(changes);
      const max = Math.max(COMPACT_ABOVE_BYTES, GROWTH_MAX * wholeBytes);
      if (torn || fileBytes + bytes.length > max) {
        await rewrite(whole());
        return;
      }
      torn = true;
      await appendToFile(path, bytes);
      torn = false;
      fileBytes += bytes.length;
    },
  };
}

function framesOf(bodies: Bodies): Buffer {
  const frames = bodies.map((body) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(body.length, 0);
    header.set(digest(body), LENGTH_BYTES);
    return [header, body];
  });
  return Buffer.concat(frames.flat());
}

function digest(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, DIGEST_BYTES);
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
