/**
 * Takes everything of Berth off a node, on request only: attachments, programs and tables in the
 * kernel, what the agent kept on disk, its sockets. May be repeated; what is not there is no error.
 * From then on packets of this node's pods leave as they are: nothing maps them, nothing holds
 * them. Only files that an agent makes are removed, so a wrong path takes nothing along.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../runtime/log.ts';
import { metricsSocketPath } from '../runtime/metrics/metrics-server.ts';
import type { UninstallConfig } from './config.ts';

/** Each name as it may be shown. */
export type RemoveDatapath = (pinDir: string) => Promise<readonly string[]>;

/** Of the state folder; `.new` is what a crash left half written. */
const STATE_NAMES = ['acked', 'boot-id', 'gateway.json', 'pods'].flatMap((name) => [
  name,
  `${name}.new`,
]);

export async function uninstall(
  { pinDir, stateDir, cniSocket, metrics }: UninstallConfig,
  { removeDatapath, log }: { readonly removeDatapath: RemoveDatapath; readonly log: Log },
): Promise<void> {
  const fromKernel = await removeDatapath(pinDir);
  const names = await readdir(stateDir).catch(() => []);
  const files = names.filter((name) => STATE_NAMES.includes(name));
  for (const name of files) await rm(join(stateDir, name), { recursive: true });
  const metricsSocket = metrics === undefined ? null : metricsSocketPath(metrics);
  const sockets = metricsSocket === null ? [cniSocket] : [cniSocket, metricsSocket];
  for (const path of sockets) await rm(path, { force: true });
  const kept = names.filter(
    (name) => !STATE_NAMES.includes(name) && !sockets.includes(join(stateDir, name)),
  );
  if (kept.length === 0) await rmdir(stateDir).catch(() => undefined);
  log.info(
    { removed: [...fromKernel, ...files.map((name) => join(stateDir, name))], kept },
    fromKernel.length + files.length === 0
      ? 'nothing of Berth was here'
      : 'Berth is off this node: traffic of its pods to protected destinations leaves untranslated',
  );
}
