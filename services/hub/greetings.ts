/**
 * What lies between a node's hello and its first push: all that the log said of it before it came
 * is read, and where it was fenced, or suspected, its return is booked. So a hub never pushes by
 * what it knew before the node was said to be gone.
 */
import type { World } from '../aggregates/world.ts';
import type { NodeName } from '../contract/identity.ts';
import type { EventRecord } from '../contract/records.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { FenceBook } from './fence-book.ts';
import type { FenceCauses } from './fence-causes.ts';

export interface GreetingsComponents {
  readonly world: World;
  readonly book: FenceBook;
  readonly causes: Pick<FenceCauses, 'isSuspect' | 'isTainted'>;
  readonly append: (record: EventRecord) => void;
  /** Where the log ends now. @default nothing is waited for */
  readonly eventsEnd?: () => Promise<Version>;
  /** The node may be pushed something, as far as this is concerned. */
  readonly onWelcome: (node: NodeName) => void;
}

export interface Greetings {
  hello(node: NodeName): void;
  /** More of the log was read. */
  read(): void;
  /** The fence book has a new entry of the node. */
  booked(node: NodeName): void;
  isOver(node: NodeName): boolean;
}

interface Waiting {
  /** Null: the log's end is being asked. */
  end: Version | null;
}

export function createGreetings(components: GreetingsComponents): Greetings {
  const { world, book, causes, append, eventsEnd, onWelcome } = components;
  /** Nodes that said hello before all was read that the log had then. */
  const waiting = new Map<NodeName, Waiting>();
  /** Nodes whose return is on its way into the book. */
  const returning = new Set<NodeName>();

  function welcome(node: NodeName): void {
    if (book.isFenced(node) || causes.isSuspect(node)) {
      const entry = { by: null, suspect: null, taintSpent: causes.isTainted(node) };
      const record = book.next(node, entry);
      returning.add(node);
      append(record);
    }
    onWelcome(node);
  }

  function read(): void {
    for (const [node, { end }] of waiting) {
      if (end === null || !isAtLeast(world.version, end)) continue;
      waiting.delete(node);
      welcome(node);
    }
  }

  return {
    hello(node) {
      if (eventsEnd === undefined) {
        welcome(node);
        return;
      }
      // One of its own for each hello: a later one waits for a later end.
      const own: Waiting = { end: null };
      waiting.set(node, own);
      void eventsEnd().then((end) => {
        if (waiting.get(node) !== own) return;
        own.end = end;
        read();
      });
    },
    read,
    booked: (node) => returning.delete(node),
    isOver: (node) => !waiting.has(node) && !returning.has(node),
  };
}
