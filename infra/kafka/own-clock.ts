/**
 * A time of day that brokers have to themselves and that can be set while they run: the machine's
 * and so many seconds more, by a library that is loaded before Java is (native/own_clock.c). How
 * long things take stays as it is.
 */
import { existsSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../../build/libberth-clock.so', import.meta.url));
const SECONDS_BYTES = 8;

export interface OwnClock {
  /** For the process. */
  readonly env: Readonly<Record<string, string>>;
  set(aheadSeconds: number): Promise<void>;
}

/** Why a broker cannot have one here; null when it can. */
export const noOwnClock: string | null = existsSync(LIBRARY)
  ? null
  : 'there is no C build (npm run ready)';

export async function makeOwnClock(folder: string): Promise<OwnClock> {
  const path = join(folder, 'clock');
  await writeFile(path, bytesOf(0));
  return {
    env: { LD_PRELOAD: LIBRARY, BERTH_CLOCK: path },
    set: async (aheadSeconds) => {
      // In place: the brokers have the file mapped.
      const file = await open(path, 'r+');
      await file.write(bytesOf(aheadSeconds), 0, SECONDS_BYTES, 0);
      await file.close();
    },
  };
}

function bytesOf(seconds: number): Buffer {
  const bytes = Buffer.alloc(SECONDS_BYTES);
  bytes.writeBigInt64LE(BigInt(seconds));
  return bytes;
}
