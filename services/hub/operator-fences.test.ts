/** Fences by an operator, on a story of the fold: what is shown, refused, and booked. */
import { describe, expect, it } from 'vitest';
import { createStory } from '../../test/fold/story.ts';
import { hasCode } from '../contract/errors.ts';
import type { EventRecord } from '../contract/records.ts';
import { createFenceBook } from './fence-book.ts';
import { createOperatorFences } from './operator-fences.ts';

function operators(linked: readonly string[] = []) {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  for (const pod of ['a', 'b']) story.pod('shop', pod);
  story.settle();
  story.podGone('shop', 'a');
  story.settle();
  const appended: EventRecord[] = [];
  const book = createFenceBook(story.world);
  const fences = createOperatorFences({
    world: story.world,
    book,
    nodeRecords: new Map(),
    isLinked: (node) => linked.includes(node),
    append: (record) => appended.push(record),
  });
  /** The log takes what was appended, and the book is read. */
  function flush(): void {
    for (let record = appended.shift(); record !== undefined; record = appended.shift()) {
      const [event] = story.log.append([record]);
      if (event !== undefined && story.mapper.read(event).ignored === null) fences.booked('n1');
    }
  }
  return { story, book, fences, appended, flush };
}

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return null;
}

describe('a fence by an operator', () => {
  it('says first what it would free, and which pods are still bound there', () => {
    const { fences } = operators();
    const { linked, by, blocks } = fences.preview('n1');
    expect({ linked, by }).toEqual({ linked: false, by: null });
    expect(blocks.map(({ pod, state }) => `${pod} ${state}`)).toEqual(['b in use', 'a resting']);
    expect(new Set(blocks.map(({ address }) => address))).toEqual(new Set(['203.0.113.16']));
  });

  it('is refused for a node that nobody ever heard of', async () => {
    const { fences, appended } = operators();
    const error = await codeOf(() => fences.fence('n9', { force: true }));
    expect(hasCode(error, 'BERTH_FENCE_UNKNOWN_NODE')).toBe(true);
    expect(appended).toEqual([]);
  });

  it('is refused while the node has a link, unless it is forced', async () => {
    const { fences, book, flush, appended } = operators(['n1']);
    const error = await codeOf(() => fences.fence('n1', { force: false }));
    expect(hasCode(error, 'BERTH_FENCE_LINKED')).toBe(true);
    expect(appended).toEqual([]);
    const forced = fences.fence('n1', { force: true });
    flush();
    expect((await forced).by).toBe('Operator');
    expect(book.isFenced('n1')).toBe(true);
  });

  it('is done when the book has it, on top of what came first', async () => {
    const { story, fences, book, flush } = operators();
    const other = book.next('n1', { suspect: 'Deleted' });
    const fenced = fences.fence('n1', { force: false });
    story.append(other);
    flush();
    expect(book.isFenced('n1')).toBe(false);
    fences.booked('n1');
    flush();
    await fenced;
    expect(book.get('n1')?.by).toBe('Operator');
  });

  it('is none when the node says hello between its two steps', async () => {
    const { story, fences, book, appended, flush } = operators();
    const fenced = codeOf(() => fences.fence('n1', { force: false }));
    const suspicion = appended.splice(0);
    story.append(...suspicion);
    const hello = book.next('n1', { by: null, suspect: null });
    fences.booked('n1');
    story.append(hello);
    // The second step was under way, and comes too late.
    flush();
    fences.booked('n1');
    expect(hasCode(await fenced, 'BERTH_FENCE_LINKED')).toBe(true);
    expect(book.isFenced('n1')).toBe(false);
  });

  it('that was stated already is stated once', async () => {
    const { fences, flush, appended } = operators();
    const first = fences.fence('n1', { force: false });
    flush();
    await first;
    expect((await fences.fence('n1', { force: false })).by).toBe('Operator');
    expect(appended).toEqual([]);
  });
});
