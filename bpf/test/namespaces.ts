/**
 * Network namespaces of a test's own, with names that no other test or lab has. All that is in one,
 * interfaces, programs and processes, goes with it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { leftovers, ownName } from './leftovers.ts';

export interface Namespaces {
  /** Its path: a process or a call can enter by it. */
  add(name: string): string;
  path(name: string): string;
  /** Runs a command in it; throws what it said when it fails. */
  run(name: string, command: string, ...args: readonly string[]): string;
  /** `ip -n NAME ...`, by the words of a line. */
  ip(name: string, line: string): void;
  mac(name: string, interfaceName: string): string;
  close(): void;
}

const FOLDER = '/run/netns';

export function namespaces(): Namespaces {
  const there = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  for (const name of leftovers(there)) command('ip', ['netns', 'del', name]);
  const prefix = ownName();
  const added: string[] = [];
  const full = (name: string) => `${prefix}-${name}`;
  const path = (name: string) => `${FOLDER}/${full(name)}`;
  return {
    add(name) {
      command('ip', ['netns', 'add', full(name)]);
      added.push(name);
      command('ip', ['-n', full(name), 'link', 'set', 'lo', 'up']);
      return path(name);
    },
    path,
    run: (name, program, ...args) => command('nsenter', [`--net=${path(name)}`, program, ...args]),
    ip(name, line) {
      const words = line.split(' ').map((word) => word.replace(/^@/, `${prefix}-`));
      command('ip', ['-n', full(name), ...words]);
    },
    mac(name, interfaceName) {
      const text = command('ip', ['-j', '-n', full(name), 'link', 'show', interfaceName]);
      return JSON.parse(text)[0].address;
    },
    close() {
      for (const name of added.splice(0)) command('ip', ['netns', 'del', full(name)]);
    },
  };
}

function command(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  throw new Error(`${program} ${args.join(' ')}: ${result.stderr || result.error}`);
}
