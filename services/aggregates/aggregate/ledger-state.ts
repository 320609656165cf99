/**
 * The part of a state that every aggregate has: the rules in force, the open questions, the chain
 * of decisions, what it still has to forward, and how far it has heard others.
 */
import type { Hash } from '../../contract/canonical.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import type { Forward } from '../../contract/messages.ts';
import { genesisHash, type QuestionId } from '../../contract/records.ts';
import { RULES } from './rules.ts';

/** The watcher's span in which observations count. */
export interface Term {
  readonly id: string;
  /** Number of the last observation that was taken. */
  readonly number: number;
}

export interface Outbox {
  /** The next number to give. */
  next: number;
  /** What has no receipt yet, in order. */
  readonly open: Forward[];
}

export interface LedgerState<Question = unknown> {
  rules: number;
  readonly key: AggregateKey;
  term: Term | null;
  /** In the order in which they were opened. */
  readonly questions: Map<QuestionId, Question>;
  /** Open questions by what they are about: at most one for each thing. */
  readonly openAbout: Map<string, QuestionId>;
  /** Hash of the last accepted decision. */
  lastDecision: Hash;
  readonly outbox: Map<AggregateKey, Outbox>;
  /** The next number to take, by source. */
  readonly inbox: Map<AggregateKey, number>;
}

export function emptyLedger<Question>(key: AggregateKey): LedgerState<Question> {
  return {
    rules: RULES,
    key,
    term: null,
    questions: new Map(),
    openAbout: new Map(),
    lastDecision: genesisHash(key),
    outbox: new Map(),
    inbox: new Map(),
  };
}
