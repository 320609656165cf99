/**
 * What a process says of itself in `berth.status`: every second that it lives, and what its workers
 * know, soon after it changed. Changes of one moment are gathered, the latest of each part wins,
 * and one append carries them in the order in which they were given. The first word of a run says
 * who it is, and is in the log before any other; the last one, of an orderly end, that it ended.
 *
 * Nothing waits for it: while the log takes nothing, words wait here, one for each part. With each
 * beat one word is said again, so that no broker forgets what is still true.
 */
import {
  type AdapterNames,
  BEAT_EVERY_MS,
  type ProcessWord,
  type StatusWord,
  statusKey,
} from '../contract/status-records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { EventLog, NewEntry } from '../ports/event-log/port.ts';
import type { Clock } from './clock.ts';
import { type BerthFunction, defineFunction, service } from './define-function.ts';
import { createGatheringBell } from './gathering-bell.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';

export interface StatusBoardInit {
  /** A name that no other living process has. */
  readonly process: string;
  readonly release: string;
  /** That all of its roles use. */
  readonly adapters: AdapterNames;
}

export interface StatusBoardComponents {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface SaidPart {
  /** Which thing it is about; nobody else in the process uses this name. */
  readonly part: string;
  readonly word: StatusWord;
  /** Its place in the order of the log matters, so it is not said again. @default false */
  readonly once?: boolean;
}

export interface StatusBoard {
  /** Who speaks here, and which start of it. */
  readonly process: string;
  readonly run: string;
  /** Before the function runs: what the process is, and who in it has something to say. */
  role(name: string, role: SpeakingRole): void;
  readonly function: BerthFunction;
}

interface SpeakingRole {
  readonly adapters?: AdapterNames;
  readonly speaker?: Speaker;
}

/** A worker that has something to say. */
export interface Speaker {
  /** What changed since it was asked before, all of one moment. */
  news(): Iterable<SaidPart>;
  /** Is given what to call when there may be news; they are asked for soon after. */
  onNews(listener: () => void): void;
}

const RETRY_MS = 500;
const GOODBYE_TIMEOUT_MS = 1_000;

export function createStatusBoard(
  { process, release, ...init }: StatusBoardInit,
  components: StatusBoardComponents,
): StatusBoard {
  const run = components.random.id();
  const roles: string[] = [];
  const speakers: Speaker[] = [];
  let adapters = init.adapters;
  const about = (sinceMs: number | null, ended = false): SaidPart => {
    const word: ProcessWord = { type: 'Process', roles, release, adapters, sinceMs, ended };
    return { part: 'process', word, once: true };
  };
  return {
    process,
    run,
    role: (name, { adapters: used, speaker }) => {
      roles.push(name);
      adapters = { ...adapters, ...used };
      if (speaker !== undefined) speakers.push(speaker);
    },
    function: defineFunction({
      name: 'status',
      trigger: service(),
      handler: (signal) => {
        const words = createWords({ process, run }, components);
        return speak({ about, speakers, words }, components, signal);
      },
    }),
  };
}

interface Speech {
  readonly about: (sinceMs: number | null, ended?: boolean) => SaidPart;
  readonly speakers: readonly Speaker[];
  readonly words: Words;
}

async function speak(
  { about, speakers, words }: Speech,
  { clock }: StatusBoardComponents,
  signal: AbortSignal,
): Promise<void> {
  const bell = createGatheringBell(clock, signal);
  for (const { onNews } of speakers) onNews(bell.ring);
  let nextBeatMs = clock.nowMs();
  while (!signal.aborted) {
    await bell.rungOr(nextBeatMs);
    if (signal.aborted) break;
    const sinceMs = words.sinceMs();
    const isBeat = clock.nowMs() >= nextBeatMs;
    if (sinceMs !== null) {
      if (isBeat) words.repeatOne();
      for (const { news } of speakers) for (const said of news()) words.put(said);
    }
    if (isBeat) words.put(about(sinceMs));
    const isSaid = await words.append();
    if (!isSaid) await clock.sleep(RETRY_MS, signal);
    else if (isBeat) nextBeatMs = clock.nowMs() + BEAT_EVERY_MS;
    if (isSaid && sinceMs === null) bell.ring();
  }
  words.put(about(words.sinceMs(), true));
  const { promise: timedOut, resolve: timeOut } = Promise.withResolvers<void>();
  const cancel = clock.after(GOODBYE_TIMEOUT_MS, timeOut);
  await Promise.race([words.append(), timedOut]);
  cancel();
}

interface Words {
  put(said: SaidPart): void;
  /** The one that was said longest ago, of those that may be. */
  repeatOne(): void;
  /** Whether the log has all that waited; what it may not have still waits. */
  append(): Promise<boolean>;
  /** When the first word was said, by the log. */
  sinceMs(): number | null;
}

function createWords(
  who: { readonly process: string; readonly run: string },
  { eventLog, log }: StatusBoardComponents,
): Words {
  const waiting = new Map<string, StatusWord>();
  const lasting = new Map<string, StatusWord>();
  let sinceMs: number | null = null;

  function put({ part, word, once = false }: SaidPart): void {
    // At the end: what was given before it stands before it in the log.
    waiting.delete(part);
    waiting.set(part, word);
    lasting.delete(part);
    if (!once) lasting.set(part, word);
  }

  async function append(): Promise<boolean> {
    const entries = Array.from(waiting, ([part, word]): NewEntry => {
      return { key: statusKey(who.process, part), value: { ...who, ...word } };
    });
    if (entries.length === 0) return true;
    try {
      const [first] = await eventLog.append(TOPICS.status.name, entries);
      waiting.clear();
      sinceMs ??= first?.timeMs ?? null;
      return true;
    } catch (error) {
      log.warn({ error }, 'what this process knows could not be said, trying again');
      return false;
    }
  }

  return {
    put,
    repeatOne: () => {
      const [part, word] = lasting.entries().next().value ?? [];
      if (part !== undefined && word !== undefined) put({ part, word });
    },
    append,
    sinceMs: () => sinceMs,
  };
}
