/**
 * Small checks of values out of JSON, put together to the shapes of records. A check is a total,
 * pure function: null, or where the value differs and what would be right. It is written by hand
 * and not with a library of schemas, since what it refuses is refused for ever: an upgrade of a
 * library must not change that. Never change the meaning of one of these.
 */
import { type Cidr, cidrSize, parseCidr } from '../cidr.ts';
import { isBerthError } from '../errors.ts';
import { type IpAddress, parseIp } from '../ip-address.ts';

/** Null: it fits. Otherwise `path what-would-be-right`. */
export type Check = (value: unknown) => string | null;

const TEXT_MAX = 4_096;
const ITEMS_MAX = 100_000;

/** Exactly these fields, or, of the optional ones, as many as there are. */
export function object(
  fields: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
  const required = Object.entries(fields);
  return (value) => {
    if (!isPlainObject(value)) return ' is no object';
    for (const [name, check] of required) {
      if (!Object.hasOwn(value, name)) return `.${name} is missing`;
      const wrong = check(value[name]);
      if (wrong !== null) return `.${name}${wrong}`;
    }
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(fields, name)) continue;
      if (!Object.hasOwn(optional, name)) return `.${shown(name)} is no field of it`;
      const wrong = optional[name]?.(value[name]) ?? null;
      if (wrong !== null) return `.${name}${wrong}`;
    }
    return null;
  };
}

/** At least these fields: another version may have put more there. */
export function atLeast(
  fields: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
  const required = object(fields);
  const known = Object.keys(fields);
  return (value) => {
    if (!isPlainObject(value)) return ' is no object';
    const wrong = required(Object.fromEntries(known.flatMap((name) => own(value, name))));
    if (wrong !== null) return wrong;
    for (const [name, check] of Object.entries(optional)) {
      const strange = Object.hasOwn(value, name) ? check(value[name]) : null;
      if (strange !== null) return `.${name}${strange}`;
    }
    return null;
  };
}

function own(value: Readonly<Record<string, unknown>>, name: string): [string, unknown][] {
  return Object.hasOwn(value, name) ? [[name, value[name]]] : [];
}

export function list(item: Check, max = ITEMS_MAX): Check {
  return (value) => {
    if (!Array.isArray(value)) return ' is no list';
    if (value.length > max) return ` has more than ${max} items`;
    for (const [index, each] of value.entries()) {
      const wrong = item(each);
      if (wrong !== null) return `[${index}]${wrong}`;
    }
    return null;
  };
}

/** Any names, values of one kind. */
export function record(field: Check): Check {
  return (value) => {
    if (!isPlainObject(value)) return ' is no object';
    const entries = Object.entries(value);
    if (entries.length > ITEMS_MAX) return ` has more than ${ITEMS_MAX} fields`;
    for (const [name, each] of entries) {
      const wrong = text(name) ?? field(each);
      if (wrong !== null) return `.${shown(name)}${wrong}`;
    }
    return null;
  };
}

/** One of several shapes, told apart by one field. */
export function variants(
  tag: string,
  shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>,
): Check {
  const checks = new Map(
    Object.entries(shapes).map(([name, fields]) => [
      name,
      object({ [tag]: oneOf(name), ...fields }),
    ]),
  );
  return (value) => {
    if (!isPlainObject(value)) return ' is no object';
    const name = value[tag];
    const check = typeof name === 'string' ? checks.get(name) : undefined;
    return check === undefined ? `.${tag} is not known` : check(value);
  };
}

export function nullable(check: Check): Check {
  return (value) => (value === null ? null : check(value));
}

export function oneOf(...choices: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && choices.includes(value)
      ? null
      : ` is none of ${choices.join(', ')}`;
}

export function whole(from: number, to: number = Number.MAX_SAFE_INTEGER): Check {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to
      ? null
      : ` is no whole number from ${from} to ${to}`;
}

export function powerOfTwo(from: number, to: number): Check {
  const isWhole = whole(from, to);
  return (value) =>
    isWhole(value) === null && Number.isInteger(Math.log2(value as number))
      ? null
      : ` is no power of two from ${from} to ${to}`;
}

export function matching(pattern: RegExp, what: string): Check {
  return (value) =>
    typeof value === 'string' && value.length <= TEXT_MAX && pattern.test(value)
      ? null
      : ` is no ${what}`;
}

export const text: Check = (value) =>
  typeof value === 'string' && value.length <= TEXT_MAX
    ? null
    : ` is no text of ${TEXT_MAX} at most`;

export const bool: Check = (value) =>
  typeof value === 'boolean' ? null : ' is neither true nor false';

/** In the one way in which we write it. */
export const ip: Check = written<IpAddress>(parseIp, 'address');
export const cidr: Check = written<Cidr>(parseCidr, 'CIDR');

/** Networks that hold so many addresses at most, since somebody names each of them. */
export function networks(addressesMax: bigint): Check {
  const cidrs = list(cidr);
  return (value) => {
    const wrong = cidrs(value);
    if (wrong !== null) return wrong;
    const size = (value as readonly Cidr[]).reduce((sum, each) => sum + cidrSize(each), 0n);
    return size <= addressesMax ? null : ` hold ${size} addresses, not ${addressesMax} at most`;
  };
}

function written<T extends string>(parse: (given: string) => T, what: string): Check {
  return (value) => {
    if (typeof value !== 'string' || value.length > TEXT_MAX) return ` is no ${what}`;
    try {
      return parse(value) === value ? null : ` is no ${what} as it is written here`;
    } catch (error) {
      if (!isBerthError(error)) throw error;
      return ` is no ${what}`;
    }
  };
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}...` : name;
}
