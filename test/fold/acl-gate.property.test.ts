/**
 * Properties of the ACL gate over random histories: a target that is told, lies, forgets, goes back
 * and is asked by two couriers; entries that are wanted, dropped and wanted again; drivers that
 * change. The judge keeps books of its own, from the records in their order, with no revisions.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWorld } from '../../services/aggregates/world.ts';
import type { WebhookSpec } from '../../services/contract/objects.ts';
import { eventRecord, type LoggedEvent } from '../../services/contract/records.ts';
import { replay, worldText } from './checkers.ts';
import { cidrs, createStory, type Story } from './story.ts';

const TARGET = 'target/orders-db';
const WEBHOOK: WebhookSpec = {
  type: 'Webhook',
  url: 'https://acl.example.org/',
  secretRef: { name: 'key' },
  caRef: null,
  timeoutSeconds: 10,
};

type Step =
  | { readonly do: 'use'; readonly ns: 'shop' | 'pay'; readonly isUsed: boolean }
  | { readonly do: 'pods'; readonly ns: 'shop' | 'pay'; readonly count: number }
  | { readonly do: 'driver'; readonly url: number }
  | {
      readonly do: 'report';
      /** How many revisions behind what is wanted; below 0: one that never was. */
      readonly behind: number;
      /** Which addresses of what is wanted it lacks, bit by bit. */
      readonly lacks: number;
      readonly skipsNumber: boolean;
    }
  | { readonly do: 'settle' };

const ns = fc.constantFrom('shop' as const, 'pay' as const);
const isUsed = fc.constantFrom(true, true, false);
const history = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), ns, isUsed }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('pods' as const), ns, count: fc.nat({ max: 8 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('driver' as const), url: fc.nat({ max: 2 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('report' as const),
        behind: fc.constantFrom(0, 0, 0, 0, 1, 2, -1),
        lacks: fc.constantFrom(0, 0, 0, 1, 2, 5, 7),
        skipsNumber: fc.constantFrom(false, false, false, true),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

function play(steps: readonly Step[]): Story {
  const story = createStory();
  const revisions: number[] = [0];
  story.pool('blue', { addressesPerNamespaceMax: 4 });
  story.target('orders-db', { driver: WEBHOOK });
  for (const name of ['shop', 'pay']) story.egressNat(name, 'checkout');
  story.settle();
  for (const step of steps) {
    take(story, step, revisions);
    const revision = story.world.target('orders-db')?.revision ?? 0;
    if (revision !== revisions.at(-1)) revisions.push(revision);
  }
  story.settle();
  return story;
}

function take(story: Story, step: Step, revisions: readonly number[]): void {
  switch (step.do) {
    case 'use':
      story.egressNat(step.ns, 'checkout', { targets: step.isUsed ? ['orders-db'] : [] });
      return;
    case 'pods':
      for (let at = 0; at < 8; at++) {
        if (at < step.count) story.pod(step.ns, `${step.ns}-${at}`);
        else story.podGone(step.ns, `${step.ns}-${at}`);
      }
      return;
    case 'driver': {
      const manual = { type: 'Manual', allowed: cidrs('203.0.113.0/24') } as const;
      const url = `https://acl.example.org/${step.url}`;
      story.target('orders-db', { driver: step.url === 0 ? manual : { ...WEBHOOK, url } });
      return;
    }
    case 'report': {
      const state = story.world.target('orders-db');
      const wanted = [...(state?.entries.values() ?? [])].map(({ address }) => address).sort();
      const addresses = wanted.filter((_, at) => (step.lacks & (1 << at)) === 0);
      const last = revisions.at(-1 - Math.max(0, step.behind)) ?? 0;
      const revision = step.behind < 0 ? last + 1 : last;
      const number = (state?.reports ?? 0) + (step.skipsNumber ? 2 : 1);
      const body = { type: 'AclReported', revision, addresses } as const;
      story.append(eventRecord(TARGET, body, { by: 'acl/orders-db', number }));
      return;
    }
    case 'settle':
      story.settle();
  }
}

/** What the target said since each entry was wanted or dropped, by the order of the records. */
function checkAclGate(events: readonly LoggedEvent[]): number {
  const world = createWorld();
  const addressOf = new Map<string, string>();
  const saidIn = new Set<string>();
  const saidOut = new Set<string>();
  let driver = '';
  let judged = 0;
  for (const event of events) {
    const { aggregate, body } = event.record;
    const { ignored } = world.apply(event);
    if (aggregate !== TARGET || ignored !== null) continue;
    if (body.type === 'TargetObserved') {
      const now = JSON.stringify(body.spec.driver);
      // Another server has said nothing yet.
      if (now !== driver) for (const said of [saidIn, saidOut]) said.clear();
      driver = now;
    } else if (body.type === 'Forwarded') {
      const { claim } = body.message;
      if (body.message.kind === 'WantEntry') addressOf.set(claim, body.message.address);
      if (body.message.kind === 'WantEntry') saidIn.delete(claim);
      if (body.message.kind === 'DropEntry') saidOut.delete(claim);
    } else if (body.type === 'AclReported') {
      const inForce: readonly string[] = body.addresses;
      for (const [claim, address] of addressOf) {
        (inForce.includes(address) ? saidIn : saidOut).add(claim);
      }
    } else if (body.type === 'Decision' && driver.includes('Webhook')) {
      for (const answer of body.answers) {
        judged += 1;
        if (answer.kind === 'EntryConfirmed' && !saidIn.has(answer.claim)) {
          throw new Error(`${answer.claim} was confirmed, which the target never said`);
        }
        if (answer.kind === 'EntryRemoved' && !saidOut.has(answer.claim)) {
          throw new Error(`${answer.claim} is gone, which the target never said`);
        }
      }
    }
  }
  return judged;
}

test('no entry is confirmed or gone but by what the target said since it was wished so', () => {
  let judged = 0;
  const property = fc.property(history, (steps) => {
    judged += checkAclGate(play(steps).log.events);
  });
  fc.assert(property, { numRuns: 300 });
  // Histories in which nothing is answered would prove nothing.
  expect(judged).toBeGreaterThan(50);
});

test('a replay of what a target said gives the same bytes', () => {
  const property = fc.property(history, (steps) => {
    const story = play(steps);
    expect(worldText(replay(story.log.events))).toBe(worldText(story.world));
  });
  fc.assert(property, { numRuns: 50 });
});
