/** Text that keeps to its columns: cells of a table, lines no longer than a terminal is wide. */
const ELLIPSIS = '…';
// A style (`ESC [ ... m`) takes no room on the screen.
const STYLE = /(\p{Cc}\[[0-9;]*m)/u;
const STYLE_OFF = '\u001b[0m';

/** Exactly so wide, a blank at its end at least. */
export function cell(text: string, width: number): string {
  return cutTo(text, width - 1).padEnd(width);
}

/** No wider than that; what is cut off shows. Styles stay whole and are ended. */
export function cutTo(text: string, width: number): string {
  let room = width;
  const total = text
    .split(STYLE)
    .reduce((sum, part) => (STYLE.test(part) ? sum : sum + part.length), 0);
  if (total <= width) return text;
  room = Math.max(0, width - ELLIPSIS.length);
  let cut = '';
  let isStyled = false;
  for (const part of text.split(STYLE)) {
    if (STYLE.test(part)) {
      cut += part;
      isStyled = part !== STYLE_OFF;
      continue;
    }
    cut += part.slice(0, room);
    if (part.length >= room) break;
    room -= part.length;
  }
  return `${cut}${ELLIPSIS}${isStyled ? STYLE_OFF : ''}`;
}

/** Text of others (a line that was refused, an error) without anything that moves the cursor. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
