/**
 * Several gateways over a network that loses, cuts and heals, with agents that freeze, crash and
 * leave: an address that a living gateway had is never nobody's, and when all is quiet each has
 * exactly one owner, the same in everybody's eyes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIp } from '../../contract/ip-address.ts';
import { ownerOf } from '../../contract/ownership.ts';
import { simulatedGateways } from './simulated-gateways-fixtures.ts';

const NAMES = ['g1', 'g2', 'g3'];
const ADDRESSES = ['203.0.113.16', '203.0.113.17', '203.0.113.18', '203.0.113.19'].map(parseIp);
const SETTLING_MS = 8_000;
/** Some ten seconds of work on a machine that has more to do. */
const TIMEOUT_MS = 60_000;

const gateway = fc.nat({ max: NAMES.length - 1 }).map((at) => NAMES[at] ?? '');
const event = fc.record({
  afterMs: fc.nat({ max: 2_000 }),
  what: fc.constantFrom(
    'crash',
    'start',
    'freeze',
    'thaw',
    'cut',
    'heal',
    'drain',
    'undrain',
    'out of sync',
    'in sync',
  ),
  gateway,
  other: gateway,
});

describe('gateways among themselves', () => {
  it(
    'agree on one owner of each address when all is quiet, whatever happened',
    () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 12 }), (events) => {
          const world = simulatedGateways(NAMES, ADDRESSES);
          world.run(1_000);
          for (const { afterMs, what, ...ends } of events) {
            world.run(afterMs);
            world.happen(what, ends.gateway, ends.other);
          }
          for (const name of NAMES) {
            for (const what of ['start', 'thaw', 'undrain', 'in sync'] as const) {
              world.happen(what, name, name);
            }
            for (const other of NAMES) world.happen('heal', name, other);
          }
          world.run(SETTLING_MS);
          for (const address of ADDRESSES) {
            expect(world.ownersOf(address)).toEqual([ownerOf(address, NAMES)]);
          }
        }),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'never leave an address to nobody while one of them lives',
    () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 12 }), (events) => {
          const world = simulatedGateways(NAMES, ADDRESSES);
          world.run(1_000);
          for (const { afterMs, what, ...ends } of events) {
            world.run(afterMs);
            world.happen(what, ends.gateway, ends.other);
          }
          world.run(1_000);
          // A crash or a freeze is noticed after three heartbeats; nothing else leaves a gap.
          expect(world.longestNobodyMs).toBeLessThanOrEqual(250);
        }),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'hand over without a moment in which an address is nobody’s',
    () => {
      const planned = event.filter(({ what }) => ['drain', 'undrain'].includes(what));
      fc.assert(
        fc.property(fc.array(planned, { maxLength: 12 }), (events) => {
          const world = simulatedGateways(NAMES, ADDRESSES);
          world.run(1_000);
          for (const { afterMs, what, ...ends } of events) {
            world.run(afterMs);
            world.happen(what, ends.gateway, ends.other);
          }
          world.run(1_000);
          expect(world.longestNobodyMs).toBe(0);
        }),
        { numRuns: 100 },
      );
    },
    TIMEOUT_MS,
  );
});
