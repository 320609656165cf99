/**
 * An embedded adapter in a temporary folder, for suites and tests that close it and open it again
 * on the same data, as after a stop.
 */
import { temporaryFolder } from './temporary-folder.ts';

interface Closable {
  close(): Promise<void>;
}

export interface Reopenable<Adapter> {
  readonly opened: Adapter;
  reopen(): Promise<Adapter>;
  teardown(): Promise<void>;
}

export async function reopenable<Adapter extends Closable>(
  open: (dir: string) => Adapter | Promise<Adapter>,
): Promise<Reopenable<Adapter>> {
  const folder = await temporaryFolder();
  let current = await open(folder.path);
  return {
    opened: current,
    async reopen() {
      await current.close();
      current = await open(folder.path);
      return current;
    },
    async teardown() {
      await current.close();
      await folder.remove();
    },
  };
}
