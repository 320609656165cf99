/** Which files are ours: what check, fix and the tidy tests look at. */
import { execFileSync } from 'node:child_process';

export const CLANG_FORMAT = '/usr/bin/clang-format-19';
export const SOURCE_FOLDERS = ['services', 'infra', 'native', 'bpf', 'test', 'scripts'];

/** Written by a tool, never by hand. */
const GENERATED = [/^services\/contract\/gen\//, /\.gen\.(ts|h)$/, /\/vmlinux\.h$/];

export function isGenerated(file: string): boolean {
  return GENERATED.some((pattern) => pattern.test(file));
}

/** Tracked, or new and not ignored: what a commit of everything would hold. */
export function ourFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const listed = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const deleted = execFileSync('git', ['ls-files', '-z', '--deleted'], { encoding: 'utf8' });
  const gone = new Set(deleted.split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !gone.has(file));
}

export function cFiles(): readonly string[] {
  return ourFiles().filter((file) => /\.[ch]$/.test(file) && !isGenerated(file));
}
