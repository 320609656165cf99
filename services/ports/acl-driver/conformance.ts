/**
 * What every AclDriver holds (port.ts), written once: the whole set, idempotent, never an old one
 * over a new one, and what is told is what is really in force.
 */
import { expect } from 'vitest';
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import { type IpAddress, ipFromBigInt, ipToBigInt, parseIp } from '../../contract/ip-address.ts';
import type { AclDriver, AclSet } from './port.ts';

export interface AclDriverHarness {
  readonly driver: AclDriver;
  /** Another process's, to the same target. */
  readonly other: AclDriver;
  /** What is really in force, asked behind the driver's back. */
  inForce(): Promise<readonly IpAddress[]>;
  /** Somebody else changes the ACL, by hand. */
  tamper(addresses: readonly IpAddress[]): Promise<void>;
}

const LARGEST = 4096;
const FIRST = parseIp('203.0.113.16');

const addresses = (count: number): IpAddress[] =>
  Array.from({ length: count }, (_, at) => ipFromBigInt(ipToBigInt(FIRST) + BigInt(at))).sort();

function set(revision: number, count: number): AclSet {
  const entries = addresses(count).map((address) => {
    return { address, namespace: 'shop', egressNat: 'checkout' };
  });
  return { revision, entries };
}

const live = (): AbortSignal => new AbortController().signal;

export function aclDriverConformance(name: string, init: ConformanceInit<AclDriverHarness>): void {
  conformanceSuite(name, init, {
    async 'has nothing in force before the first write'({ driver }) {
      expect(await driver.read(live())).toEqual({ revision: 0, addresses: [] });
    },

    async 'puts the whole set in force, and tells it with its revision'({ driver, inForce }) {
      await driver.write(set(7, 3), live());
      expect(await driver.read(live())).toEqual({ revision: 7, addresses: addresses(3) });
      expect(await inForce()).toEqual(addresses(3));
    },

    async 'takes out what a later set lacks'({ driver, inForce }) {
      await driver.write(set(7, 3), live());
      await driver.write(set(8, 1), live());
      expect(await inForce()).toEqual(addresses(1));
      await driver.write(set(9, 0), live());
      expect(await driver.read(live())).toEqual({ revision: 9, addresses: [] });
    },

    async 'changes nothing when the same set is written again, by whomever'({ driver, other }) {
      await driver.write(set(7, 2), live());
      await driver.write(set(7, 2), live());
      await other.write(set(7, 2), live());
      expect(await driver.read(live())).toEqual({ revision: 7, addresses: addresses(2) });
    },

    async 'writes over what somebody changed since it looked'({ driver, other, inForce }) {
      await driver.write(set(7, 2), live());
      await other.write(set(8, 3), live());
      await driver.write(set(9, 4), live());
      expect(await inForce()).toEqual(addresses(4));
    },

    async 'refuses to bring an old set back'({ driver, other, inForce }) {
      await driver.write(set(7, 2), live());
      await other.write(set(9, 3), live());
      await expect(driver.write(set(8, 1), live())).rejects.toMatchObject({
        code: 'BERTH_ACL_AHEAD',
      });
      expect(await inForce()).toEqual(addresses(3));
    },

    async 'tells what is really in force, not what it wrote'({ driver, tamper }) {
      await driver.write(set(7, 2), live());
      await tamper(addresses(1));
      expect(await driver.read(live())).toEqual({ revision: 7, addresses: addresses(1) });
      await driver.write(set(7, 2), live());
      expect(await driver.read(live())).toEqual({ revision: 7, addresses: addresses(2) });
    },

    async 'takes the largest set'({ driver }) {
      await driver.write(set(7, LARGEST), live());
      expect((await driver.read(live())).addresses).toHaveLength(LARGEST);
    },

    async 'ends when it is told to stop'({ driver }) {
      const stopping = new AbortController();
      stopping.abort();
      await expect(driver.read(stopping.signal)).rejects.toMatchObject({
        code: 'BERTH_ACL_UNREACHABLE',
      });
      await expect(driver.write(set(7, 1), stopping.signal)).rejects.toThrow();
    },
  });
}
