/**
 * What can be known of the documents without a reader: links lead somewhere, decisions are numbered
 * none twice, a heading that a comment quotes is there, and a test that a page calls its proof
 * exists. Pure: files and their texts come from the caller.
 */
import { posix } from 'node:path';
import type { SourceFile } from './violation.ts';
import { linesOf } from './violation.ts';

/** Answers a file's text, '' for a folder, null where there is neither. */
export type Read = (path: string) => string | null;

const FENCE = /^ *```/;
const HEADING = /^#{1,6} +(.*)$/;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
const ELSEWHERE = /^[a-z][a-z+.-]*:/;
const QUOTE = /docs\/ARCHITECTURE\.md((?:,? (?:and )?"[^"]+")+)/g;
const DECISION = /^docs\/decisions\/(\d{4})-[a-z0-9-]+\.md$/;
/** `services/x.test.ts`: "the test's name". */
const PROOF = /`([^`\s]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g;

/** Relative links of a page, to files and to headings. */
export function brokenLinks({ path, text }: SourceFile, read: Read): readonly string[] {
  return proseOf(text).flatMap((line) =>
    [...line.replace(/`[^`]*`/g, '').matchAll(LINK)].flatMap(([, link = '']) => {
      if (ELSEWHERE.test(link)) return [];
      const [file = '', heading] = link.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), file).replace(/\/$/, '');
      const found = file === '' ? text : read(target);
      if (found === null) return [`${path}: ${link}: there is no ${target}`];
      if (heading === undefined || anchorsIn(found).has(heading)) return [];
      return [`${path}: ${link}: ${target} has no such heading`];
    }),
  );
}

/** Headings of docs/ARCHITECTURE.md that a comment names in quotes and that are not there. */
export function missingHeadings(
  { path, text }: SourceFile,
  architecture: string,
): readonly string[] {
  const headings = new Set(headingsIn(architecture));
  // A comment may be broken between the file's name and the heading's.
  const joined = text.replace(/\s*\n\s*(?:\*|\/\/|#)?\s*/g, ' ');
  return [...joined.matchAll(QUOTE)].flatMap(([, quotes = '']) =>
    [...quotes.matchAll(/"([^"]+)"/g)].flatMap(([, name = '']) =>
      headings.has(name) ? [] : [`${path}: docs/ARCHITECTURE.md has no heading "${name}"`],
    ),
  );
}

/** One file a number. Gaps are numbers that somebody has reserved for what is being written. */
export function decisionTwins(paths: readonly string[]): readonly string[] {
  const decisions = paths.filter((path) => path.startsWith('docs/decisions/')).sort();
  const seen = new Set<string>();
  return decisions.flatMap((path) => {
    const number = DECISION.exec(path)?.[1];
    if (number === undefined) return [`${path}: a decision is docs/decisions/NNNN-title.md`];
    if (seen.has(number)) return [`${path}: ${number} is another decision's number`];
    seen.add(number);
    return [];
  });
}

/** Tests that a page names as proof, and that are not in the file that it names. */
export function missingProofs({ path, text }: SourceFile, read: Read): readonly string[] {
  return [...text.matchAll(PROOF)].flatMap(([, file = '', names = '']) => {
    const source = read(file);
    if (source === null) return [`${path}: there is no ${file}`];
    return [...names.matchAll(/"([^"]+)"/g)].flatMap(([, name = '']) =>
      source.includes(name) ? [] : [`${path}: ${file} has no test "${name}"`],
    );
  });
}

function headingsIn(text: string): readonly string[] {
  return proseOf(text).flatMap((line) => HEADING.exec(line)?.[1] ?? []);
}

/** As GitHub makes them of headings. */
function anchorsIn(text: string): ReadonlySet<string> {
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set(headingsIn(text).map(anchor));
}

/** Lines outside fenced blocks. */
function proseOf(text: string): readonly string[] {
  let fenced = false;
  return linesOf(text).filter((line) => {
    if (FENCE.test(line)) fenced = !fenced;
    return !fenced && !FENCE.test(line);
  });
}
