/**
 * The objects that a watch stream has left in force, line by line. Pure. Only a change of facts
 * makes an event: a kubelet's chatter does not. A line that is refused leaves its object as it was.
 */
import { factsText, keyOf, keyText, nameText } from '../object-key.ts';
import type { SourceEvent, SourceKey, SourceObject } from '../port.ts';
import type { WatchLine } from './watch-line.ts';

export interface StreamFold {
  /** The events that follow from the next line. */
  take(line: WatchLine): readonly SourceEvent[];
  /** Everything in force. */
  list(): readonly SourceEvent[];
  /** `gone` for what the stream deleted: certain, also where the list is not complete. */
  deleted(): readonly SourceEvent[];
  /** Whether every line was understood; if not, absence proves nothing. */
  isComplete(): boolean;
}

interface InForce {
  readonly object: SourceObject;
  readonly facts: string;
  readonly name: string;
}

export function createStreamFold(policies: readonly SourceObject[]): StreamFold {
  const inForce = new Map<string, InForce>();
  /** Name to key: there is one object of a kind and name at a time. */
  const names = new Map<string, SourceKey>();
  const deleted = new Map<string, SourceKey>();
  let complete = true;

  function present(object: SourceObject): SourceEvent[] {
    const key = keyOf(object);
    const text = keyText(key);
    const facts = factsText(object);
    const name = nameText(object);
    const holder = names.get(name);
    // Its deletion is not in the stream (a gap), but its successor of the same name is.
    const replaced = holder === undefined || keyText(holder) === text ? [] : gone(holder);
    const same = inForce.get(text)?.facts === facts;
    inForce.set(text, { object, facts, name });
    names.set(name, key);
    deleted.delete(text);
    return same ? replaced : [...replaced, { type: 'present', object }];
  }

  function gone(key: SourceKey): SourceEvent[] {
    const text = keyText(key);
    deleted.set(text, key);
    const known = inForce.get(text);
    if (known === undefined) return [];
    inForce.delete(text);
    names.delete(known.name);
    return [{ type: 'gone', key }];
  }

  for (const object of policies) present(object);

  return {
    take(line) {
      switch (line.is) {
        case 'present':
          return present(line.object);
        case 'gone':
          return gone(line.key);
        case 'nothing':
          return [];
        case 'refused':
          complete = false;
          return line.problems.map((problem) => ({ type: 'problem', problem }));
      }
    },
    list: () => [...inForce.values()].map(({ object }) => ({ type: 'present', object })),
    deleted: () => [...deleted.values()].map((key) => ({ type: 'gone', key })),
    isComplete: () => complete,
  };
}
