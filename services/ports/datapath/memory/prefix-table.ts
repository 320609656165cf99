/** The longest prefix of a key, among those that there are. Keys are hex digits, bit after bit. */
export interface Prefix {
  readonly bits: number;
  /** The whole digits of the prefix. */
  readonly digits: string;
  /** The digit that the prefix ends within, its other bits zero; 0 where there is none. */
  readonly rest: number;
}

const DIGIT_BITS = 4;

export function prefixOf(key: string, bits: number): Prefix {
  const whole = Math.floor(bits / DIGIT_BITS);
  return { bits, digits: key.slice(0, whole), rest: digitAt(key, whole) & maskOf(bits) };
}

/** Answers the value of the longest prefix of a key, or null. */
export function prefixTable<Value>(
  prefixes: readonly (Prefix & { readonly value: Value })[],
): (key: string) => Value | null {
  const longestFirst = prefixes.toSorted((a, b) => b.bits - a.bits);
  return (key) => {
    const found = longestFirst.find(
      ({ bits, digits, rest }) =>
        key.startsWith(digits) && (digitAt(key, digits.length) & maskOf(bits)) === rest,
    );
    return found?.value ?? null;
  };
}

function maskOf(bits: number): number {
  return (0xf0 >> (bits % DIGIT_BITS)) & 0xf;
}

function digitAt(key: string, at: number): number {
  return at < key.length ? Number.parseInt(key.charAt(at), 16) : 0;
}
