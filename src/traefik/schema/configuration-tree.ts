import { readToml } from "../foreign/read-toml";
import { readYaml } from "../foreign/read-yaml";
import { type Entry, entriesOf } from "./entry";
import { folded } from "./go-text";
import { http } from "./http-shapes";
import type { RawValue } from "./raw-value";
import { readOwnJson } from "./read-own-json";
import { RefusedByTraefik } from "./refused-by-traefik";
import { checkFields, object } from "./shape";
import { tcp, tls, udp } from "./stream-shapes";

const configuration = object({ http, tcp, udp, tls });

const formats: Readonly<Record<string, (text: string) => RawValue>> = {
  ".yml": (text) => readOwnJson(text) ?? readYaml(text),
  ".yaml": readYaml,
  ".toml": readToml,
};

/** Checks whether the file provider reads files with this name. The case of the extension does not matter. */
export function isConfigurationFile(fileName: string): boolean {
  return ending(fileName) in formats;
}

/**
 * Builds the tree of a file without templates, after it has passed the schema.
 * @throws RefusedByTraefik
 */
export function configurationTree(fileName: string, text: string): Entry {
  const read = formats[ending(fileName)];
  if (!read) throw new RefusedByTraefik("extension");
  const root: Entry = { name: "", value: "", children: rootEntries(read(text)) };
  checkFields(root, configuration, true, "");
  return root;
}

function ending(fileName: string): string {
  return /\.[^./\\]*$/.exec(fileName)?.[0].toLowerCase() ?? "";
}

/** Traefik ignores unknown root keys and their values. */
function rootEntries(raw: RawValue): Entry[] {
  if (raw.type === "null") return [];
  if (raw.type !== "map") throw new RefusedByTraefik("bad_value");
  return entriesOf(raw.entries.filter(([name]) => configuration.fields.has(folded(name))));
}
