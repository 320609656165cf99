/** The port on such a topic: one call after the other, each on what those before it know. */
import { berthError } from '../../../contract/errors.ts';
import type { Checkpoints, Pass } from '../port.ts';
import { type Book, createBook } from './book.ts';
import { writePass } from './pass-writer.ts';
import type { Found } from './shelf.ts';
import type { CheckpointsTopic } from './topic.ts';

const NOTHING_FOUND: Found = { checkpoints: [], version: null, broken: 0, known: [] };

/** `close`: of what lies under it. */
export function checkpointsIn(
  topic: CheckpointsTopic,
  { writer, close }: { readonly writer: string; readonly close: () => Promise<void> },
): Checkpoints {
  const books = new Map<number, Book>();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | null = null;

  function inTurn<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (closed !== null) return Promise.reject(berthError('BERTH_CHECKPOINT_CLOSED', {}));
    const answer = last.then(call);
    last = answer.catch(() => undefined);
    return answer;
  }

  /** Who writes a pass must know what there is: the closing names all of it. */
  async function bookOf(partition: number): Promise<Book> {
    const known = books.get(partition);
    if (known !== undefined) return known;
    const found = await topic.find([partition], closing.signal);
    const book = createBook(found.get(partition) ?? NOTHING_FOUND);
    books.set(partition, book);
    return book;
  }

  async function all(partitions?: readonly number[]): Promise<Pass> {
    const found = await topic.find(partitions ?? null, closing.signal);
    for (const [partition, each] of found) books.set(partition, createBook(each));
    const version = [...found].flatMap(([partition, each]) =>
      each.version === null ? [] : [[partition, each.version] as const],
    );
    const checkpoints = [...found.values()].flatMap((each) => each.checkpoints);
    return { checkpoints, version: Object.fromEntries(version) };
  }

  async function closeOnce(): Promise<void> {
    await last;
    closing.abort();
    await close();
  }

  return {
    save: (pass) => inTurn(() => writePass(pass, { topic, writer, bookOf })),
    all: (partitions) => inTurn(() => all(partitions)),
    version: () => inTurn(async () => (await all()).version),
    close() {
      closed ??= closeOnce();
      return closed;
    },
  };
}
