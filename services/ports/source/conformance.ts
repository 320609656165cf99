/**
 * What every Source holds (port.ts), written once and run against each adapter. The harness is the
 * outside world: objects are put into it and taken out of it, in the adapter's own form.
 */
import { expect } from 'vitest';
import { type ConformanceInit, conformanceSuite } from '../../../test/conformance-suite.ts';
import {
  aclTarget,
  egressNat,
  type KubernetesObject,
  namespace,
  natPool,
  node,
  pod,
  spoiled,
} from './fixtures/kubernetes-fixtures.ts';
import {
  believedOf,
  factsByKey,
  goneKey,
  isListed,
  presentNamed,
  watchSource,
} from './fixtures/watching-fixtures.ts';
import { readKubernetesObject } from './objects/kubernetes-object.ts';
import type { Source, SourceEvent, SourceObject } from './port.ts';

export interface SourceHarness {
  readonly source: Source;
  /** Creates or changes; fulfilled when the change is made, not when the source has seen it. */
  put(object: KubernetesObject): Promise<void>;
  remove(object: KubernetesObject): Promise<void>;
  /** Input that nobody can understand, in a place of its own. */
  garble(): Promise<void>;
  /** How many objects the largest list has. */
  readonly many: number;
  teardown(): Promise<void>;
}

type Harness = SourceHarness;

const EVERY_KIND = [
  namespace('shop', { team: 'commerce' }),
  node('node-a'),
  natPool('blue'),
  aclTarget('orders-db'),
  egressNat('checkout'),
  pod('web-1'),
];

export function sourceConformance(name: string, init: ConformanceInit<SourceHarness>): void {
  conformanceSuite(name, init, { ...listCases, ...changeCases, ...problemCases, ...endCases });
}

const listCases = {
  'lists nothing where nothing is, and marks the end': async ({ source }: Harness) => {
    const watched = watchSource(source);
    await watched.listed();
    expect(watched.events).toEqual([{ type: 'listed', complete: true }]);
    await watched.stop();
  },

  'lists every kind, each once, before the mark': async ({ source, put }: Harness) => {
    for (const object of EVERY_KIND) await put(object);
    const watched = watchSource(source);
    await watched.listed();
    expect(watched.events.filter(({ type }) => type === 'present')).toHaveLength(6);
    expect(watched.events.at(-1)).toEqual({ type: 'listed', complete: true });
    expect(watched.believed()).toEqual(facts(EVERY_KIND));
    await watched.stop();
  },

  'lists the latest of an object that changed before': async ({ source, put }: Harness) => {
    await put(pod('web-1', { labels: { app: 'old' } }));
    await put(pod('web-1', { labels: { app: 'new' } }));
    const watched = watchSource(source);
    await watched.listed();
    expect(watched.believed()).toEqual(facts([pod('web-1', { labels: { app: 'new' } })]));
    await watched.stop();
  },

  'lists many': async ({ source, put, many }: Harness) => {
    const pods = Array.from({ length: many }, (_, i) => pod(`web-${i}`));
    for (const object of pods) await put(object);
    const watched = watchSource(source);
    await watched.listed();
    expect(watched.believed()).toEqual(facts(pods));
    await watched.stop();
  },

  'gives a second watch a list of its own': async ({ source, put }: Harness) => {
    await put(pod('web-1'));
    const first = watchSource(source);
    const second = watchSource(source);
    await Promise.all([first.listed(), second.listed()]);
    expect(first.believed()).toEqual(second.believed());
    await first.stop();
    await put(pod('web-2'));
    await second.until((events) => events.some(presentNamed('web-2')));
    await second.stop();
  },

  'lists after a restart what changed meanwhile': async ({ source, put, remove }: Harness) => {
    await put(pod('web-1'));
    await put(pod('web-2'));
    const first = watchSource(source);
    await first.listed();
    await first.stop();
    await remove(pod('web-1'));
    await put(pod('web-3'));
    const second = watchSource(source);
    await second.listed();
    const both = [...first.events, { type: 'relisting' } as const, ...second.events];
    expect(believedOf(both)).toEqual(facts([pod('web-2'), pod('web-3')]));
    await second.stop();
  },
};

const changeCases = {
  'tells what comes, changes and goes': async ({ source, put, remove }: Harness) => {
    const watched = watchSource(source);
    await watched.listed();
    await put(pod('web-1', { node: '' }));
    await watched.until((events) => events.some(presentNamed('web-1')));
    await put(pod('web-1'));
    await watched.until((events) => events.filter(presentNamed('web-1')).length === 2);
    expect(watched.believed()).toEqual(facts([pod('web-1')]));
    await remove(pod('web-1'));
    await watched.until((events) => events.some(goneKey('Pod shop/uid-web-1')));
    expect(watched.believed().size).toBe(0);
    await watched.stop();
  },

  'says nothing when nothing changes that matters': async ({ source, put }: Harness) => {
    await put(pod('web-1'));
    const watched = watchSource(source);
    await watched.listed();
    const before = watched.events.length;
    await put(pod('web-1', { annotations: { note: 'chatter' } }));
    await put(pod('web-2'));
    await watched.until((events) => events.some(presentNamed('web-2')));
    expect(watched.events.slice(before)).toHaveLength(1);
    await watched.stop();
  },

  'knows a pod by its uid, not by its name': async ({ source, put, remove }: Harness) => {
    await put(pod('web-0', { uid: 'first' }));
    const watched = watchSource(source);
    await watched.listed();
    await remove(pod('web-0', { uid: 'first' }));
    await put(pod('web-0', { uid: 'second' }));
    await watched.until((events) => events.some(goneKey('Pod shop/first')));
    await watched.until((events) => events.filter(presentNamed('web-0')).length === 2);
    expect(watched.believed()).toEqual(facts([pod('web-0', { uid: 'second' })]));
    await watched.stop();
  },

  'loses nothing and invents nothing in a storm': async ({ source, put, remove }: Harness) => {
    const watched = watchSource(source);
    const left = new Map<string, KubernetesObject>();
    for (let step = 0; step < 120; step++) {
      const name = `web-${(step * 7) % 20}`;
      const object = pod(name, { labels: { step: String(step % 5) } });
      if (step % 3 === 2 && left.has(name)) {
        left.delete(name);
        await remove(object);
      } else {
        left.set(name, object);
        await put(object);
      }
    }
    const wanted = facts([...left.values()]);
    await watched.until((events) => sameMap(believedOf(events), wanted));
    await put(pod('last'));
    await watched.until((events) => events.some(presentNamed('last')));
    await remove(pod('last'));
    await watched.until((events) => sameMap(believedOf(events), wanted));
    await watched.stop();
  },
};

const problemCases = {
  'tells where refused input stands': async ({ source, put }: Harness) => {
    await put(natPool('blue', { ports: { perPod: 1000 } }));
    const watched = watchSource(source);
    await watched.listed();
    const [problem] = problemsIn(watched.events);
    expect(problem).toMatchObject({ code: 'BERTH_INPUT_FIELD', field: 'spec.ports.perPod' });
    expect(problem?.line).toBeGreaterThan(0);
    expect(problem?.file).not.toBe('');
    expect(problem?.message).toContain('power of two');
    await watched.stop();
  },

  'goes on after what it cannot understand': async ({ source, put, garble }: Harness) => {
    await put(pod('web-1'));
    await garble();
    await put(pod('web-2'));
    const watched = watchSource(source);
    await watched.listed();
    expect(problemsIn(watched.events).length).toBeGreaterThan(0);
    expect(watched.believed()).toEqual(facts([pod('web-1'), pod('web-2')]));
    await put(pod('web-3'));
    await watched.until((events) => events.some(presentNamed('web-3')));
    await watched.stop();
  },

  'does not call a list complete that it could not understand': async (harness: Harness) => {
    await harness.put(pod('web-1'));
    await harness.put(spoiled(pod('web-2')));
    const watched = watchSource(harness.source);
    await watched.listed();
    expect(watched.events.find(isListed)).toEqual({ type: 'listed', complete: false });
    await watched.stop();
  },

  'keeps what was in force when its new form is refused': async ({ source, put }: Harness) => {
    await put(pod('web-1'));
    await put(pod('web-2'));
    const watched = watchSource(source);
    await watched.listed();
    await put(spoiled(pod('web-1')));
    await watched.until((events) => problemsIn(events).length > 0);
    await put(pod('web-3'));
    await watched.until((events) => events.some(presentNamed('web-3')));
    expect(watched.believed()).toEqual(facts([pod('web-1'), pod('web-2'), pod('web-3')]));
    await put(pod('web-1', { labels: { app: 'repaired' } }));
    await watched.until((events) =>
      sameMap(
        believedOf(events),
        facts([pod('web-1', { labels: { app: 'repaired' } }), pod('web-2'), pod('web-3')]),
      ),
    );
    await watched.stop();
  },

  'is certain of what goes, also after an incomplete list': async (harness: Harness) => {
    const { source, put, remove, garble } = harness;
    await put(pod('web-1'));
    await garble();
    const watched = watchSource(source);
    await watched.listed();
    await remove(pod('web-1'));
    await watched.until((events) => events.some(goneKey('Pod shop/uid-web-1')));
    await watched.stop();
  },

  'lets go of a refused object when it is removed': async ({ source, put, remove }: Harness) => {
    await put(pod('web-1'));
    const watched = watchSource(source);
    await watched.listed();
    await put(spoiled(pod('web-1')));
    await watched.until((events) => problemsIn(events).length > 0);
    await remove(spoiled(pod('web-1')));
    await watched.until((events) => events.some(goneKey('Pod shop/uid-web-1')));
    await watched.stop();
  },
};

const endCases = {
  'ends without an error when aborted before it began': async ({ source, put }: Harness) => {
    await put(pod('web-1'));
    const aborted = AbortSignal.abort();
    const events: SourceEvent[] = [];
    for await (const event of source.watch(aborted)) events.push(event);
    expect(events.filter(isListed)).toEqual([]);
  },

  'ends without an error when aborted in the middle of the list': async (harness: Harness) => {
    for (let i = 0; i < 5; i++) await harness.put(pod(`web-${i}`));
    const stopping = new AbortController();
    for await (const event of harness.source.watch(stopping.signal)) {
      if (event.type === 'present') stopping.abort();
    }
  },

  'ends without an error when aborted while nothing happens': async ({ source }: Harness) => {
    const watched = watchSource(source);
    await watched.listed();
    await watched.stop();
    await watched.stop();
  },

  'ends when its reader turns away': async ({ source, put }: Harness) => {
    await put(pod('web-1'));
    for await (const event of source.watch(new AbortController().signal)) {
      if (event.type === 'present') break;
    }
  },
};

function facts(objects: readonly KubernetesObject[]): ReadonlyMap<string, string> {
  return factsByKey(objects.map(sourceObject));
}

function sourceObject(object: KubernetesObject): SourceObject {
  const read = readKubernetesObject(object, { podUid: 'derived' });
  if (read.is !== 'object') throw new Error('the fixture is refused');
  return read.object;
}

function problemsIn(events: readonly SourceEvent[]) {
  return events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...b].every(([key, value]) => a.get(key) === value);
}
