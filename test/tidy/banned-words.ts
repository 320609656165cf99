/** Words that may not stand in source, where they may, and what to write instead. */
import type { Checker } from './violation.ts';
import { linesOf } from './violation.ts';

interface Ban {
  readonly word: RegExp;
  readonly instead: string;
  readonly allowedIn: RegExp;
  /** Also in comments. */
  readonly everywhere?: true;
}

/** Where the real clock and the real dice are: everything else takes them as components. */
const EDGES =
  /^(services\/(runtime\/|ports\/[^/]+\/(?!port\.ts))|infra\/|test\/|scripts\/|boot\/)|\.test\.ts$/;
/** These files name what they ban. */
const HERE = /^test\/tidy\/banned-words/;

const BANS: readonly Ban[] = [
  {
    word: /\bDate\.now\b|\bnew Date\(\)/,
    instead: 'the clock of your components (services/runtime/clock.ts)',
    allowedIn: EDGES,
  },
  {
    word: /\bMath\.random\b/,
    instead: 'the random of your components (services/runtime/random.ts)',
    allowedIn: EDGES,
  },
  {
    word: /\bset(Timeout|Interval|Immediate)\b/,
    instead: 'the clock of your components, so that a test can turn it',
    allowedIn: EDGES,
  },
  { word: /\bas any\b/, instead: 'unknown, and a check', allowedIn: HERE },
  {
    word: /\b(test|it|describe)\.(skip|todo)\b/,
    instead: "ctx.skip(condition, 'reason'), so that the run can say why",
    allowedIn: HERE,
  },
  {
    word: /\b(TODO(?!\(#\d+\))|FIXME|XXX)\b/,
    instead: 'TODO(#N) with the number of its issue',
    allowedIn: HERE,
    everywhere: true,
  },
];

export const bannedWords: Checker = ({ path, text }) =>
  linesOf(text).flatMap((line, at) => {
    const isComment = /^\s*(\/\/|\/?\*)/.test(line);
    return BANS.filter((ban) => ban.word.test(line) && !ban.allowedIn.test(path))
      .filter((ban) => !isComment || ban.everywhere)
      .map((ban) => `${path}:${at + 1}: ${ban.word.exec(line)?.[0]}: use ${ban.instead}`);
  });
