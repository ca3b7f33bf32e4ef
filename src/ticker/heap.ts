/** A binary min-heap of keys by number; an entry that was moved is pushed again and the old one skipped by its reader. */
export type Heap = {
  push(at: number, key: string): void;
  peek(): { readonly at: number; readonly key: string } | undefined;
  pop(): void;
  readonly size: number;
};

export const createHeap = (): Heap => {
  const items: { at: number; key: string }[] = [];
  const swap = (a: number, b: number): void => {
    const item = items[a]!;
    items[a] = items[b]!;
    items[b] = item;
  };
  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    push: (at, key) => {
      items.push({ at, key });
      for (let index = items.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1;
        if (items[parent]!.at <= items[index]!.at) return;
        swap(parent, index);
        index = parent;
      }
    },
    pop: () => {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      for (let index = 0; ; ) {
        const left = index * 2 + 1;
        const right = left + 1;
        let least = index;
        if (left < items.length && items[left]!.at < items[least]!.at) least = left;
        if (right < items.length && items[right]!.at < items[least]!.at) least = right;
        if (least === index) return;
        swap(index, least);
        index = least;
      }
    },
  };
};
