/**
 * Writes docs/rfc-compliance.md (`npm run gen:rfc`); `--check` refuses a page that is stale. Either
 * asks the test runner for the tests that there are: it loads the files, and runs none.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { RFC_6888 } from './carrier-grade.ts';
import { CHECKLIST } from './checklist.ts';
import { RFC_5508 } from './icmp.ts';
import { faultsOf, rfcPage } from './page.ts';
import { SUITES } from './requirement.ts';
import { RFC_4787, RFC_5382 } from './udp-and-tcp.ts';
import { RFC_6056, RFC_7422, RFC_7857 } from './updates.ts';

const PAGE = 'docs/rfc-compliance.md';
const RFCS = [RFC_4787, RFC_5382, RFC_5508, RFC_6888, RFC_7857, RFC_7422, RFC_6056];
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const faults = [...faultsOf(RFCS, CHECKLIST, listedTests())];
const page = rfcPage(RFCS);
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) faults.push(`${PAGE} is stale: npm run gen:rfc`);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function listedTests(): (file: string) => ReadonlySet<string> {
  const files = Object.values(SUITES).flatMap((places) => places.map(([file]) => file));
  // Loaded, not parsed: many names are made from fixtures.
  const args = ['list', '--json', '--no-static-parse', ...files];
  const listed = execFileSync('vitest', args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
  const tests = JSON.parse(listed) as { readonly name: string; readonly file: string }[];
  const names = new Map<string, Set<string>>();
  for (const { name, file } of tests) {
    const path = relative(process.cwd(), file);
    names.set(path, (names.get(path) ?? new Set()).add(name));
  }
  return (file) => names.get(file) ?? new Set();
}
