/**
 * Which waiting job is due first: a binary heap, so that thousands of delayed jobs cost nothing
 * while they wait. An item is not looked up or taken out of the middle; who pops one that is out
 * of date throws it away.
 */
export interface DueItem {
  readonly id: string;
  readonly dueMs: number;
}

export interface DueHeap {
  push(item: DueItem): void;
  peek(): DueItem | undefined;
  pop(): DueItem | undefined;
}

export function dueHeap(): DueHeap {
  const items: DueItem[] = [];

  const due = (index: number): number => items[index]?.dueMs ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    const [first, second] = [items[a], items[b]];
    if (first === undefined || second === undefined) return;
    items[a] = second;
    items[b] = first;
  };
  const siftUp = (start: number): void => {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (due(parent) <= due(index)) return;
      swap(parent, index);
      index = parent;
    }
  };
  const siftDown = (): void => {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = due(left + 1) < due(left) ? left + 1 : left;
      if (due(index) <= due(child)) return;
      swap(index, child);
      index = child;
    }
  };

  return {
    push(item) {
      items.push(item);
      siftUp(items.length - 1);
    },
    peek: () => items[0],
    pop() {
      swap(0, items.length - 1);
      const first = items.pop();
      siftDown();
      return first;
    },
  };
}
