/** When a server says that it wants to be asked again: RFC 9110, 10.2.3. */
import { expect, test } from 'vitest';
import { parseRetryAfter } from './answer.ts';

const NOW_MS = Date.parse('Fri, 31 Dec 1999 23:59:00 GMT');

test.each([
  ['seconds', '120', 120_000],
  ['none', '0', 0],
  ['a date', 'Fri, 31 Dec 1999 23:59:59 GMT', 59_000],
  ['a date that is over', 'Fri, 31 Dec 1999 23:00:00 GMT', 0],
  ['longer than any may ask for', '86400', 300_000],
  ['a date far away', 'Fri, 31 Dec 2100 23:59:59 GMT', 300_000],
  ['neither', 'soon', null],
  ['nothing', '', null],
  ['less than nothing', '-1x', null],
])('takes %s: %s', (_, text, ms) => {
  expect(parseRetryAfter(text, NOW_MS)).toBe(ms);
});
