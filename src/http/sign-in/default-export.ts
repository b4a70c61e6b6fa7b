/**
 * Returns the default export of a CommonJS module that was compiled from an ES module. Node returns all exports as the
 * default, with the real default inside; tests and bundlers return the real default.
 */
export function defaultExport<T extends object>(imported: T): T {
  return "default" in imported ? (imported.default as T) : imported;
}
