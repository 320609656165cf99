/** Tidy: no adapter without its conformance test, and no conformance test that tests nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SHARED_BY_ADAPTERS, SHARED_BY_PORTS } from '../../scripts/port-files.ts';
import { ourFiles } from '../../scripts/sources.ts';
import { adaptersIn, adaptersWithoutSuite } from './adapters.ts';

test('each adapter runs the suite of its port', () => {
  expect(adaptersWithoutSuite(ourFiles(), (path) => readFileSync(path, 'utf8'))).toEqual([]);
});

test('docs/ARCHITECTURE.md names every adapter of every port, and no other', () => {
  const page = readFileSync('docs/ARCHITECTURE.md', 'utf8').replace(/\s+/g, ' ');
  const list = /Ports: (.*?)\. Each port/.exec(page)?.[1] ?? '';
  const named = [...list.matchAll(/(\w+) \(([^)]*)\)/g)].flatMap(([, port = '', adapters = '']) =>
    adapters.split(', ').map((each) => `${folderOf(port)}/${each.replaceAll('`', '')}`),
  );
  const found = adaptersIn(ourFiles()).map((path) => path.replace('services/ports/', ''));
  expect(named.sort()).toEqual([...found].sort());
});

function folderOf(port: string): string {
  return port.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
}

test('what is marked as shared exists', () => {
  const marked = [...Object.keys(SHARED_BY_ADAPTERS), ...Object.keys(SHARED_BY_PORTS)];
  expect(marked.filter((path) => !existsSync(`services/ports/${path}`))).toEqual([]);
});

describe('the checker', () => {
  const port = ['services/ports/jobs/port.ts', 'services/ports/jobs/conformance.ts'];
  const good = "import { jobsConformance } from './conformance.ts';\njobsConformance('x', {});\n";
  const idle = "import { jobsConformance } from './conformance.ts';\ntest('x', () => {});\n";
  const check = (files: readonly string[], text: string) =>
    adaptersWithoutSuite([...port, ...files], () => text);

  test('misses the test of a file and of a folder', () => {
    expect(check(['services/ports/jobs/redis.ts'], good)).toHaveLength(1);
    expect(check(['services/ports/jobs/redis/queue.ts'], good)).toHaveLength(1);
  });

  test('misses the call in a test', () => {
    const files = ['services/ports/jobs/redis.ts', 'services/ports/jobs/redis.conformance.test.ts'];
    expect(check(files, idle)).toHaveLength(1);
    expect(check(files, good)).toEqual([]);
  });

  test('takes a file and a folder of one name for one adapter', () => {
    const files = [
      'services/ports/jobs/redis.ts',
      'services/ports/jobs/redis/queue.ts',
      'services/ports/jobs/redis/redis.conformance.test.ts',
    ];
    expect(check(files, good)).toEqual([]);
  });
});
