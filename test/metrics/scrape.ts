/** Reads Prometheus' text format strictly: what another reader would refuse is refused here. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Family {
  readonly type: string;
  readonly help: string;
  /** Lines as they came, by name and labels. */
  readonly samples: ReadonlyMap<string, number>;
}

const COMMENT = /^# (HELP|TYPE) (\S+) (.+)$/;
const SAMPLE = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+\})? (\S+)$/;
const VALUE = /^(-?\d+(\.\d+)?(e[+-]?\d+)?|\+Inf|-Inf|NaN)$/;

export async function scrape(socketPath: string): Promise<ReadonlyMap<string, Family>> {
  return familiesIn(await scrapeText(socketPath));
}

function familiesIn(body: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family & { samples: Map<string, number> }>();
  let help = '';
  let current: (Family & { samples: Map<string, number> }) | null = null;
  let currentName = '';
  for (const line of body.replace(/\n$/, '').split('\n')) {
    const [, kind, name = '', rest = ''] = COMMENT.exec(line) ?? [];
    if (kind === 'HELP') {
      help = rest;
    } else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      current = { type: rest, help, samples: new Map() };
      currentName = name;
      families.set(name, current);
    } else {
      const [, sampleName = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      const known = new RegExp(`^${currentName}(_bucket|_sum|_count)?$`).test(sampleName);
      if (current === null || !known || !VALUE.test(value)) throw new Error(`refused: ${line}`);
      const key = `${sampleName}${labels}`;
      if (current.samples.has(key)) throw new Error(`${key} comes twice`);
      current.samples.set(key, Number(value.replace('Inf', 'Infinity')));
    }
  }
  return families;
}

export function scrapeText(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/metrics' }, (answer) => {
      text(answer).then(resolve, reject);
    });
    asking.on('error', reject).end();
  });
}
