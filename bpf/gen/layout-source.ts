/**
 * BTF (as `bpftool -j btf dump` prints it) -> the text of layout.gen.ts: size and member offsets of
 * each `berth_*` struct, and for each map its kind, key size, value size and number of entries. The
 * numbers that flags and kinds stand for are macros, which BTF does not hold.
 */

export interface BtfType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly { name: string; type_id: number; bits_offset: number }[];
  readonly vars?: readonly { type_id: number }[];
}

const HEAD = `/** Generated from the kernel programs' BTF by bpf/gen/generate.ts; do not edit. */
`;
/** Of enum bpf_map_type; what an update, a removal and a dump mean depends on it. */
const KINDS: Readonly<Record<number, string>> = {
  1: 'hash',
  2: 'array',
  6: 'per-cpu-array',
  9: 'lru-hash',
  11: 'lpm-trie',
  27: 'ring-buffer',
};

const DEFINE = /^#define BERTH_(\w+)[ \t]+(\d+)\b/gm;

/** `header` is berth_abi.h, of which the plain numbers are taken. */
export function layoutSource(types: readonly BtfType[], header: string): string {
  const byId = new Map(types.map((type) => [type.id, type]));
  const structs = types
    .filter((type) => type.kind === 'STRUCT' && type.name.startsWith('berth_'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(structText);
  const defines = [...header.matchAll(DEFINE)].map(([, name, value]) => `  ${name}: ${value},`);
  return `${HEAD}
export const ABI = {
${defines.join('\n')}
} as const;

export const LAYOUT = {
${structs.join('\n')}
} as const;

export const MAPS = {
${mapTexts(byId).join('\n')}
} as const;
`;
}

function structText(type: BtfType): string {
  const offsets = (type.members ?? []).map(
    (member) => `      ${member.name}: ${member.bits_offset / 8},\n`,
  );
  return `  ${type.name}: {
    size: ${type.size},
    offsets: {
${offsets.join('')}    },
  },`;
}

function mapTexts(byId: ReadonlyMap<number, BtfType>): string[] {
  const section = [...byId.values()].find((type) => type.name === '.maps');
  return (section?.vars ?? []).map(({ type_id }) => {
    const variable = find(byId, type_id);
    const members = find(byId, variable.type_id).members ?? [];
    const target = (name: string): BtfType => {
      const member = members.find((candidate) => candidate.name === name);
      if (member === undefined) throw new Error(`map ${variable.name} has no ${name}`);
      return find(byId, find(byId, member.type_id).type_id);
    };
    // Of a ring, which has neither: 0; its number of entries is its size in bytes.
    const sizeOfItsOwn = (name: string): number =>
      kind === 'ring-buffer' ? 0 : sizeOf(byId, target(name));
    const kind = KINDS[target('type').nr_elems ?? 0];
    if (kind === undefined) throw new Error(`map ${variable.name} is of an unknown kind`);
    return `  ${variable.name}: {
    kind: '${kind}',
    keySize: ${sizeOfItsOwn('key')},
    valueSize: ${sizeOfItsOwn('value')},
    maxEntries: ${target('max_entries').nr_elems},
  },`;
  });
}

function sizeOf(byId: ReadonlyMap<number, BtfType>, type: BtfType): number {
  return type.kind === 'TYPEDEF' ? sizeOf(byId, find(byId, type.type_id)) : (type.size ?? 0);
}

function find(byId: ReadonlyMap<number, BtfType>, id: number | undefined): BtfType {
  const type = byId.get(id ?? 0);
  if (type === undefined) throw new Error(`BTF has no type ${id}`);
  return type;
}
