import { type Entry, listSeparator } from "./entry";
import { isGoBool, isGoFloat, isGoInteger } from "./go-text";
import { RefusedByTraefik } from "./refused-by-traefik";

/**
 * Plugins accept any settings, but some settings stop Traefik from reading the file: an empty first key, and a list
 * whose items cannot all be read as its widest type.
 * @throws RefusedByTraefik `plugin`
 */
export function checkPlugin(plugin: Entry, live: boolean, where: string): void {
  for (const setting of plugin.children) checkSetting(setting, live, where);
}

function checkSetting(setting: Entry, live: boolean, where: string): void {
  const [first] = setting.children;
  if (!first) {
    if (live && !isTypedList(setting.value)) throw new RefusedByTraefik("plugin", where);
    return;
  }
  if (first.name === "") throw new RefusedByTraefik("plugin", where);
  const texts = new Set<string>();
  for (const child of setting.children) {
    if (child.children.length > 0 && texts.has(child.name)) throw new RefusedByTraefik("plugin", where);
    if (child.children.length === 0 || isIndex(child.children[0]?.name)) texts.add(child.name);
    checkSetting(child, live, where);
  }
}

const isIndex = (name = ""): boolean => name.startsWith("[") && name.endsWith("]");

/** Checks whether a text that looks like a joined list can be split into values of the kind that it names. */
function isTypedList(value: string): boolean {
  if (!value.startsWith(listSeparator)) return true;
  const [, kind = "", ...items] = value.split(listSeparator);
  if (!isGoInteger(kind)) return false;
  const accepts = itemOfKind(Number(kind));
  return items.length === 0 || (accepts !== null && items.every(accepts));
}

/** The check for Go's number of a kind. Unsigned items are read, and then stop the copying of the configuration. */
function itemOfKind(kind: number): ((item: string) => boolean) | null {
  if (kind === 1) return isGoBool;
  if (kind === 2) return (item) => isGoInteger(item);
  if (kind >= 3 && kind <= 6) return (item) => isGoInteger(item, 2 ** kind);
  if (kind === 13 || kind === 14) return isGoFloat;
  return kind === 24 ? () => true : null;
}
