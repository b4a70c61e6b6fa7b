/**
 * Fails if a handler returned more than the schema of its output has. In tests a column that would leak is an error; in
 * production the schema removes it.
 * @throws Error with the paths of the surplus fields
 */
export function requireNothingElse(operation: string, returned: unknown, parsed: unknown): void {
  const extra = pathsBeyond(returned, parsed, "");
  if (extra.length > 0) throw new Error(`${operation} returned what its output does not have: ${extra.join(", ")}`);
}

function pathsBeyond(returned: unknown, parsed: unknown, path: string): string[] {
  if (typeof returned !== "object" || returned === null || typeof parsed !== "object" || parsed === null) return [];
  return Object.entries(returned).flatMap(([key, value]) => {
    const at = path === "" ? key : `${path}.${key}`;
    if (value === undefined) return [];
    return Object.hasOwn(parsed, key) ? pathsBeyond(value, Reflect.get(parsed, key), at) : [at];
  });
}
