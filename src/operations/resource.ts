import type { ObjectKind } from "../access/resources";

/** What an operation is about, found in its input before that is judged: so that 401 and 404 come before 400. */
export interface Subject<K extends ObjectKind, Field extends string = never> {
  /** The fields of the input that may name it. */
  readonly fields: readonly Field[];
  /** @returns the object that the input names; `id: null` for the caller's own; null where the input names none */
  locate(raw: unknown): { readonly kind: K; readonly id: string | null } | null;
}

/** No id has other characters, and a database may refuse them: such text names nothing, like an id that does not exist. */
const harmless = /^[\w-]{1,100}$/;
const nowhere = "";

/** @returns null where the field is missing, undefined where it is no text */
function idIn(raw: unknown, field: string): string | null | undefined {
  if (raw === undefined || raw === null) return null;
  if (typeof raw !== "object") return undefined;
  const value: unknown = Reflect.get(raw, field);
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  return harmless.test(value) ? value : nowhere;
}

/** A kind of object that inputs name by this field. */
export function resource<K extends ObjectKind, Field extends string>(kind: K, field: Field): Subject<K, Field> {
  return {
    fields: [field],
    locate(raw) {
      const id = idIn(raw, field);
      return typeof id === "string" ? { kind, id } : null;
    },
  };
}

/** The first resource, or the second one where the input does not have the field of the first. */
export function orElse<K extends ObjectKind, F extends string, L extends ObjectKind, G extends string>(
  first: Subject<K, F>,
  second: Subject<L, G>,
): Subject<K | L, F | G> {
  return {
    fields: [...first.fields, ...second.fields],
    locate: (raw) => {
      const isMissing = first.fields.every((field) => idIn(raw, field) === null);
      return isMissing ? second.locate(raw) : first.locate(raw);
    },
  };
}

/** The organization that the request is about, whatever the input says. */
export const caller: Subject<"organization"> = { fields: [], locate: () => ({ kind: "organization", id: null }) };

/** The caller's organization with the projects at which the caller has a role. */
export const reach: Subject<"reach"> = { fields: [], locate: () => ({ kind: "reach", id: null }) };

/** The person who is signed in. */
export const person: Subject<"person"> = { fields: [], locate: () => ({ kind: "person", id: null }) };

/** The resource, or the caller's organization where the input does not name one. */
export const orCaller = <K extends ObjectKind, F extends string>(
  named: Subject<K, F>,
): Subject<K | "organization", F> => orElse(named, caller);
