/** The form of a file: how long it is, how wide, and whether it opens with why it exists. */
import type { Checker, SourceFile } from './violation.ts';
import { linesOf } from './violation.ts';

const FILE_LINES_MAX = { ts: 400, c: 500 } as const;
const LINE_COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;
const TAB_COLUMNS = 8;

const SPDX = '// SPDX-License-Identifier: ';
/** The kernel lends some helpers only to programs under the GPL. */
const SPDX_OF_BPF = 'GPL-2.0-only OR Apache-2.0';
const SPDX_OF_OTHERS = 'Apache-2.0';

const isC = (file: SourceFile) => /\.[ch]$/.test(file.path);

export const fileLength: Checker = (file) => {
  const max = isC(file) ? FILE_LINES_MAX.c : FILE_LINES_MAX.ts;
  const lines = linesOf(file.text).length;
  return lines > max ? [`${file.path}: ${lines} lines, at most ${max}: split it by concept`] : [];
};

export const lineLength: Checker = (file) =>
  linesOf(file.text).flatMap((line, at) => {
    const columns = line.replace(/\t/g, ' '.repeat(TAB_COLUMNS)).length;
    // A URL cannot be broken.
    if (columns <= LINE_COLUMNS_MAX || /https?:\/\/\S+$/.test(line)) return [];
    return [`${file.path}:${at + 1}: ${columns} columns, at most ${LINE_COLUMNS_MAX}`];
  });

/** In the kernel's style a function's braces are the only ones alone in the first column. */
export const functionLength: Checker = (file) => {
  let opened = 0;
  return linesOf(file.text).flatMap((line, at) => {
    if (line === '{') opened = at;
    const lines = at - opened - 1;
    if (line !== '}' || lines <= FUNCTION_LINES_MAX) return [];
    return [
      `${file.path}:${opened + 1}: a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}`,
    ];
  });
};

export const headComment: Checker = (file) => {
  const text = file.text.replace(/^#!.*\n/, '');
  if (isC(file)) return spdx(file);
  return /^\/[/*]/.test(text) ? [] : [`${file.path}:1: open with a comment: why does it exist?`];
};

function spdx(file: SourceFile): readonly string[] {
  const licence = file.path.startsWith('bpf/') ? SPDX_OF_BPF : SPDX_OF_OTHERS;
  const [first = ''] = linesOf(file.text);
  const stated = first.replace(/^\/\* (.*) \*\/$/, '// $1');
  if (stated === `${SPDX}${licence}`) return [];
  return [`${file.path}:1: the first line shall be "${SPDX}${licence}" (or in /* */)`];
}
