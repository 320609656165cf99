/** What happened in the demo, with the second in which it did; bounded, newest last. */
export interface News {
  readonly lines: readonly string[];
  tell(line: string): void;
}

const LINES_MAX = 200;

export function createNews(elapsedSeconds: () => number): News {
  const lines: string[] = [];
  return {
    lines,
    tell: (line) => {
      lines.push(`${String(elapsedSeconds()).padStart(3)} s  ${line}`);
      if (lines.length > LINES_MAX) lines.shift();
    },
  };
}
