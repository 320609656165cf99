/** bpf/lib/drop_reasons.h -> the text of reasons.gen.ts. */

const HEAD = `/** Generated from bpf/lib/drop_reasons.h by bpf/gen/generate.ts; do not edit. */
`;
const LINE = /\bX\((\d+), (\w+), (\w+), "([^"]*)"\)/g;
/**
 * done: no drop at all. reject: dropped, and the sender was told. note: of packets that another
 * reason counts. retired: no longer counted.
 */
const KINDS = ['done', 'drop', 'reject', 'note', 'retired'];

export function reasonsSource(header: string): string {
  const rows = [...header.matchAll(LINE)].map(([, number, name, kind = '', meaning], index) => {
    if (Number(number) !== index) throw new Error(`reason ${name}: ${number} is not its place`);
    if (!KINDS.includes(kind)) throw new Error(`reason ${name}: no class '${kind}'`);
    if (meaning?.includes("'")) throw new Error(`reason ${name}: no quotes in a meaning`);
    return `  {
    number: ${number},
    name: '${name}',
    kind: '${kind}',
    meaning: '${meaning}',
  },`;
  });
  if (rows.length === 0) throw new Error('drop_reasons.h has no reasons');
  return `${HEAD}
export const REASONS = [
${rows.join('\n')}
] as const;

export type ReasonName = (typeof REASONS)[number]['name'];
`;
}
