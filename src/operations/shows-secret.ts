import { z } from "zod";
import { secretMark } from "../platform/contract/fields";
import type { AnyOperation } from "./operation";

const known = new WeakMap<z.ZodType, boolean>();

/** Whether the output of an operation has a field that its contract declares as a secret (`Secret`). */
export function showsSecret({ output }: Pick<AnyOperation, "output">): boolean {
  const found = known.get(output) ?? isMarked(z.toJSONSchema(output, { io: "output" }));
  known.set(output, found);
  return found;
}

function isMarked(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return Object.entries(schema).some(([key, value]) => (key === secretMark ? value === true : isMarked(value)));
}
