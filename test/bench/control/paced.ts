/** Gives out what there is at so many a second; what it falls behind by is given out at once. */

const EVERY_MS = 5;

export async function paced<Item>(
  items: readonly Item[],
  perSecond: number,
  give: (items: readonly Item[]) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  for (let given = 0; given < items.length; ) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond) + 1;
    if (due > given) await give(items.slice(given, due));
    given = Math.max(given, due);
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}
