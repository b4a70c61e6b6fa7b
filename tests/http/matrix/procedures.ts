import { router } from "#src/http/trpc/router";

/** The name and type of every procedure of the router. */
export const procedures: ReadonlyMap<string, "query" | "mutation"> = new Map(
  Object.entries<unknown>(router._def.procedures).map(([name, procedure]) => [name, typeOf(procedure)]),
);

function typeOf(procedure: unknown): "query" | "mutation" {
  const definition: unknown = Reflect.get(Object(procedure), "_def");
  const type: unknown = Reflect.get(Object(definition), "type");
  if (type !== "query" && type !== "mutation") throw new Error(`unexpected procedure type ${String(type)}`);
  return type;
}
