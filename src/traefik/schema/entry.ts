import { goTrimmed } from "./go-text";
import type { RawValue } from "./raw-value";
import { RefusedByTraefik } from "./refused-by-traefik";

/**
 * A named node as Traefik sees it between file and schema. It has a text, children, or (from a mixed list) both. An
 * empty list or map has neither.
 */
export interface Entry {
  readonly name: string;
  readonly value: string;
  readonly children: readonly Entry[];
}

/** U+2551. Traefik joins the items of a list with it, and splits them at it again. */
export const listSeparator = "║";

/** Go's numbers for kinds. A list gets the highest number among its items. */
const kind = { bool: 1, int: 2, int64: 6, uint64: 11, float64: 14, map: 21, string: 24 } as const;

/** @throws RefusedByTraefik `unsupported_type`: a date, a null or a list inside a list */
export function entryOf(name: string, raw: RawValue): Entry | null {
  switch (raw.type) {
    case "null":
      return null;
    case "scalar":
      return { name, value: raw.text, children: [] };
    case "map":
      return { name, value: "", children: entriesOf(raw.entries) };
    case "list":
      return listEntry(name, raw.items);
    case "unsupported":
      throw new RefusedByTraefik("unsupported_type");
  }
}

/** Converts the entries, sorted by name and without nulls. */
export function entriesOf(entries: readonly (readonly [string, RawValue])[]): Entry[] {
  return entries
    .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .flatMap(([name, raw]) => entryOf(name, raw) ?? []);
}

function listEntry(name: string, items: readonly RawValue[]): Entry {
  const texts: string[] = [];
  const children: Entry[] = [];
  let widest = 0;
  for (const [index, item] of items.entries()) {
    if (item.type === "map") {
      widest = Math.max(widest, kind.map);
      children.push({ name: `[${index}]`, value: "", children: entriesOf(item.entries) });
    } else if (item.type === "scalar") {
      widest = Math.max(widest, kind[item.go]);
      texts.push(item.text);
    } else {
      throw new RefusedByTraefik("unsupported_type");
    }
  }
  const value = texts.length === 0 ? "" : [`${listSeparator}${widest}`, ...texts].join(listSeparator);
  return { name, value, children };
}

/** The items of a list of texts, joined by this module, or by the author of the file with commas. */
export function itemsOf(entry: Entry): string[] {
  if (entry.value === "") return [];
  const parts = entry.value.split(listSeparator);
  const items = parts.length < 2 ? entry.value.split(",") : parts.slice(2);
  return items.map(goTrimmed);
}
