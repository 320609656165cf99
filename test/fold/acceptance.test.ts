/** The three conditions of acceptance and the numbers of forwards, one by one. */
import { describe, expect, test } from 'vitest';
import { type Decision, eventRecord } from '../../services/contract/records.ts';
import { createStory, type Story } from './story.ts';

function waitingShop(): { story: Story; decision: Decision } {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.settle();
  story.pod('shop', 'a');
  story.pod('shop', 'b');
  const [record] = story.mapper.next();
  if (record?.body.type !== 'Decision') throw new Error('nothing was decided');
  return { story, decision: record.body };
}

function outcomeOf(story: Story, decision: Decision): string | null {
  const [event] = story.log.append([eventRecord('ns/shop', decision)]);
  if (event === undefined) throw new Error('nothing was appended');
  return story.world.apply(event).ignored;
}

const isGrant = ({ answers }: Decision) => answers.some(({ kind }) => kind === 'AddressGranted');

describe('a decision', () => {
  test('is accepted when its questions are open, its predecessor is the last, and it fits', () => {
    const { story, decision } = waitingShop();
    expect(outcomeOf(story, decision)).toBeNull();
    expect(story.blocks('shop')).toHaveLength(2);
  });

  test('is ignored as a whole when one of its questions is not open', () => {
    const { story, decision } = waitingShop();
    story.podGone('shop', 'b');
    expect(outcomeOf(story, decision)).toBe('question-not-open');
    expect(story.blocks('shop')).toEqual([]);
  });

  test('is ignored when it answers one question twice', () => {
    const { story, decision } = waitingShop();
    const [answer] = decision.answers;
    if (answer === undefined) throw new Error('no answer');
    const twice = { ...decision, answers: [answer, answer] };
    expect(outcomeOf(story, twice)).toBe('question-not-open');
  });

  test('is ignored when another decision was accepted since, although all else would fit', () => {
    const { story, decision } = waitingShop();
    const [first, second] = decision.answers;
    if (first === undefined || second === undefined) throw new Error('two answers are needed');
    expect(outcomeOf(story, { ...decision, answers: [first] })).toBeNull();
    expect(outcomeOf(story, { ...decision, answers: [second] })).toBe('other-predecessor');
  });

  test('is ignored when it gives one block to two pods', () => {
    const { story, decision } = waitingShop();
    const [first, second] = decision.answers;
    if (first?.kind !== 'BerthGranted' || second?.kind !== 'BerthGranted')
      throw new Error('grants');
    const same = { ...decision, answers: [first, { ...second, base: first.base }] };
    expect(outcomeOf(story, same)).toBe('impossible-outcome');
  });

  test('is ignored when it gives a block to another pod than the question is about', () => {
    const { story, decision } = waitingShop();
    const [first] = decision.answers;
    if (first?.kind !== 'BerthGranted') throw new Error('a grant is needed');
    const wrong = { ...decision, answers: [{ ...first, pod: 'b' }] };
    expect(outcomeOf(story, wrong)).toBe('impossible-outcome');
  });

  test('is ignored when it gives a block that a pod has', () => {
    const { story, decision } = waitingShop();
    const [first, second] = decision.answers;
    if (first?.kind !== 'BerthGranted' || second?.kind !== 'BerthGranted')
      throw new Error('grants');
    expect(outcomeOf(story, { ...decision, answers: [first] })).toBeNull();
    const predecessor = story.namespace('shop').lastDecision;
    const taken = { ...second, base: first.base };
    expect(outcomeOf(story, { ...decision, predecessor, answers: [taken] })).toBe(
      'impossible-outcome',
    );
    expect(outcomeOf(story, { ...decision, predecessor, answers: [second] })).toBeNull();
  });

  test('is ignored when it grants an address that a claim holds', () => {
    const story = createStory();
    story.pool('blue');
    story.egressNat('shop', 'checkout');
    story.settle();
    const [held] = story.world.pools.holders.keys();
    story.egressNat('pay', 'checkout');
    for (let round = 0; round < 10; round++) {
      const records = story.mapper.next();
      const grant = records.find(({ body }) => body.type === 'Decision' && isGrant(body));
      if (grant?.body.type === 'Decision' && held !== undefined) {
        const taken = JSON.parse(
          JSON.stringify(grant.body).replaceAll('203.0.113.17', held),
        ) as Decision;
        expect(taken).not.toEqual(grant.body);
        const [event] = story.log.append([eventRecord('pools', taken)]);
        expect(event && story.world.apply(event).ignored).toBe('impossible-outcome');
        return;
      }
      story.append(...records);
      story.mapper.appended(records);
    }
    throw new Error('no second grant');
  });

  test('is ignored when its forwards are not numbered on', () => {
    const { story, decision } = waitingShop();
    const message = { kind: 'ReturnClaim', claim: 'x' } as const;
    const skipping = { ...decision, forwards: [{ to: 'pools', number: 7, message } as const] };
    expect(outcomeOf(story, skipping)).toBe('impossible-outcome');
  });
});

describe('a forward', () => {
  test('is taken once and in order', () => {
    const story = createStory();
    const ask = (number: number, claim: string) =>
      eventRecord('pools', {
        type: 'Forwarded',
        from: 'ns/shop',
        number,
        message: {
          kind: 'AskClaim',
          claim,
          namespace: 'shop',
          labels: {},
          egressNat: 'checkout',
          pool: 'blue',
          targets: [],
        },
      });
    story.append(ask(2, 'early'), ask(1, 'first'), ask(1, 'again'), ask(2, 'second'));
    expect([...story.world.pools.claims.keys()]).toEqual(['first', 'second']);
  });
});

test('a record that is delivered twice is folded once', () => {
  const story = createStory();
  story.pool('blue');
  const [started] = story.log.events;
  if (started === undefined) throw new Error('nothing was appended');
  expect(story.world.apply(started).ignored).toBe('repeated');
});
