/**
 * The ACL gate: what a `Webhook` target says is in force decides which addresses are used, and no
 * report of an earlier wish speaks for a later one.
 */
import { describe, expect, test } from 'vitest';
import { lostAddresses, wantedSet } from '../../services/aggregates/target/wanted-set.ts';
import type { IpAddress } from '../../services/contract/ip-address.ts';
import type { WebhookSpec } from '../../services/contract/objects.ts';
import { eventRecord, type LoggedEvent } from '../../services/contract/records.ts';
import { cidrs, createStory, EVERYTHING, type Story } from './story.ts';

const WEBHOOK: WebhookSpec = {
  type: 'Webhook',
  url: 'https://acl.example.org/',
  secretRef: { name: 'key' },
  caRef: null,
  timeoutSeconds: 10,
};

function gated(): Story {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db', { driver: WEBHOOK });
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  return story;
}

const target = (story: Story) => {
  const state = story.world.target('orders-db');
  if (state === undefined) throw new Error('no such target');
  return state;
};

const wanted = (story: Story) => {
  const set = wantedSet(target(story));
  const addresses = set?.entries.map(({ address }) => address) ?? [];
  return { revision: set?.revision ?? 0, addresses };
};

/** The target says what is in force; answers whether that was taken. */
function report(
  story: Story,
  { revision, addresses }: { revision: number; addresses: readonly IpAddress[] },
  number = target(story).reports + 1,
): boolean {
  const body = { type: 'AclReported', revision, addresses } as const;
  const before = target(story).reports;
  story.append(eventRecord('target/orders-db', body, { by: 'acl/orders-db', number }));
  story.settle();
  return target(story).reports > before;
}

const mapped = (story: Story): string[] => story.blocks('shop').map(({ pod }) => pod);

describe('an address of a Webhook target', () => {
  test('is used when the target says that it is in force, and not before', () => {
    const story = gated();
    expect(wanted(story).addresses).toEqual(['203.0.113.16']);
    expect(mapped(story)).toEqual([]);
    report(story, { ...wanted(story), addresses: [] });
    expect(mapped(story)).toEqual([]);
    report(story, wanted(story));
    expect(mapped(story)).toEqual(['a']);
  });

  test('is not used for what a target says of an earlier set', () => {
    const story = gated();
    const { revision, addresses } = wanted(story);
    report(story, { revision: revision - 1, addresses });
    expect(mapped(story)).toEqual([]);
  });

  test('is not used for what a target says of a set that there never was', () => {
    const story = gated();
    const { revision, addresses } = wanted(story);
    expect(report(story, { revision: revision + 1, addresses })).toBe(false);
    expect(mapped(story)).toEqual([]);
  });

  test('is kept by running pods when the target loses it, and told as lost', () => {
    const story = gated();
    report(story, wanted(story));
    report(story, { ...wanted(story), addresses: [] });
    expect(mapped(story)).toEqual(['a']);
    expect(lostAddresses(target(story))).toEqual(['203.0.113.16']);
    expect(wanted(story).addresses).toEqual(['203.0.113.16']);
  });

  test('is free again only when the target says that it is out', () => {
    const story = gated();
    report(story, wanted(story));
    const before = wanted(story);
    story.podGone('shop', 'a');
    story.settle();
    for (const release of story.releases('shop')) {
      story.ack('shop', release);
      story.log.nowMs += 120_000;
      story.tick('shop', release);
    }
    story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
    story.settle();
    expect(wanted(story).addresses).toEqual([]);
    expect(wanted(story).revision).toBeGreaterThan(before.revision);
    report(story, { revision: before.revision, addresses: [] });
    report(story, { revision: wanted(story).revision, addresses: before.addresses });
    expect([...story.world.pools.holders.keys()]).toEqual(['203.0.113.16']);
    report(story, wanted(story));
    expect(story.world.pools.holders.size).toBe(0);
  });

  test('of a namespace that the target does not allow never gets into the set', () => {
    const story = gated();
    story.target('orders-db', {
      driver: WEBHOOK,
      allowedNamespaces: { ...EVERYTHING, matchLabels: { team: 'other' } },
    });
    story.settle();
    expect(wanted(story).addresses).toEqual([]);
    report(story, {
      revision: wanted(story).revision,
      addresses: cidrs('203.0.113.16/32') as never,
    });
    expect(mapped(story)).toEqual([]);
  });
});

test('trace 6: a report from before an entry was wanted again does not admit it', () => {
  const story = gated();
  const first = wanted(story);
  story.podGone('shop', 'a');
  story.egressNat('shop', 'checkout', { targets: [] });
  story.settle();
  expect(wanted(story).addresses).toEqual([]);
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'b');
  story.settle();
  expect(wanted(story).addresses).toEqual(first.addresses);
  report(story, first);
  expect(mapped(story)).toEqual([]);
  report(story, wanted(story));
  expect(mapped(story)).toEqual(['b']);
});

describe('two couriers', () => {
  test('that report at once are not both believed', () => {
    const story = gated();
    const now = wanted(story);
    expect(report(story, { ...now, addresses: [] }, 1)).toBe(true);
    expect(report(story, now, 1)).toBe(false);
    expect(mapped(story)).toEqual([]);
    expect(report(story, now, 3)).toBe(false);
    expect(report(story, now, 2)).toBe(true);
    expect(mapped(story)).toEqual(['a']);
  });

  test('change nothing by an append that is repeated', () => {
    const story = gated();
    report(story, wanted(story), 1);
    expect(report(story, wanted(story), 1)).toBe(false);
  });
});

describe('a decision of another mapper', () => {
  const decide = (story: Story, kind: 'EntryConfirmed' | 'EntryRemoved'): LoggedEvent[] => {
    const state = target(story);
    const [[question, { entry: claim }] = ['', { entry: '' }]] = [...state.questions];
    const entry = state.entries.get(claim);
    if (entry === undefined) throw new Error('nothing is asked');
    const { address, revision } = entry;
    const next = (to: 'pools' | 'ns/shop') => state.outbox.get(to)?.next ?? 1;
    const confirmed = { claim, target: 'orders-db', address, revision };
    const forwards =
      kind === 'EntryConfirmed'
        ? [
            {
              to: 'ns/shop',
              number: next('ns/shop'),
              message: { kind: 'ConfirmEntry', ...confirmed },
            } as const,
          ]
        : [
            {
              to: 'pools',
              number: next('pools'),
              message: { kind: 'EntryGone', claim, target: 'orders-db', revision },
            } as const,
          ];
    const answers = [{ kind, question, claim }];
    const body = { type: 'Decision', predecessor: state.lastDecision, answers, forwards } as const;
    return story.append(eventRecord('target/orders-db', body));
  };

  test('cannot confirm what the target did not report', () => {
    const story = gated();
    decide(story, 'EntryConfirmed');
    story.settle();
    expect(mapped(story)).toEqual([]);
    story.target('orders-db', { driver: WEBHOOK, enforcement: 'Selected' });
    report(story, wanted(story));
    expect(mapped(story)).toEqual(['a']);
  });

  test('cannot say that an entry is gone which the target did not report so', () => {
    const story = gated();
    report(story, wanted(story));
    story.egressNat('shop', 'checkout', { targets: [] });
    story.settle();
    decide(story, 'EntryRemoved');
    expect(target(story).entries.size).toBe(1);
    report(story, wanted(story));
    expect(target(story).entries.size).toBe(0);
  });
});

describe('a target whose driver changes', () => {
  test('from Manual to Webhook keeps what was confirmed, and must be told of it', () => {
    const story = gated();
    story.target('orders-db');
    story.settle();
    expect(mapped(story)).toEqual(['a']);
    const before = wanted(story).revision;
    story.target('orders-db', { driver: WEBHOOK });
    story.settle();
    expect(mapped(story)).toEqual(['a']);
    expect(wanted(story).addresses).toEqual(['203.0.113.16']);
    expect(wanted(story).revision).toBeGreaterThan(before);
    expect(target(story).reported).toBeNull();
  });

  test('to another URL believes nothing of what the old one said', () => {
    const story = gated();
    const old = wanted(story);
    story.target('orders-db', { driver: { ...WEBHOOK, url: 'https://other.example.org/' } });
    story.settle();
    report(story, old);
    expect(mapped(story)).toEqual([]);
    report(story, wanted(story));
    expect(mapped(story)).toEqual(['a']);
  });

  test('from Webhook to Manual confirms what its ticket opened', () => {
    const story = gated();
    story.target('orders-db', { driver: { type: 'Manual', allowed: [] } });
    story.settle();
    expect(mapped(story)).toEqual([]);
    story.target('orders-db');
    story.settle();
    expect(mapped(story)).toEqual(['a']);
  });

  test('or that is gone lets its entries go', () => {
    const story = gated();
    report(story, wanted(story));
    story.egressNat('shop', 'checkout', { targets: [] });
    story.observe('target/orders-db', { type: 'TargetGone' });
    story.settle();
    expect(target(story).entries.size).toBe(0);
  });
});
