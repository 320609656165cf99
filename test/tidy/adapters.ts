/** Every adapter of a port is held to the port's one conformance suite. */
import { ADAPTER_PATH, SHARED_PATH } from '../../scripts/port-files.ts';

const isAdapterFile = (path: string) =>
  new RegExp(ADAPTER_PATH).test(path) && !new RegExp(SHARED_PATH).test(path);

/** `paths` are all our files; `read` answers a file's text. */
export function adaptersWithoutSuite(
  paths: readonly string[],
  read: (path: string) => string,
): readonly string[] {
  return adaptersIn(paths).flatMap((adapter) => {
    const name = adapter.replace(/.*\//, '');
    const tests = [`${adapter}.conformance.test.ts`, `${adapter}/${name}.conformance.test.ts`];
    const found = tests.find((path) => paths.includes(path));
    if (found === undefined) return [`${adapter}: no ${tests[0]}`];
    return callsASuite(read(found)) ? [] : [`${found}: does not call a suite of conformance.ts`];
  });
}

/** Paths without their ending. */
export function adaptersIn(paths: readonly string[]): readonly string[] {
  const adapters = new Set<string>();
  for (const path of paths.filter(isAdapterFile)) {
    const [, port, first] = /^services\/ports\/([^/]+)\/([^/]+)/.exec(path) ?? [];
    if (first !== undefined) adapters.add(`services/ports/${port}/${first.replace(/\.ts$/, '')}`);
  }
  return [...adapters];
}

function callsASuite(text: string): boolean {
  const imports = text.matchAll(/import \{([^}]*)\} from '[^']*\/conformance[^']*\.ts'/g);
  const names = [...imports].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  return names.some((name) => name !== '' && new RegExp(`\\b${name}\\(`).test(text));
}
