import type { Entry } from "./entry";
import { folded, isGoBool, isGoDuration, isGoInteger } from "./go-text";
import { checkPlugin } from "./plugin-settings";
import { RefusedByTraefik } from "./refused-by-traefik";

/** One element of Traefik's schema. */
export type Shape = ScalarShape | ListShape | MapShape | ObjectShape;

interface ScalarShape {
  readonly kind: "scalar";
  readonly accepts: (text: string) => boolean;
}
interface ListShape {
  readonly kind: "list";
  /** `null` for a list of texts. Otherwise, texts among the items are silently dropped. */
  readonly of: ObjectShape | null;
}
interface MapShape {
  readonly kind: "map";
  readonly check: (child: Entry, live: boolean, where: string) => void;
}
export interface ObjectShape {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, Field>;
  /** The object may be empty. A text other than `true` then turns it off without being read. */
  readonly mayBeEmpty: boolean;
}
interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** Traefik knows the field and checks its form, but never reads it from a file. */
  readonly inert: boolean;
}

const scalar = (accepts: (text: string) => boolean): ScalarShape => ({ kind: "scalar", accepts });

export const text = scalar(() => true);
export const int = scalar((value) => isGoInteger(value));
export const flag = scalar(isGoBool);
/** Seconds, or a text with units. */
export const duration = scalar(isGoDuration);
export const texts: ListShape = { kind: "list", of: null };
export const listOf = (of: ObjectShape): ListShape => ({ kind: "list", of });
/** Header names and similar keys: every value below a key becomes a text. */
export const pairs: MapShape = { kind: "map", check: () => {} };
export const plugins: MapShape = { kind: "map", check: checkPlugin };
export const mapOf = (of: ObjectShape): MapShape => ({
  kind: "map",
  check: (child, live, where) => checkFields(child, of, live, where),
});
export const numbers: MapShape = {
  kind: "map",
  check: (child, live, where) => {
    if (live && !isGoInteger(child.value)) throw new RefusedByTraefik("bad_value", where);
  },
};

/** @param notRead names of fields that Traefik knows and does not read */
export function object(
  shapes: Readonly<Record<string, Shape>>,
  notRead: Readonly<Record<string, Shape>> = {},
): ObjectShape {
  const fields = new Map<string, Field>();
  for (const [name, shape] of Object.entries(shapes)) fields.set(folded(name), { name, shape, inert: false });
  for (const [name, shape] of Object.entries(notRead)) fields.set(folded(name), { name, shape, inert: true });
  return { kind: "object", fields, mayBeEmpty: false };
}

export const orEmpty = (shape: ObjectShape): ObjectShape => ({ ...shape, mayBeEmpty: true });

/** @throws RefusedByTraefik at the first child that is not a field of the object, or does not have its field's form */
export function checkFields(parent: Entry, shape: ObjectShape, live: boolean, where: string): void {
  for (const child of parent.children) {
    const field = shape.fields.get(folded(child.name));
    if (!field) throw new RefusedByTraefik("unknown_field", where);
    check(child, field, live && !field.inert, where === "" ? field.name : `${where}.${field.name}`);
  }
}

/** @param live whether the value itself is read, and not only its form */
function check(entry: Entry, { shape, inert }: Field, live: boolean, where: string): void {
  switch (shape.kind) {
    case "scalar":
      if (entry.children.length > 0 || (live && !shape.accepts(entry.value)))
        throw new RefusedByTraefik("bad_value", where);
      return;
    case "list":
      for (const item of entry.children) checkItem(item, shape.of, live, `${where}[]`);
      return;
    case "map":
      if (entry.children.length === 0 && !inert) throw new RefusedByTraefik("empty_element", where);
      for (const child of entry.children) shape.check(child, live, `${where}.*`);
      return;
    case "object": {
      if (entry.children.length === 0 && !inert && !shape.mayBeEmpty)
        throw new RefusedByTraefik("empty_element", where);
      const off = shape.mayBeEmpty && entry.value !== "" && folded(entry.value) !== "true";
      checkFields(entry, shape, live && !off, where);
    }
  }
}

function checkItem(item: Entry, of: ObjectShape | null, live: boolean, where: string): void {
  if (of) checkFields(item, of, live, where);
  else if (item.children.length > 0) throw new RefusedByTraefik("bad_value", where);
}
