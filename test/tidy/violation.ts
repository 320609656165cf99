/** What a tidy checker finds. A checker takes text and answers violations, so it can be tested. */
import { readFileSync } from 'node:fs';
import { isGenerated, ourFiles } from '../../scripts/sources.ts';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export type Checker = (file: SourceFile) => readonly string[];

/** All violations in our files of these kinds, as `path:line: what to do`. */
export function violationsIn(extensions: RegExp, check: Checker): readonly string[] {
  const paths = ourFiles().filter((path) => extensions.test(path) && !isGenerated(path));
  return paths.flatMap((path) => check({ path, text: readFileSync(path, 'utf8') }));
}

export function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}
