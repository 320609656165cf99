/**
 * The reaper's own process (see `server-folder.ts`): `node reaper-main.ts MARK FOLDER`. Says that
 * it watches, waits for the end of its standard input, then removes what is left.
 */
import { removeServers } from './server-folder.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) {
  // Whoever ends the creator's whole group does not mean the one who cleans up after it.
  process.on(signal, () => {});
}

const [mark = '', folder = ''] = process.argv.slice(2);
process.stdin.resume();
process.stdin.once('end', () => {
  void removeServers(mark, folder);
});
process.stdout.on('error', () => {});
process.stdout.write('watching\n');
