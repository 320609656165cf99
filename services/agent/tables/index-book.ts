/**
 * Small numbers for contents, as the kernel's tables need them (policy set ids, address and node
 * indices). Names of equal content share a number. A number means nothing outside this node; a
 * content that the kernel already has keeps its number there, so that an agent that starts again
 * changes nothing, and a number that the kernel still uses for something else is not given out.
 */
export interface IndexBookInit {
  /** First and last number to give, inclusive. */
  readonly first: number;
  readonly last: number;
}

/** What the kernel has at the moment. */
export interface KernelIndices {
  find(content: string): number | undefined;
  uses(index: number): boolean;
}

export interface IndexBook {
  /** Null content: the name is gone. Answers its number; null where there is none (left). */
  assign(name: string, content: string | null, kernel: KernelIndices): number | null;
  /** The number of a name; null where it has none. */
  indexOf(name: string): number | null;
}

interface Holding {
  readonly content: string;
  readonly index: number;
  readonly names: Set<string>;
}

export function createIndexBook({ first, last }: IndexBookInit): IndexBook {
  const byName = new Map<string, Holding>();
  const byContent = new Map<string, Holding>();
  const taken = new Set<number>();

  function release(name: string): void {
    const holding = byName.get(name);
    byName.delete(name);
    if (holding === undefined || !holding.names.delete(name) || holding.names.size > 0) return;
    byContent.delete(holding.content);
    taken.delete(holding.index);
  }

  function free(kernel: KernelIndices): number | null {
    for (let index = first; index <= last; index++) {
      if (!taken.has(index) && !kernel.uses(index)) return index;
    }
    return null;
  }

  function hold(content: string, kernel: KernelIndices): Holding | null {
    const held = byContent.get(content);
    if (held !== undefined) return held;
    const found = kernel.find(content);
    const usable = found !== undefined && !taken.has(found) && found >= first && found <= last;
    const index = usable ? found : free(kernel);
    if (index === null) return null;
    const holding: Holding = { content, index, names: new Set() };
    byContent.set(content, holding);
    taken.add(index);
    return holding;
  }

  return {
    assign(name, content, kernel) {
      const before = byName.get(name);
      if (content !== null && before?.content === content) return before.index;
      // The new one first: the old number is still in the kernel, and must not be given out.
      const holding = content === null ? null : hold(content, kernel);
      release(name);
      if (holding === null) return null;
      holding.names.add(name);
      byName.set(name, holding);
      return holding.index;
    },
    indexOf: (name) => byName.get(name)?.index ?? null,
  };
}
