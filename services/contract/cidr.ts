/**
 * A CIDR in one canonical text form (`198.51.100.0/24`, `2001:db8::/32`), host bits refused rather
 * than silently cleared: a typo in a protected range must be seen by whoever wrote it.
 * Prefix lengths towards the kernel count in 128 bits, as addresses do (IPv4: length + 96).
 */
import { berthError } from './errors.ts';
import { type IpAddress, ipFromBigInt, ipToBigInt, isV4, parseIp } from './ip-address.ts';

declare const brand: unique symbol;
/** Canonical text of a network, e.g. `203.0.113.16/29`. */
export type Cidr = string & { readonly [brand]: 'Cidr' };

const ADDRESS_BITS = 128;
const V4_PREFIX_OFFSET = 96;

/** A bare address is read as a single-address network. @throws BERTH_INPUT_CIDR */
export function parseCidr(text: string): Cidr {
  const [addressText = '', lengthText, ...more] = text.split('/');
  const address = parseIpOrNull(addressText);
  if (address === null || more.length > 0) throw berthError('BERTH_INPUT_CIDR', { value: text });
  const max = isV4(address) ? ADDRESS_BITS - V4_PREFIX_OFFSET : ADDRESS_BITS;
  const length = lengthText === undefined ? max : parseLength(lengthText, max);
  if (length === null) throw berthError('BERTH_INPUT_CIDR', { value: text });
  const hostBits = BigInt(max - length);
  const number = ipToBigInt(address);
  if ((number >> hostBits) << hostBits !== number) {
    const network = ipFromBigInt((number >> hostBits) << hostBits);
    throw berthError('BERTH_INPUT_CIDR_HOST_BITS', {
      value: text,
      network: `${network}/${length}`,
    });
  }
  return `${address}/${length}` as Cidr;
}

/** `prefixLength` counts in 128 bits: 0..128, IPv4 from 96. */
export function cidrParts(cidr: Cidr): { address: IpAddress; prefixLength: number } {
  const slash = cidr.indexOf('/');
  const address = cidr.slice(0, slash) as IpAddress;
  const length = Number(cidr.slice(slash + 1));
  return { address, prefixLength: isV4(address) ? length + V4_PREFIX_OFFSET : length };
}

/** How many addresses the network holds. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(ADDRESS_BITS - cidrParts(cidr).prefixLength);
}

export function cidrHasIp(cidr: Cidr, ip: IpAddress): boolean {
  const { address, prefixLength } = cidrParts(cidr);
  const shift = BigInt(ADDRESS_BITS - prefixLength);
  return ipToBigInt(address) >> shift === ipToBigInt(ip) >> shift;
}

/** Whether every address of `inner` lies in `outer`. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  const parts = cidrParts(inner);
  return cidrParts(outer).prefixLength <= parts.prefixLength && cidrHasIp(outer, parts.address);
}

/** The addresses in order, lowest first. Callers bound the size before (see `cidrSize`). */
export function* cidrAddresses(cidr: Cidr): Generator<IpAddress> {
  const first = ipToBigInt(cidrParts(cidr).address);
  const size = cidrSize(cidr);
  for (let i = 0n; i < size; i++) yield ipFromBigInt(first + i);
}

function parseIpOrNull(text: string): IpAddress | null {
  try {
    return parseIp(text);
  } catch {
    return null;
  }
}

function parseLength(text: string, max: number): number | null {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return null;
  const length = Number(text);
  return length <= max ? length : null;
}
