import { goTrimmed } from "./go-text";
import type { RawValue } from "./raw-value";
import { Refused } from "./refused";

/**
 * A named node as Traefik sees it between file and schema: a text, or children, or (from a mixed list) both.
 * An empty list or map has neither.
 */
export interface Entry {
  readonly name: string;
  readonly value: string;
  readonly children: readonly Entry[];
}

/** U+2551, with which Traefik joins the items of a list and splits them again. */
export const listSeparator = "║";

/** Go's numbers for kinds; a list is tagged with the highest one among its items. */
const kind = { bool: 1, int: 2, int64: 6, uint64: 11, float64: 14, map: 21, string: 24 } as const;

/** @throws Refused `unsupported_type`: a date, a null or a list inside a list */
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
      throw new Refused("unsupported_type");
  }
}

/** Sorted by name, without nulls. */
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
      throw new Refused("unsupported_type");
    }
  }
  const value = texts.length === 0 ? "" : [`${listSeparator}${widest}`, ...texts].join(listSeparator);
  return { name, value, children };
}

/** The items of a list of texts: joined by us, or by its writer with commas. */
export function itemsOf(entry: Entry): string[] {
  if (entry.value === "") return [];
  const parts = entry.value.split(listSeparator);
  const items = parts.length < 2 ? entry.value.split(",") : parts.slice(2);
  return items.map(goTrimmed);
}
