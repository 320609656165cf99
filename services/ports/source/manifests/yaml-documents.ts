/**
 * The documents of a YAML (or JSON) text as plain values, and for each path within one the line on
 * which it stands, so that whoever wrote it finds it. A document that cannot be parsed takes no
 * other with it.
 */
import { type Document, isMap, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { Path } from '../objects/refusal.ts';

export interface YamlDocument {
  readonly value: unknown;
  /** Of what stands at the path, or of the nearest thing around it. From 1. */
  lineOf(path: Path): number;
}

export interface YamlError {
  readonly line: number;
  readonly reason: string;
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly YamlError[];
}

/** More in one file would be a mistake, and cost everybody time. */
const DOCUMENTS_MAX = 10_000;

export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error' } as const;
  const parsed = parseAllDocuments(text, options);
  const documents: YamlDocument[] = [];
  const errors: YamlError[] = [];
  for (const document of 'empty' in parsed ? [] : parsed) {
    const [error] = document.errors;
    const line = lines.linePos(error?.pos[0] ?? document.range[0]).line;
    if (error !== undefined) errors.push({ line, reason: firstLine(error.message) });
    else if (documents.length === DOCUMENTS_MAX) {
      return {
        documents,
        errors: [...errors, { line, reason: `over ${DOCUMENTS_MAX} documents` }],
      };
    } else if (document.contents !== null) {
      try {
        documents.push({ value: document.toJS(), lineOf: (path) => lineOf(document, path, lines) });
      } catch (cause) {
        // An alias without its anchor, or one that would grow without bound.
        errors.push({ line, reason: cause instanceof Error ? firstLine(cause.message) : '' });
      }
    }
  }
  return { documents, errors };
}

function lineOf(document: Document, path: Path, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const key = keyNode(node, part);
    const next = isCollection(node) ? node.get(part, true) : undefined;
    const start = startOf(key) ?? startOf(next);
    if (start === undefined) break;
    offset = start;
    node = next;
  }
  return lines.linePos(offset).line;
}

/** The key itself: its value may begin lines below. */
function keyNode(node: unknown, part: PropertyKey): unknown {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))?.key;
}

function isCollection(node: unknown): node is { get(key: unknown, keepScalar: true): unknown } {
  return typeof node === 'object' && node !== null && 'get' in node;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/[.:]$/, '');
}
