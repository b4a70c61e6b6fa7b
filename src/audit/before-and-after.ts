/** What the audit log says of fields that are changed: `[before, after]` for each. */
export function beforeAndAfter<T extends object>(
  before: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(changes).map(([field, after]) => [field, [Reflect.get(before, field), after]]),
  );
}
