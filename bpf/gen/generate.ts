/**
 * Writes what TypeScript knows of the kernel programs, so that nothing is kept in step by hand:
 * struct layouts and table sizes from the BTF of a compiled object, reasons from drop_reasons.h.
 *
 * `npm run gen:datapath` writes; with `--check` it fails when a file is not what it would write.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { layoutSource } from './layout-source.ts';
import { reasonsSource } from './reasons-source.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const OBJECT = resolve(ROOT, 'build/bpf/tc.bpf.o');
const ABI = resolve(ROOT, 'bpf/include/berth_abi.h');
const REASONS = resolve(ROOT, 'bpf/lib/drop_reasons.h');
const TARGET = resolve(ROOT, 'services/ports/datapath/tables');

const btf = execFileSync('/usr/sbin/bpftool', ['-j', 'btf', 'dump', 'file', OBJECT], {
  encoding: 'utf8',
  maxBuffer: 16 * 1024 * 1024,
});

const sources: Readonly<Record<string, string>> = {
  'layout.gen.ts': layoutSource(JSON.parse(btf).types, readFileSync(ABI, 'utf8')),
  'reasons.gen.ts': reasonsSource(readFileSync(REASONS, 'utf8')),
};

for (const [name, source] of Object.entries(sources)) {
  const path = resolve(TARGET, name);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, source);
  } else if (readFileSync(path, 'utf8') !== source) {
    process.stderr.write(`${path} is not what its sources say: npm run gen:datapath\n`);
    process.exitCode = 1;
  }
}
