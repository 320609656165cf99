/**
 * Any sequence of pushes, announced and deleted pods, kernel and disk failures and crashes: at
 * every single change of the kernel no pod that keeps its berth is without it and no packet comes
 * back to another pod; and whenever a push is acked, the kernel means exactly what was wanted.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentFixture, attachment, startAgent } from './agent-fixtures.ts';
import {
  addressResource,
  blockResource,
  deltaPush,
  nodeResource,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { type Meaning, mappedPlaces, meaningOf, NO_PLACE } from './table-meaning-fixtures.ts';

const PODS = ['a', 'b', 'c', 'd'];
const POLICIES = ['shop/one', 'shop/two'];
const CONTENTS = ['198.51.100.0/24', '192.0.2.0/24', '198.51.100.7/32'];
const ADDRESSES = ['203.0.113.17', '203.0.113.18'];
const BASES = [1024, 2048, 3072];

/** What the hub wants, in numbers that fast-check can shrink. */
interface World {
  /** By pod: gone, unselected, or by policy the number of its place (or none). */
  readonly pods: readonly (null | 'unselected' | readonly number[])[];
  readonly policies: readonly number[];
  readonly small: boolean;
  readonly remoteNode: number;
}

type Announced =
  | { readonly kind: 'add'; readonly pod: number; readonly ip: number; readonly device: number }
  | { readonly kind: 'del'; readonly pod: number };

type Op =
  | { readonly kind: 'push'; readonly world: World; readonly snapshot: boolean }
  | { readonly kind: 'stale' }
  | Announced
  | { readonly kind: 'together'; readonly announced: readonly Announced[] }
  | { readonly kind: 'crash'; readonly forget: boolean }
  | { readonly kind: 'check' }
  | { readonly kind: 'disk' }
  | { readonly kind: 'fail'; readonly after: number | null };

const PLACES = ADDRESSES.flatMap((nat) => BASES.map((base) => ({ nat, base })));

const world: fc.Arbitrary<World> = fc.record({
  pods: fc.tuple(
    ...PODS.map(() =>
      fc.oneof(
        fc.constant(null),
        fc.constant('unselected' as const),
        fc.array(fc.nat({ max: PLACES.length }), { maxLength: POLICIES.length }),
      ),
    ),
  ),
  policies: fc.tuple(...POLICIES.map(() => fc.nat({ max: CONTENTS.length - 1 }))),
  small: fc.boolean(),
  remoteNode: fc.nat({ max: 1 }),
});

const add = fc.record({
  kind: fc.constant('add' as const),
  pod: fc.nat({ max: PODS.length - 1 }),
  ip: fc.nat({ max: 3 }),
  device: fc.nat({ max: 4 }),
});
const del = fc.record({ kind: fc.constant('del' as const), pod: fc.nat({ max: PODS.length - 1 }) });

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('push' as const), world, snapshot: fc.boolean() }),
  },
  { weight: 4, arbitrary: add },
  { weight: 1, arbitrary: del },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      announced: fc.array(fc.oneof(add, del), { minLength: 2, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), forget: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'check' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'stale' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'disk' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      after: fc.option(fc.nat({ max: 12 }), { nil: null }),
    }),
  },
);

/** One block has one pod: a place that two would have goes to the first. */
function slotsOf(world: World): Map<string, { policy: string; place: number | null }[] | null> {
  const given = new Set<number>();
  const result = new Map<string, { policy: string; place: number | null }[] | null>();
  world.pods.forEach((pod, index) => {
    if (pod === null) return;
    const uid = PODS[index] as string;
    if (pod === 'unselected') {
      result.set(uid, null);
      return;
    }
    const slots = pod.map((place, at) => {
      const usable = place < PLACES.length && !given.has(place);
      if (usable) given.add(place);
      return { policy: POLICIES[at] as string, place: usable ? place : null };
    });
    result.set(uid, slots);
  });
  return result;
}

function resourcesOf(world: World): Resources {
  const size = world.small ? 512 : 1024;
  const slots = slotsOf(world);
  const given = new Set(
    [...slots.values()].flatMap((all) => (all ?? []).map(({ place }) => place)),
  );
  const other = `10.0.0.${world.remoteNode + 2}`;
  return new Map([
    ...[...slots].map(([uid, all]) => {
      const wire = all?.map(({ policy, place }) => {
        return place === null
          ? { policy }
          : { policy, ...(PLACES[place] as { nat: string; base: number }), size };
      });
      return podResource(uid, wire ?? null);
    }),
    ...POLICIES.map((name, i) =>
      policyResource(name, [{ to: CONTENTS[world.policies[i] as number] as string }]),
    ),
    policyResource(
      'unknown',
      CONTENTS.map((to) => ({ to })),
    ),
    policyResource('selected', [{ to: CONTENTS[world.policies[0] as number] as string }]),
    ...ADDRESSES.map((nat) =>
      addressResource(nat, world.remoteNode === 0 ? ['node-1'] : ['node-2'], size),
    ),
    nodeResource('node-9', other, '02:00:00:00:00:09'),
    ...PLACES.flatMap(({ nat, base }, place) =>
      given.has(place) ? [] : [blockResource(nat, base, 'node-9', size)],
    ),
  ]);
}

/** The oracle: what the kernel shall mean, said without any of the agent's code. */
function wantedMeaning(
  world: World,
  attached: AgentFixture['disk']['pods'],
  f: AgentFixture,
): Meaning {
  const content = (index: number): string => `${CONTENTS[world.policies[index] as number]}:`;
  const slots = slotsOf(world);
  const pods: Record<string, string[]> = {};
  const blocks: Record<string, string> = {};
  const interfaces: Record<string, string> = {};
  const other = `10.0.0.${world.remoteNode + 2} 02:00:00:00:00:09`;
  const given = new Set(
    [...slots.values()].flatMap((all) => (all ?? []).map(({ place }) => place)),
  );
  PLACES.forEach(({ nat, base }, place) => {
    if (!given.has(place)) blocks[`${nat} ${base}`] = `node ${other}`;
  });
  for (const { uid, ip, hostInterface } of attached.values()) {
    interfaces[f.kernel.interfaces.get(hostInterface) as number] = ip;
    const all = slots.get(uid);
    if (all === undefined) continue;
    pods[ip] = [
      all === null ? 'not selected' : 'selected',
      ...(all ?? []).map(({ policy, place }) => {
        const at = place === null ? undefined : PLACES[place];
        const text = at === undefined ? NO_PLACE : `${at.nat} ${at.base}`;
        if (at !== undefined) blocks[text] = ip;
        return `${text} via ${content(POLICIES.indexOf(policy))}`;
      }),
    ];
  }
  return {
    pods,
    blocks,
    interfaces,
    addresses: Object.fromEntries(
      ADDRESSES.map((nat) => [nat, `${world.small ? 512 : 1024} ${world.remoteNode === 0}`]),
    ),
    guards: {
      unknown: CONTENTS.map((to) => `${to}:`)
        .sort()
        .join(' '),
      selected: content(0),
    },
    policies: [...new Set(POLICIES.map((_, i) => content(i)))].sort(),
    nodes: [other],
  };
}

function entitled(meaning: Meaning | null): Map<string, Set<string>> {
  return new Map(
    Object.entries(meaning?.pods ?? {}).map(([ip, [, ...slots]]) => [
      ip,
      new Set(slots.map((slot) => slot.split(' via ')[0] as string).filter((p) => p !== NO_PLACE)),
    ]),
  );
}

describe('any sequence of what can happen to a node', () => {
  it('keeps every mapping that stays, mixes no two pods, and ends as wanted', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 25 }), async (ops) => {
        const f = await startAgent();
        let version = 0;
        let held: World | null = null;
        let before: Meaning | null = null;
        let after: Meaning | null = null;
        // Null while an IP changes hands, when what was there goes at once.
        let keeps: 'berths' | null = 'berths';

        const violations: string[] = [];
        // Collected, not thrown: what the kernel throws is the agent's to handle.
        function check(isSo: boolean, what: string): void {
          if (!isSo) violations.push(what);
        }

        f.kernel.onStep = () => {
          const places = mappedPlaces(f.kernel.content);
          const seen = new Set<string>();
          for (const { ip, place, returnsTo } of places) {
            check(!seen.has(place), `${place} of two pods`);
            seen.add(place);
            check(
              returnsTo === null || returnsTo === ip,
              `${place} of ${ip} returns to ${returnsTo}`,
            );
          }
          if (keeps === null || before === null || after === null) return;
          const [was, willBe] = [entitled(before), entitled(after)];
          for (const [ip, stays] of was) {
            for (const place of stays.intersection(willBe.get(ip) ?? new Set())) {
              // A block size that changes moves every berth; then there is nothing to keep.
              if (
                before.addresses[place.split(' ')[0] as string] !==
                after.addresses[place.split(' ')[0] as string]
              )
                continue;
              const stands = places.some(
                (p) => p.ip === ip && p.place === place && p.returnsTo === ip,
              );
              check(stands, `${ip} loses ${place}`);
            }
          }
        };

        async function run(op: Op): Promise<void> {
          keeps = null;
          switch (op.kind) {
            case 'fail':
              f.kernel.failAfter = op.after;
              return;
            case 'disk':
              f.disk.failure = new Error('no space left');
              return;
            case 'check':
              await f.agent.checkTables();
              return;
            case 'stale': {
              if ((f.agent.held().version[0] ?? 0) < 2) return;
              const stale = snapshotPush(new Map(), { 0: 1 });
              expect(await f.agent.push(stale)).toMatchObject({ code: 'BERTH_AGENT_BEHIND' });
              return;
            }
            case 'crash':
              if (op.forget) {
                f.disk.acked.resources.clear();
                f.disk.acked.checksum = 0n;
                held = null;
              }
              await f.restart().catch(() => undefined);
              return;
            case 'together':
              await Promise.all(op.announced.map(run));
              return;
            case 'del':
              await f.agent.removePod(PODS[op.pod] as string).catch(() => undefined);
              return;
            case 'add': {
              const name = `veth-${op.device}`;
              const pod = attachment(f.kernel, PODS[op.pod] as string, `10.1.0.${op.ip}`, name);
              await f.agent.addPod(pod).catch(() => undefined);
              return;
            }
            case 'push': {
              const resources = resourcesOf(op.world);
              version += 1;
              const push =
                op.snapshot || held === null
                  ? snapshotPush(resources, { 0: version })
                  : deltaPush(resourcesOf(held), resources, { 0: version });
              const quiet = f.kernel.failAfter === null && f.disk.failure === null;
              before = held === null || !quiet ? null : wantedMeaning(held, f.disk.pods, f);
              after = wantedMeaning(op.world, f.disk.pods, f);
              keeps = quiet && before !== null && isSettled(before) ? 'berths' : null;
              const answer = await f.agent.push(push);
              if (answer.kind === 'nack') {
                expect(quiet, answer.message).toBe(false);
                expect(['BERTH_DATAPATH_FULL', 'BERTH_AGENT_FAILED']).toContain(answer.code);
                return;
              }
              held = op.world;
            }
          }
        }

        function isSettled(meaning: Meaning): boolean {
          return JSON.stringify(meaningOf(f.kernel.content).pods) === JSON.stringify(meaning.pods);
        }

        for (const op of ops) {
          await run(op);
          expect(violations).toEqual([]);
        }
        f.kernel.failAfter = null;
        f.disk.failure = null;
        const last = ops.findLast((op) => op.kind === 'push')?.world ?? (held as World | null);
        if (last === null) return;
        await run({ kind: 'push', world: last, snapshot: true });
        await f.agent.checkTables();
        expect(meaningOf(f.kernel.content)).toEqual(wantedMeaning(last, f.disk.pods, f));
        expect(violations).toEqual([]);
        const { writes } = f.kernel;
        await f.restart();
        await run({ kind: 'push', world: last, snapshot: true });
        expect(f.kernel.writes - writes, 'adopting changes nothing').toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
