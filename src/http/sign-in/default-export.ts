/**
 * The default export of a CommonJS module that was compiled from an ES one: Node hands out all exports as the default,
 * with the real one in it; tests and bundlers hand out the real one.
 */
export function defaultExport<T extends object>(imported: T): T {
  return "default" in imported ? (imported.default as T) : imported;
}
