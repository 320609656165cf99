/**
 * `make -C native`, which builds bpf/ and native/ into build/, whenever a C source, a Makefile or a
 * flag is not what build/ was made from. make would find that out too, but takes longer to say so.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, readIfThere } from './digest.mjs';
import { act } from './run.mjs';

const STAMP = 'build/.stamp';
const FOLDERS = ['bpf', 'native', 'infra'];
const SOURCE = /\.(c|h|map|mk|sh)$|^Makefile$/;
const FLAGS = ['CC', 'CLANG', 'CFLAGS', 'LDFLAGS'];
const TOOLS = ['/usr/bin/make', '/usr/bin/clang-19', '/usr/include/bpf/libbpf.h'];

export const compile = {
  what: 'the C build',
  isStale: (root) =>
    existsSync(join(root, 'native/Makefile')) && readIfThere(join(root, STAMP)) !== keyOf(root),
  cannot() {
    const missing = TOOLS.filter((file) => !existsSync(file));
    return missing.length === 0 ? null : `${missing.join(', ')} not found`;
  },
  async act(root) {
    // Taken before: a source that changes under the compiler must be compiled again.
    const key = keyOf(root);
    const args = ['-s', '-j2', '-C', join(root, 'native')];
    const failed = await act('compiling bpf/ and native/', 'make', args);
    if (failed !== null) return `the C build failed\n${failed}`;
    mkdirSync(join(root, 'build'), { recursive: true });
    writeFileSync(join(root, STAMP), key);
    return null;
  },
};

function keyOf(root) {
  const sources = FOLDERS.flatMap((folder) => sourcesUnder(root, folder)).sort();
  return digestOf(
    root,
    sources,
    FLAGS.map((name) => `${name}=${process.env[name] ?? ''}`),
  );
}

function sourcesUnder(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'build' ? [] : sourcesUnder(root, name);
    return SOURCE.test(entry.name) ? [name] : [];
  });
}
