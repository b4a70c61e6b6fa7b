import { type Entry, itemsOf } from "./entry";
import { folded } from "./go-text";
import type { DefinedNames, DefinedRouter, Definitions } from "./verdict";

/** Lists the names and routers of a file that has passed the schema. */
export function definitionsOf(root: Entry): Definitions {
  const http = [root, "http"] as const;
  return {
    http: {
      routers: named(...http, "routers").map(router),
      services: namesOf(...http, "services"),
      middlewares: namesOf(...http, "middlewares"),
      serversTransports: namesOf(...http, "serversTransports"),
    },
    tcp: { ...namesOfAll(root, "tcp"), routers: named(root, "tcp", "routers").map(router) },
    udp: namesOfAll(root, "udp"),
    tls: {
      options: namesOf(root, "tls", "options"),
      stores: namesOf(root, "tls", "stores"),
      certificates: fields(fields([root], "tls"), "certificates").flatMap((entry) => entry.children).length,
    },
  };
}

function namesOfAll(root: Entry, protocol: string): DefinedNames {
  return {
    routers: namesOf(root, protocol, "routers"),
    services: namesOf(root, protocol, "services"),
    middlewares: namesOf(root, protocol, "middlewares"),
    serversTransports: namesOf(root, protocol, "serversTransports"),
  };
}

function namesOf(root: Entry, protocol: string, section: string): string[] {
  return named(root, protocol, section).map(({ name }) => name);
}

/** The elements of a section (`routers`, …). Of two elements with one name, the later one counts. */
export function named(root: Entry, protocol: string, section: string): Entry[] {
  const sections = fields(fields([root], protocol), section);
  return [...new Map(sections.flatMap(({ children }) => children).map((child) => [child.name, child])).values()];
}

/** A field may occur several times in different case. Traefik reads all occurrences, in order. */
export function fields(parents: readonly Entry[], name: string): Entry[] {
  return parents.flatMap(({ children }) => children.filter((child) => folded(child.name) === folded(name)));
}

/** The text of a field; the last occurrence of its name counts. */
export function textOf(entry: Entry, name: string): string {
  return fields([entry], name).at(-1)?.value ?? "";
}

/** The items of a field. An empty list does not replace an earlier one. */
export function textsOf(entry: Entry, name: string): string[] {
  return (
    fields([entry], name)
      .map(itemsOf)
      .findLast((items) => items.length > 0) ?? []
  );
}

function router(entry: Entry): DefinedRouter {
  return {
    name: entry.name,
    rule: textOf(entry, "rule"),
    entryPoints: textsOf(entry, "entryPoints"),
    middlewares: textsOf(entry, "middlewares"),
    service: textOf(entry, "service"),
    priority: Number(textOf(entry, "priority")),
  };
}
