/**
 * The reaper's own process (see `reaper.ts`): `node reaper-main.ts LAB_ID [FOLDER]`. Says that it
 * watches, waits for the end of its standard input, then destroys the lab, if it is still there,
 * and removes the folder.
 */
import { rm } from 'node:fs/promises';
import { destroyLab } from './destroy.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) {
  // Whoever ends the demo's whole group does not mean the one who cleans up after it.
  process.on(signal, () => {});
}

const [id = '', folder] = process.argv.slice(2);
process.stdin.resume();
process.stdin.once('end', () => {
  void reap();
});
process.stdout.on('error', () => {});
process.stdout.write('watching\n');

async function reap(): Promise<void> {
  await destroyLab(id);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
