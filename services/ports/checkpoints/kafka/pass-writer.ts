/**
 * Writes passes: first all states, then the closing, and when that is there tombstones of what it
 * supersedes. Whatever fails in between leaves a torn pass, which readers do without; what may be
 * there of it is remembered, to be forgotten with the rest.
 */
import { sha256 } from '../../../contract/canonical.ts';
import type { Checkpoint, Pass } from '../port.ts';
import type { Book } from './book.ts';
import { chunksOf, type DocumentId } from './document.ts';
import { passToText } from './pass-text.ts';
import type { CheckpointsTopic } from './topic.ts';

/** Text of documents that are written together. */
const SENT_CHARACTERS_MAX = 8_000_000;

/** @throws BERTH_CHECKPOINT_BACKWARDS, BERTH_FOLD_CHECKPOINT_DIFFERS before anything is written */
export async function writePass(
  { checkpoints, version }: Pass,
  components: {
    readonly topic: CheckpointsTopic;
    /** No other writer has it. */
    readonly writer: string;
    readonly bookOf: (partition: number) => Promise<Book>;
  },
): Promise<void> {
  const { topic, writer, bookOf } = components;
  const covered = Object.entries(version).map(([name, at]) => [Number(name), at] as const);
  const groups = Map.groupBy(checkpoints, ({ position }) => position.partition);
  const partitions = [...new Set([...groups.keys(), ...covered.map(([each]) => each)])];

  async function write(book: Book, id: DocumentId, text: string, hash: string): Promise<void> {
    const chunks = await chunksOf(id, { text, hash }, topic.chunkBytesMax);
    const known = { id, chunks: chunks.length, order: 0 };
    try {
      await topic.append(id.partition, chunks);
    } catch (error) {
      book.wrote({ ...known, hash: null });
      throw error;
    }
    book.wrote({ ...known, hash });
  }

  async function writeStates(book: Book, states: readonly Checkpoint[]): Promise<void> {
    let under: Promise<void>[] = [];
    let characters = 0;
    for (const { aggregate, position, rules, state, hash } of states) {
      const id = { kind: 'state', name: aggregate, ...position, rules, writer } as const;
      under.push(write(book, id, state, hash));
      characters += state.length;
      if (characters < SENT_CHARACTERS_MAX) continue;
      await Promise.all(under);
      [under, characters] = [[], 0];
    }
    await Promise.all(under);
  }

  const wanted: [Book, readonly Checkpoint[]][] = [];
  for (const partition of partitions) {
    const book = await bookOf(partition);
    const judged = book.judge(groups.get(partition) ?? []);
    if (judged instanceof Error) throw judged;
    wanted.push([book, judged]);
  }
  for (const [book, states] of wanted) await writeStates(book, states);
  for (const [partition, offset] of covered) {
    const book = await bookOf(partition);
    if (offset <= book.version) continue;
    const id = { kind: 'pass', name: '', partition, offset, rules: 0, writer } as const;
    const text = passToText(book.offsets());
    await write(book, id, text, sha256(text));
  }
  for (const partition of partitions) await forget(partition, await bookOf(partition), topic);
}

async function forget(partition: number, book: Book, topic: CheckpointsTopic): Promise<void> {
  const keys = book.superseded();
  if (keys.length === 0) return;
  const tombstones = keys.map((key) => ({ key, value: null, headers: {} }));
  await topic.append(partition, tombstones);
  book.forgot();
}
