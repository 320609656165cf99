/**
 * Enters into package-lock.json the optional platform packages that npm left out.
 *
 * A registry mirror may lack packages of platforms that nobody here runs. npm then writes a lock
 * without them, and `npm ci` elsewhere refuses that lock ("Missing: ... from lock file"). Run it
 * after every change of dependencies: `npm run lock:complete`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const LOCK = 'package-lock.json';
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'sunos', 'win32'];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const LIBRARIES: Readonly<Record<string, string>> = { gnu: 'glibc', glibc: 'glibc', musl: 'musl' };

const text = readFileSync(LOCK, 'utf8');
const lock = JSON.parse(text) as { packages: Record<string, LockEntry> };
const added: string[] = [];

for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isPresent(path, name)) continue;
    lock.packages[`node_modules/${name}`] = entryFor(name, range, entry.dev === true);
    added.push(name);
  }
}

if (added.length > 0) {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(`${LOCK}: ${added.length} entries added ${added.join(' ')}\n`);

/** npm looks in the package's own node_modules first, then in each folder above it. */
function isPresent(from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in lock.packages) return true;
    if (folder === '') return false;
  }
}

/** Without an integrity: nobody here can fetch the package, so nobody can vouch for it. */
function entryFor(name: string, range: string, dev: boolean): LockEntry {
  const words = name.split(/[-/]/);
  const system = SYSTEMS.find((each) => words.includes(each));
  const processor = PROCESSORS.find((each) => words.includes(each));
  const library = Object.keys(LIBRARIES).find((each) => words.includes(each));
  return {
    version: range.replace(/^[~^=v\s]+/, ''),
    ...(dev ? { dev } : {}),
    optional: true,
    ...(system === undefined ? {} : { os: [system] }),
    ...(processor === undefined ? {} : { cpu: [processor] }),
    ...(library === undefined ? {} : { libc: [LIBRARIES[library] ?? library] }),
  };
}
