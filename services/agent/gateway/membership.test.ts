/** One thing after another, in simulated time: who owns the addresses, and how often they move. */
import { describe, expect, it } from 'vitest';
import { parseIp } from '../../contract/ip-address.ts';
import { ownerOf } from '../../contract/ownership.ts';
import { createMembership } from './membership.ts';
import { simulatedGateways } from './simulated-gateways-fixtures.ts';

const NAMES = ['g1', 'g2'];
const ALL = Array.from({ length: 16 }, (_, at) => parseIp(`203.0.113.${16 + at}`));
const ofG1 = ALL.filter((address) => ownerOf(address, NAMES) === 'g1');
const ofG2 = ALL.filter((address) => ownerOf(address, NAMES) === 'g2');

function running(): ReturnType<typeof simulatedGateways> {
  const world = simulatedGateways(NAMES, ALL);
  world.run(5_000);
  return world;
}

function ownedBy(world: ReturnType<typeof simulatedGateways>, name: string): typeof ALL {
  return ALL.filter((address) => world.ownersOf(address).includes(name));
}

describe('two gateways', () => {
  it('share the addresses from the start', () => {
    const world = simulatedGateways(NAMES, ALL);
    world.run(500);
    expect(ownedBy(world, 'g1')).toEqual(ofG1);
    expect(ownedBy(world, 'g2')).toEqual(ofG2);
  });

  it('move only the addresses of one that is gone, after three heartbeats', () => {
    const world = running();
    world.happen('crash', 'g1', 'g1');
    world.run(90);
    expect(ownedBy(world, 'g2')).toEqual(ofG2);
    world.run(160);
    expect(ownedBy(world, 'g2')).toEqual(ALL);
  });

  it('move each address once and back once while one flaps', () => {
    const world = running();
    for (let flap = 0; flap < 10; flap++) {
      world.happen('crash', 'g1', 'g1');
      world.run(400);
      world.happen('start', 'g1', 'g1');
      world.run(600);
    }
    world.run(10_000);
    expect(ownedBy(world, 'g1')).toEqual(ofG1);
    expect(ownedBy(world, 'g2')).toEqual(ofG2);
    // What g2 has, it had all the time; what is g1's moved to g2 at the first crash.
    expect(ofG2.map(world.changesOf)).toEqual(ofG2.map(() => 1));
    expect(world.longestNobodyMs).toBeLessThanOrEqual(250);
  });

  it('both own everything when they cannot hear each other, and share again afterwards', () => {
    const world = running();
    world.happen('cut', 'g1', 'g2');
    world.run(1_000);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([ALL, ALL]);
    world.happen('heal', 'g1', 'g2');
    world.run(1_000);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([ALL, ALL]);
    world.run(4_000);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([ofG1, ofG2]);
    expect(world.longestNobodyMs).toBe(0);
  });

  it('leave the last one in place, whatever it says of itself', () => {
    const world = running();
    world.happen('crash', 'g1', 'g1');
    world.run(1_000);
    for (const what of ['out of sync', 'drain'] as const) {
      world.happen(what, 'g2', 'g2');
      world.run(1_000);
      expect(ownedBy(world, 'g2')).toEqual(ALL);
    }
  });

  it('take nothing from one that is out of sync unless they are in sync themselves', () => {
    const world = running();
    for (const name of NAMES) world.happen('out of sync', name, name);
    world.run(1_000);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([ofG1, ofG2]);
    world.happen('in sync', 'g2', 'g2');
    world.run(1_000);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([[], ALL]);
    expect(world.longestNobodyMs).toBe(0);
  });

  it('hand everything over and back at once when one is drained and taken back', () => {
    const world = running();
    world.happen('drain', 'g1', 'g1');
    world.run(60);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([[], ALL]);
    world.happen('undrain', 'g1', 'g1');
    world.run(60);
    expect([ownedBy(world, 'g1'), ownedBy(world, 'g2')]).toEqual([ofG1, ofG2]);
    expect(world.longestNobodyMs).toBe(0);
  });

  it('take nothing from each other because one was frozen itself', () => {
    const world = running();
    world.happen('freeze', 'g1', 'g1');
    world.run(2_000);
    world.happen('thaw', 'g1', 'g1');
    world.run(50);
    expect(ownedBy(world, 'g1')).toEqual(ofG1);
  });
});

describe('three gateways', () => {
  // Found by the properties: the address was nobody's for 340 ms.
  it('leave nothing of one that dies to one that is about to be new no more', () => {
    const names = ['g1', 'g2', 'g3'];
    const world = simulatedGateways(names, ALL);
    world.run(1_000);
    world.happen('crash', 'g2', 'g2');
    world.happen('start', 'g2', 'g2');
    world.run(2_880);
    world.happen('crash', 'g3', 'g3');
    world.run(1_000);
    expect(world.longestNobodyMs).toBeLessThanOrEqual(250);
  });
});

describe('a heartbeat', () => {
  const heartbeat = {
    from: 'g2',
    bootId: 'boot',
    epoch: 1n,
    sequence: 7n,
    inSync: true,
    settled: true,
    leaving: false,
    quietMs: 0,
    owned: new Set<number>(),
  };

  it('counts once: what is older or repeated changes nothing', () => {
    const g1 = createMembership('g1', 0);
    expect(g1.heard(heartbeat, 10)).toBe(true);
    expect(g1.heard(heartbeat, 20)).toBe(false);
    expect(g1.heard({ ...heartbeat, sequence: 6n }, 20)).toBe(false);
    expect(g1.heard({ ...heartbeat, sequence: 1n, epoch: 2n }, 20)).toBe(true);
    expect(g1.heard({ ...heartbeat, sequence: 9n }, 20)).toBe(false);
  });

  it('with a new key begins anew', () => {
    const g1 = createMembership('g1', 0);
    g1.setPeers(new Map([['g2', 'one']]));
    g1.heard(heartbeat, 10);
    g1.setPeers(new Map([['g2', 'another']]));
    expect(g1.heard({ ...heartbeat, sequence: 1n }, 20)).toBe(true);
  });

  it('that promises silence is believed for so long', () => {
    const g1 = createMembership('g1', 0);
    g1.heard({ ...heartbeat, quietMs: 5_000 }, 10);
    const isLive = (): boolean => g1.peers().some(({ live }) => live);
    for (let ms = 50; ms <= 5_000; ms += 50) g1.tick(ms);
    expect(isLive()).toBe(true);
    g1.tick(5_050);
    expect(isLive()).toBe(false);
  });
});
