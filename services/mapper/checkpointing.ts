/**
 * Saves what changed since the last time as one pass, so that it covers all that was folded when it
 * began, whichever aggregates were idle. The texts are made one after the other, and the fold goes
 * on in between: those made later are ahead of what the pass covers, which is allowed. Where
 * another mapper that is ahead has saved already, nothing is: this one has its turn when it has
 * read as far.
 */
import type { StateText, World } from '../aggregates/world.ts';
import { hasCode } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';

export interface Checkpointer {
  /** A record of this aggregate was folded. */
  changed(aggregate: AggregateKey): void;
  /** Records folded since the last pass. */
  readonly records: number;
  /** Answers how many characters were made for it. */
  save(): Promise<number>;
}

export interface CheckpointerInit {
  /** Lets others have their turn. */
  readonly turn: () => Promise<void>;
  /** After so many characters of text. @default 200_000 */
  readonly turnCharacters?: number;
}

const TURN_CHARACTERS = 200_000;

export function createCheckpointer(
  world: World,
  checkpoints: Checkpoints,
  { turn, turnCharacters = TURN_CHARACTERS }: CheckpointerInit,
): Checkpointer {
  const changed = new Set<AggregateKey>();
  let records = 0;

  async function textsOf(keys: readonly AggregateKey[]) {
    const texts: StateText[] = [];
    let characters = 0;
    let sinceTurn = 0;
    for (const key of keys) {
      if (sinceTurn >= turnCharacters) {
        sinceTurn = 0;
        await turn();
      }
      const text = world.text(key);
      if (text === undefined) continue;
      texts.push(text);
      characters += text.state.length;
      sinceTurn += text.state.length;
    }
    return { texts, characters };
  }

  return {
    changed(aggregate) {
      records += 1;
      changed.add(aggregate);
    },
    get records() {
      return records;
    },
    async save() {
      if (changed.size === 0) return 0;
      const { version } = world;
      const [keys, folded] = [[...changed], records];
      changed.clear();
      records = 0;
      const { texts, characters } = await textsOf(keys);
      try {
        await checkpoints.save({ checkpoints: texts, version });
      } catch (error) {
        records += folded;
        for (const key of keys) changed.add(key);
        if (!hasCode(error, 'BERTH_CHECKPOINT_BACKWARDS')) throw error;
      }
      return characters;
    },
  };
}
