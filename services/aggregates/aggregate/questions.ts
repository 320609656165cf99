/**
 * Opening and closing questions. A question's id is the id of the record that opened it and what
 * it is about, so that an answer to an earlier question about the same thing never fits a later
 * one. Only the fold calls these.
 */
import type { QuestionId, RecordId } from '../../contract/records.ts';
import type { LedgerState } from './ledger-state.ts';

/** Opens it unless it is open already, in which case it keeps its id and its place. */
export function openQuestion<Question>(
  state: LedgerState<Question>,
  about: string,
  question: Question,
  openedBy: RecordId,
): void {
  if (state.openAbout.has(about)) return;
  const id: QuestionId = `${openedBy}/${about}`;
  state.openAbout.set(about, id);
  state.questions.set(id, question);
}

export function closeQuestion<Question>(state: LedgerState<Question>, about: string): void {
  const id = state.openAbout.get(about);
  if (id === undefined) return;
  state.openAbout.delete(about);
  state.questions.delete(id);
}

/** Open exactly while it is wanted. */
export function keepQuestion<Question>(
  state: LedgerState<Question>,
  wanted: boolean,
  about: string,
  question: Question,
  openedBy: RecordId,
): void {
  if (wanted) openQuestion(state, about, question, openedBy);
  else closeQuestion(state, about);
}

/** What was answered is open no more, whatever else the answer changed. */
export function closeAnswered(state: LedgerState, id: QuestionId): void {
  closeQuestion(state, id.slice(id.indexOf('/') + 1));
}
