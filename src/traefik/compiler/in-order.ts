/** Returns a copy sorted by code units, which gives the same order on every machine. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...items].sort((one, other) => {
    const a = keyOf(one);
    const b = keyOf(other);
    return a < b ? -1 : a > b ? 1 : 0;
  });
}
