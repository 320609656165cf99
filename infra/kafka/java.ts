/**
 * How a program of Kafka's jars is started: the broker, and Kafka's own tools. The jars are copied
 * to build/kafka/ by the set-up (boot/kafka.mjs); the Java is the one on the path.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JARS = fileURLToPath(new URL('../../build/kafka', import.meta.url));

const javaOnPath = (): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'java')));

/** Why no broker can be started here; null when one can. */
export const noKafka: string | null = !existsSync(join(JARS, '.stamp'))
  ? "Kafka's jars are not here (npm run ready)"
  : javaOnPath()
    ? null
    : 'there is no java on the path (npm run ready)';

/** Starts fast, at the price of peak speed, and stays small. */
export function javaArgs(
  main: string,
  args: readonly string[],
  heapMegabytes: number,
): readonly string[] {
  return [
    `-Xmx${heapMegabytes}m`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dlog4j2.level=WARN',
    '-cp',
    join(JARS, '*'),
    main,
    ...args,
  ];
}
