/** What of a folder is in force, and what happens to it when files change. */
import { describe, expect, test } from 'vitest';
import { believedOf } from '../fixtures/watching-fixtures.ts';
import type { SourceEvent } from '../port.ts';
import { createFolder, type Folder } from './folder.ts';
import { readManifest } from './read-manifest.ts';

const ns = (name: string, label = 'x') =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {l: ${label}}}}\n`;
const pod = (name: string, uid: string) =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, uid: ${uid}}, spec: {}}\n`;
const documents = (...all: string[]) => all.join('---\n');
const BROKEN = '{apiVersion: v1, kind: Namespace, metadata: {name: Capital}}\n';

/** A folder and everything that it said so far. */
function telling(): {
  folder: Folder;
  events: SourceEvent[];
  write: (files: Record<string, string | null>) => readonly SourceEvent[];
} {
  const folder = createFolder();
  const events: SourceEvent[] = [];
  return {
    folder,
    events,
    write(files) {
      const changes = Object.entries(files).map(
        ([file, text]) => [file, text === null ? null : readManifest(file, text)] as const,
      );
      const said = folder.settle(new Map(changes));
      events.push(...said);
      return said;
    },
  };
}

const names = (events: readonly SourceEvent[]) => [...believedOf(events).keys()].sort();
const labelOf = (events: readonly SourceEvent[], key: string) =>
  /"l":"(\w+)"/.exec(believedOf(events).get(key) ?? '')?.[1];

describe('a folder', () => {
  test('says only what changed', () => {
    const { write } = telling();
    write({ 'a.yaml': documents(ns('a'), ns('b')) });
    expect(write({ 'a.yaml': documents(ns('a'), ns('b')) })).toEqual([]);
    expect(write({ 'a.yaml': documents(ns('a'), ns('b', 'y')) })).toMatchObject([
      { type: 'present', object: { facts: { name: 'b' } } },
    ]);
  });

  test('lets go of what its file does not define any more, and of a deleted file', () => {
    const { write, events } = telling();
    write({ 'a.yaml': documents(ns('a'), ns('b')), 'b.yaml': ns('c') });
    write({ 'a.yaml': ns('a') });
    expect(names(events)).toEqual(['Namespace a', 'Namespace c']);
    write({ 'b.yaml': null });
    expect(names(events)).toEqual(['Namespace a']);
  });

  test('says nothing when an object moves to another file', () => {
    const { write } = telling();
    write({ 'a.yaml': ns('a') });
    expect(write({ 'a.yaml': null, 'b.yaml': ns('a') })).toEqual([]);
  });

  test('a pod with another uid is another pod: the first goes before the second comes', () => {
    const { write } = telling();
    write({ 'a.yaml': pod('web', 'one') });
    expect(write({ 'a.yaml': pod('web', 'two') })).toMatchObject([
      { type: 'gone', key: { uid: 'one' } },
      { type: 'present', object: { pod: { uid: 'two' } } },
    ]);
  });
});

describe('a file with a problem', () => {
  test('takes nothing away, and its good documents count', () => {
    const { write, events, folder } = telling();
    write({ 'a.yaml': documents(ns('a'), ns('b')) });
    expect(folder.isComplete()).toBe(true);
    write({ 'a.yaml': documents(BROKEN, ns('c')) });
    expect(names(events)).toEqual(['Namespace a', 'Namespace b', 'Namespace c']);
    expect(folder.isComplete()).toBe(false);
  });

  test('is told once, and again when it comes again', () => {
    const { write } = telling();
    const problems = (events: readonly SourceEvent[]) =>
      events.filter(({ type }) => type === 'problem').length;
    expect(problems(write({ 'a.yaml': BROKEN }))).toBe(1);
    expect(problems(write({ 'a.yaml': documents(BROKEN, ns('a')) }))).toBe(0);
    expect(problems(write({ 'a.yaml': ns('a') }))).toBe(0);
    expect(problems(write({ 'a.yaml': BROKEN }))).toBe(1);
  });

  test('lets go, once repaired, of what it does not define any more', () => {
    const { write, events, folder } = telling();
    write({ 'a.yaml': documents(ns('a'), ns('b')) });
    write({ 'a.yaml': BROKEN });
    write({ 'a.yaml': ns('b') });
    expect(names(events)).toEqual(['Namespace b']);
    expect(folder.isComplete()).toBe(true);
  });

  test('takes everything along when it is deleted', () => {
    const { write, events } = telling();
    write({ 'a.yaml': ns('a') });
    write({ 'a.yaml': BROKEN });
    write({ 'a.yaml': null });
    expect(names(events)).toEqual([]);
  });

  test('yields what it only keeps to a file that defines it', () => {
    const { write, events } = telling();
    write({ 'a.yaml': ns('a', 'old') });
    write({ 'a.yaml': BROKEN });
    const said = write({ 'b.yaml': ns('a', 'new') });
    expect(said.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(labelOf(events, 'Namespace a')).toBe('new');
  });
});

describe('two definitions of one object', () => {
  test('at the start the first file wins, and the problem names both', () => {
    const { write, events, folder } = telling();
    write({ 'b.yaml': ns('a', 'second'), 'a.yaml': ns('a', 'first') });
    expect(labelOf(events, 'Namespace a')).toBe('first');
    const problem = events.find(({ type }) => type === 'problem');
    expect(problem).toMatchObject({
      problem: { file: 'b.yaml', line: 1, field: 'metadata.name', code: 'BERTH_INPUT_DUPLICATE' },
    });
    expect(problem?.type === 'problem' && problem.problem.message).toMatch(/a\.yaml:1.*b\.yaml:1/);
    expect(folder.isComplete()).toBe(true);
  });

  test('the one in force stays in force, also when it changes', () => {
    const { write, events } = telling();
    write({ 'b.yaml': ns('a', 'first') });
    write({ 'a.yaml': ns('a', 'second') });
    expect(labelOf(events, 'Namespace a')).toBe('first');
    write({ 'b.yaml': ns('a', 'changed') });
    expect(labelOf(events, 'Namespace a')).toBe('changed');
  });

  test('when the first goes the other takes its place, and nothing is gone between', () => {
    const { write } = telling();
    write({ 'a.yaml': ns('a', 'first'), 'b.yaml': ns('a', 'second') });
    expect(write({ 'a.yaml': null }).map(({ type }) => type)).toEqual(['present']);
  });

  test('in one file the second is the problem', () => {
    const { write, events } = telling();
    write({ 'a.yaml': documents(ns('a', 'first'), ns('a', 'second')) });
    expect(labelOf(events, 'Namespace a')).toBe('first');
    expect(events.find(({ type }) => type === 'problem')).toMatchObject({ problem: { line: 3 } });
  });

  test('a uid that another pod has is a problem too', () => {
    const { write, events } = telling();
    write({ 'a.yaml': pod('web', 'same'), 'b.yaml': pod('api', 'same') });
    expect(events.find(({ type }) => type === 'problem')).toMatchObject({
      problem: { field: 'metadata.uid', file: 'b.yaml' },
    });
  });
});
