/** Sorts by code units, the same on every machine, and never in place. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...items].sort((one, other) => {
    const a = keyOf(one);
    const b = keyOf(other);
    return a < b ? -1 : a > b ? 1 : 0;
  });
}
