/** Returns the changed fields for the audit log, each as `[before, after]`. */
export function beforeAndAfter<T extends object>(
  before: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(changes).map(([field, after]) => [field, [Reflect.get(before, field), after]]),
  );
}
