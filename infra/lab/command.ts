/**
 * How the lab runs ip, nft and the like: one short child with its input on stdin, never a shell
 * line. What runs for a lab bears its mark in the environment, so that whoever cleans up after a
 * creator that died finds it, even when it was started at the last moment.
 */
import { execFile } from 'node:child_process';
import { berthError } from '../../services/contract/errors.ts';

/** In the environment of every process of a lab: its id. */
export const LAB_MARK = 'BERTH_LAB';

const OUTPUT_MAX = 16 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 30_000;
const NOISE_MAX = 500;

export interface Command {
  readonly labId: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** Answers stdout. @throws BERTH_LAB_COMMAND */
export function run(command: Command): Promise<string> {
  const { labId, file, args, input } = command;
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...process.env, [LAB_MARK]: labId },
      maxBuffer: OUTPUT_MAX,
      timeout: COMMAND_TIMEOUT_MS,
    };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const reason = (stderr.trim() === '' ? error.message : stderr.trim()).slice(0, NOISE_MAX);
      reject(
        berthError('BERTH_LAB_COMMAND', { command: `${file} ${args.join(' ')}`, reason }, error),
      );
    });
    // A child that ends before it has read its input: its exit code says more than this does.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** `ip -batch` in the machine's own namespace: what makes namespaces and the links between them. */
export async function ipBatch(
  labId: string,
  lines: readonly string[],
  options: { goOn: boolean } = { goOn: false },
): Promise<void> {
  const args = [...(options.goOn ? ['-force'] : []), '-batch', '-'];
  await run({ labId, file: 'ip', args, input: `${lines.join('\n')}\n` });
}

/** `ip -batch` inside a namespace. */
export async function ipBatchIn(
  labId: string,
  netns: string,
  lines: readonly string[],
): Promise<void> {
  const input = `${lines.join('\n')}\n`;
  await runIn(netns, { labId, file: 'ip', args: ['-batch', '-'], input });
}

/** In a namespace, by nsenter: unlike `ip netns exec` it leaves mounts (bpffs, cgroups) alone. */
export function runIn(netns: string, command: Command): Promise<string> {
  return run({ ...command, ...inNetns(netns, command.file, command.args) });
}

export function inNetns(
  netns: string,
  file: string,
  args: readonly string[],
): { file: string; args: string[] } {
  return { file: 'nsenter', args: [`--net=/run/netns/${netns}`, '--', file, ...args] };
}

/** `keys` as in sysctl(8), e.g. net.ipv4.ip_forward; /proc/sys/net is that of the namespace. */
export async function setSysctls(
  labId: string,
  netns: string,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  const args = Object.entries(keys).flatMap(([key, value]) => [
    `/proc/sys/${key.replaceAll('.', '/')}`,
    value,
  ]);
  // Files and values are arguments, never part of the script.
  const script = 'while [ $# -gt 0 ]; do echo "$2" > "$1" || exit 1; shift 2; done';
  await runIn(netns, { labId, file: 'sh', args: ['-c', script, 'sh', ...args] });
}
