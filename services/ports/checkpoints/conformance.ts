/**
 * What every Checkpoints store holds (port.ts), written once and run against each adapter: replaced
 * as a whole or not at all, never back, the same again is no change, and a version that only grows.
 */
import { expect } from 'vitest';
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import { sha256 } from '../../contract/canonical.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import type { Checkpoint, Checkpoints, Pass } from './port.ts';

export interface CheckpointsHarness {
  readonly opened: Checkpoints;
  /** Closes the store and opens it again on the same storage. */
  reopen(): Promise<Checkpoints>;
  teardown(): Promise<void>;
}

const LARGEST_BATCH = 10_000;
const LARGEST_STATE_CHARACTERS = 8_000_000;

function checkpoint(
  aggregate: AggregateKey,
  offset: number,
  state = `{"at":${offset}}`,
): Checkpoint {
  return { aggregate, position: { partition: 1, offset }, rules: 1, state, hash: sha256(state) };
}

/** These, as a pass that covers the furthest of them. */
function pass(...checkpoints: readonly Checkpoint[]): Pass {
  const offsets = checkpoints.map(({ position }) => position.offset);
  return { checkpoints, version: offsets.length === 0 ? {} : { 1: Math.max(...offsets) } };
}

const sorted = async (store: Checkpoints): Promise<readonly Checkpoint[]> =>
  [...(await store.all()).checkpoints].sort((a, b) => (a.aggregate < b.aggregate ? -1 : 1));

export function checkpointsConformance(
  name: string,
  init: ConformanceInit<CheckpointsHarness>,
): void {
  conformanceSuite(name, init, {
    async 'has none at first, and none after an empty save'({ opened: store }) {
      await store.save(pass());
      expect(await sorted(store)).toEqual([]);
    },

    async 'gives back what was saved, one for each aggregate, after it was opened again'({
      opened: store,
      reopen,
    }) {
      const saved = [checkpoint('ns/shop', 3), checkpoint('pools', 0), checkpoint('target/db', 9)];
      await store.save(pass(...saved));
      expect(await sorted(store)).toEqual(saved);
      expect(await sorted(await reopen())).toEqual(saved);
    },

    async 'gives back the version that was saved, also after it was opened again'({
      opened: store,
      reopen,
    }) {
      expect((await store.all()).version).toEqual({});
      await store.save({ checkpoints: [checkpoint('pools', 3)], version: { 1: 2, 0: 7 } });
      expect((await store.all()).version).toEqual({ 0: 7, 1: 2 });
      expect((await (await reopen()).all()).version).toEqual({ 0: 7, 1: 2 });
    },

    async 'keeps the version of each partition apart, and never takes it back'({ opened: store }) {
      await store.save({ checkpoints: [checkpoint('pools', 7)], version: { 1: 7 } });
      await store.save({ checkpoints: [], version: { 11: 0, 2: 4 } });
      await store.save({ checkpoints: [], version: { 1: 6, 2: 5 } });
      expect((await store.all()).version).toEqual({ 1: 7, 2: 5, 11: 0 });
    },

    async 'gives those of single partitions, or of all'({ opened: store, reopen }) {
      const inPartition = (partition: number, key: AggregateKey): Checkpoint => {
        const one = checkpoint(key, partition);
        return { ...one, position: { partition, offset: partition } };
      };
      const saved = [inPartition(0, 'ns/b'), inPartition(2, 'ns/c'), inPartition(10, 'ns/a')];
      await store.save({ checkpoints: saved, version: { 0: 0, 2: 2, 10: 10 } });
      for (const open of [async () => store, reopen]) {
        const opened = await open();
        expect(await opened.all([2])).toEqual({
          checkpoints: [inPartition(2, 'ns/c')],
          version: { 2: 2 },
        });
        const two = await opened.all([10, 0]);
        expect(two.version).toEqual({ 0: 0, 10: 10 });
        expect(new Set(two.checkpoints.map(({ aggregate }) => aggregate))).toEqual(
          new Set(['ns/a', 'ns/b']),
        );
        expect(await opened.all([1])).toEqual({ checkpoints: [], version: {} });
        expect((await opened.all()).version).toEqual({ 0: 0, 2: 2, 10: 10 });
        expect(await opened.version()).toEqual({ 0: 0, 2: 2, 10: 10 });
        expect((await opened.all()).checkpoints).toHaveLength(3);
      }
    },

    async 'replaces a checkpoint by one further on'({ opened: store }) {
      await store.save(pass(checkpoint('ns/shop', 3), checkpoint('pools', 1)));
      await store.save(pass(checkpoint('ns/shop', 7)));
      expect(await sorted(store)).toEqual([checkpoint('ns/shop', 7), checkpoint('pools', 1)]);
    },

    async 'refuses to go back'({ opened: store }) {
      await store.save(pass(checkpoint('ns/shop', 7)));
      await expect(store.save(pass(checkpoint('ns/shop', 6)))).rejects.toMatchObject({
        code: 'BERTH_CHECKPOINT_BACKWARDS',
        details: { aggregate: 'ns/shop', offset: 6, have: 7 },
      });
      expect(await sorted(store)).toEqual([checkpoint('ns/shop', 7)]);
    },

    async 'saves none of a call of which one goes back'({ opened: store }) {
      await store.save(pass(checkpoint('pools', 5)));
      const call = [checkpoint('ns/shop', 1), checkpoint('pools', 4), checkpoint('target/db', 1)];
      await expect(store.save({ checkpoints: call, version: { 1: 9 } })).rejects.toMatchObject({
        code: 'BERTH_CHECKPOINT_BACKWARDS',
      });
      expect(await store.all()).toEqual(pass(checkpoint('pools', 5)));
    },

    async 'takes the same one again as no change'({ opened: store }) {
      await store.save(pass(checkpoint('pools', 5)));
      await store.save(pass(checkpoint('pools', 5), checkpoint('pools', 5)));
      expect(await sorted(store)).toEqual([checkpoint('pools', 5)]);
    },

    async 'refuses another state at the same place under the same rules'({ opened: store }) {
      await store.save(pass(checkpoint('pools', 5)));
      await expect(store.save(pass(checkpoint('pools', 5, '{"other":1}')))).rejects.toMatchObject({
        code: 'BERTH_FOLD_CHECKPOINT_DIFFERS',
      });
      const otherRules = { ...checkpoint('pools', 5, '{"other":1}'), rules: 2 };
      await store.save(pass(otherRules));
      expect(await sorted(store)).toEqual([otherRules]);
    },

    async 'judges each one of a call by those before it'({ opened: store }) {
      await store.save(pass(checkpoint('pools', 1), checkpoint('pools', 2)));
      expect(await sorted(store)).toEqual([checkpoint('pools', 2)]);
      const call = [checkpoint('pools', 4), checkpoint('pools', 3)];
      await expect(store.save(pass(...call))).rejects.toMatchObject({
        code: 'BERTH_CHECKPOINT_BACKWARDS',
      });
      expect(await sorted(store)).toEqual([checkpoint('pools', 2)]);
    },

    async 'keeps the furthest of saves that are under way together'({ opened: store }) {
      const offsets = [4, 9, 2, 7, 1];
      const saves = offsets.map((offset) => store.save(pass(checkpoint('pools', offset))));
      await Promise.allSettled(saves);
      expect(await sorted(store)).toEqual([checkpoint('pools', 9)]);
    },

    async 'holds a big state, and the largest batch'({ opened: store }) {
      const state = JSON.stringify('é'.repeat(LARGEST_STATE_CHARACTERS / 2));
      await store.save(pass(checkpoint('pools', 1, state)));
      expect((await sorted(store))[0]?.state).toBe(state);
      const many = Array.from({ length: LARGEST_BATCH }, (_, i) => checkpoint(`ns/${i}`, i));
      await store.save(pass(...many));
      expect(await sorted(store)).toHaveLength(LARGEST_BATCH + 1);
    },

    async 'finishes a save that was begun before it was closed'({ opened: store, reopen }) {
      const saved = store.save(pass(checkpoint('pools', 1)));
      const again = await reopen();
      await saved;
      expect(await sorted(again)).toEqual([checkpoint('pools', 1)]);
    },

    async 'can be closed twice, and refuses what comes later'({ opened: store }) {
      await Promise.all([store.close(), store.close()]);
      await store.close();
      const closed = { code: 'BERTH_CHECKPOINT_CLOSED' };
      await expect(store.save(pass())).rejects.toMatchObject(closed);
      await expect(store.all()).rejects.toMatchObject(closed);
      await expect(store.version()).rejects.toMatchObject(closed);
    },
  });
}
