/** When what was read of a file counts. */
import { describe, expect, test } from 'vitest';
import { syntaxProblem } from '../problem.ts';
import { createFolder } from './folder.ts';
import { createSettling, type FileText } from './settling.ts';

const GOOD = '{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n';
const MORE = `${GOOD}---\n{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n`;
const SETTLE_MS = 100;

/** A file that was written at `modifiedAtMs` and is looked at by and by. */
function looking() {
  const folder = createFolder();
  const settling = createSettling(SETTLE_MS, folder);
  const look = (file: FileText, nowMs: number) => {
    const judgement = settling.judge('a.yaml', file, nowMs);
    if (judgement.is === 'counts') folder.settle(new Map([['a.yaml', judgement.manifest]]));
    return judgement;
  };
  const text = (content: string, modifiedAtMs: number): FileText => ({
    is: 'text',
    text: content,
    fingerprint: `${content.length} ${modifiedAtMs}`,
    modifiedAtMs,
  });
  return { settling, look, text };
}

describe('a text', () => {
  test('that only adds counts at once', () => {
    const { look, text } = looking();
    expect(look(text(GOOD, 1000), 1001)).toMatchObject({ is: 'counts' });
    expect(look(text(MORE, 1010), 1011)).toMatchObject({ is: 'counts' });
  });

  test.each([
    ['has a problem', '{apiVersion: v1'],
    ['takes something away', GOOD],
    ['is empty where there was something', ''],
    ['has a last line without an end', MORE.slice(0, -1)],
  ])('that %s counts when it was the same for a while', (_, doubtful) => {
    const { look, text } = looking();
    look(text(MORE, 0), 500);
    expect(look(text(doubtful, 1000), 1001)).toEqual({ is: 'again', atMs: 1101 });
    expect(look(text(doubtful, 1000), 1002)).toEqual({ is: 'again', atMs: 1101 });
    expect(look(text(`${MORE}# more\n`, 1050), 1101)).toMatchObject({ is: 'counts' });
    expect(look(text(doubtful, 1200), 1201)).toEqual({ is: 'again', atMs: 1301 });
    expect(look(text(doubtful, 1200), 1301)).toMatchObject({ is: 'counts' });
  });

  test('that was written long ago counts at once, whatever it takes away', () => {
    const { look, text } = looking();
    look(text(MORE, 0), 500);
    expect(look(text(GOOD, 600), 1000)).toMatchObject({ is: 'counts' });
  });

  test('that was written in the future by a wrong clock counts in the end', () => {
    const { look, text } = looking();
    look(text(MORE, 0), 500);
    expect(look(text(GOOD, 99_000), 1000)).toMatchObject({ is: 'again' });
    expect(look(text(GOOD, 99_000), 1100)).toMatchObject({ is: 'counts' });
  });

  test('that is the same as before does not count again', () => {
    const { look, text } = looking();
    look(text(GOOD, 0), 500);
    expect(look(text(GOOD, 600), 601)).toEqual({ is: 'unchanged' });
  });

  test('that changes while it is read is read again', () => {
    expect(looking().look({ is: 'changing' }, 1000)).toEqual({ is: 'again', atMs: 1003 });
  });
});

describe('a file', () => {
  test('that is missing is gone only when it does not come back', () => {
    const { look, text } = looking();
    look(text(GOOD, 0), 500);
    expect(look({ is: 'missing' }, 1000)).toEqual({ is: 'again', atMs: 1100 });
    expect(look(text(GOOD, 1005), 1010)).toEqual({ is: 'unchanged' });
    expect(look({ is: 'missing' }, 1100)).toEqual({ is: 'again', atMs: 1200 });
    expect(look({ is: 'missing' }, 1150)).toEqual({ is: 'again', atMs: 1200 });
    expect(look({ is: 'missing' }, 1200)).toEqual({ is: 'counts', manifest: null });
    expect(look({ is: 'missing' }, 1300)).toEqual({ is: 'unchanged' });
  });

  test('that was never there is not missed', () => {
    expect(looking().look({ is: 'missing' }, 1000)).toEqual({ is: 'unchanged' });
  });

  test('that cannot be read is a problem, told once, until it can be read again', () => {
    const { look, text } = looking();
    const problem = syntaxProblem('no permission', { file: 'a.yaml', line: null });
    look(text(GOOD, 0), 500);
    expect(look({ is: 'unreadable', problem }, 1000)).toMatchObject({ is: 'again' });
    expect(look({ is: 'unreadable', problem }, 1100)).toMatchObject({
      is: 'counts',
      manifest: { problems: [problem] },
    });
    expect(look({ is: 'unreadable', problem }, 1200)).toEqual({ is: 'unchanged' });
    expect(look(text(GOOD, 0), 1300)).toMatchObject({ is: 'counts', manifest: { problems: [] } });
  });

  test('modified as it was read may differ although it looks the same', () => {
    const { look, text, settling } = looking();
    const file = text(GOOD, 1000);
    look(file, 1005);
    const stamp = file as Extract<FileText, { is: 'text' }>;
    expect(settling.mayDiffer('a.yaml', stamp)).toBe(true);
    look(file, 1100);
    expect(settling.mayDiffer('a.yaml', stamp)).toBe(false);
    expect(settling.mayDiffer('a.yaml', { ...stamp, fingerprint: 'other' })).toBe(true);
  });
});
