/**
 * The ACL as a set of nftables in this process's own network namespace, replaced in one transaction
 * and read back from the kernel. What nft refuses is an error, never a set that is half there.
 */
import { execFile } from 'node:child_process';
import { z } from 'zod';
import { cidrAddresses, parseCidr } from '../../services/contract/cidr.ts';
import { type IpAddress, parseIp } from '../../services/contract/ip-address.ts';
import type { Acl } from './acl.ts';

export interface NftAclInit {
  readonly table: string;
  readonly set: string;
}

const COMMAND_TIMEOUT_MS = 5_000;
const NAME = /^[a-z_]{1,31}$/;

const prefix = z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) });
const range = z.object({ range: z.tuple([z.string(), z.string()]) });
const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ elem: z.array(z.unknown()).optional() }).optional() }),
  ),
});

export function nftAcl({ table, set }: NftAclInit): Acl {
  if (!NAME.test(table) || !NAME.test(set)) throw new Error(`bad name: ${table} ${set}`);
  return {
    replace: async (addresses) => {
      const elements = `add element ip ${table} ${set} { ${addresses.join(', ')} }\n`;
      await nft(
        ['-f', '-'],
        `flush set ip ${table} ${set}\n${addresses.length === 0 ? '' : elements}`,
      );
    },
    inForce: async () => readSetListing(await nft(['-j', 'list', 'set', 'ip', table, set])),
  };
}

/** Reads `nft -j list set`. @throws when it is not what nft prints */
export function readSetListing(json: string): readonly IpAddress[] {
  const { nftables } = listing.parse(JSON.parse(json));
  const found = nftables.find((object) => object.set !== undefined)?.set;
  if (found === undefined) throw new Error('nft listed no set');
  return (found.elem ?? []).flatMap(addressesOf).sort();
}

function addressesOf(element: unknown): IpAddress[] {
  if (typeof element === 'string') return [parseIp(element)];
  const network = prefix.safeParse(element);
  if (network.success) {
    const { addr, len } = network.data.prefix;
    return [...cidrAddresses(parseCidr(`${addr}/${len}`))];
  }
  const [from, to] = range.parse(element).range.map(lastByte);
  const head = range.parse(element).range[0].replace(/\d+$/, '');
  const count = (to ?? 0) - (from ?? 0) + 1;
  return Array.from({ length: count }, (_, at) => parseIp(`${head}${(from ?? 0) + at}`));
}

function lastByte(address: string): number {
  return Number(address.slice(address.lastIndexOf('.') + 1));
}

function nft(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('nft', args, { timeout: COMMAND_TIMEOUT_MS }, (error, out, noise) => {
      if (error === null) resolve(out);
      else reject(new Error(`nft ${args.join(' ')}: ${noise.trim() || error.message}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
