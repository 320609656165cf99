/** What happened in the demo, with the second in which it did; bounded, newest last. */
export interface News {
  readonly lines: readonly string[];
  tell(line: string): void;
  /** Hears what is told from now on. */
  follow(listener: (line: string) => void): void;
}

const LINES_MAX = 200;

export function createNews(elapsedSeconds: () => number): News {
  const lines: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  return {
    lines,
    tell: (line) => {
      const text = `${String(elapsedSeconds()).padStart(3)} s  ${line}`;
      lines.push(text);
      if (lines.length > LINES_MAX) lines.shift();
      for (const listener of listeners) listener(text);
    },
    follow: (listener) => {
      listeners.push(listener);
    },
  };
}
