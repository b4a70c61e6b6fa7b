import { type Entry, entriesOf } from "./entry";
import { definitionsOf } from "./file-contents";
import { folded } from "./go-text";
import { http } from "./http-shapes";
import type { RawValue } from "./raw-value";
import { readToml } from "./read-toml";
import { readYaml } from "./read-yaml";
import { Refused } from "./refused";
import { checkFields, object } from "./shape";
import { tcp, tls, udp } from "./stream-shapes";
import type { ReaderVerdict } from "./verdict";

const configuration = object({ http, tcp, udp, tls });

/**
 * What Traefik 3.7.9's file provider makes of a file, and what the file defines.
 *
 * A refused file freezes all files of the provider. The schema and its conversions (every scalar becomes
 * text and is read again by the field's type; empty elements refuse; unknown root keys do not) are those of
 * Traefik's own decoder, held against the real one by `tests/core/traefik/reader`.
 * @param fileName its ending says the format, in any case
 * @param text the whole file; bytes that are no UTF-8 are the caller's to refuse
 */
export function readTraefikFile(fileName: string, text: string): ReaderVerdict {
  const read = formats[/\.[^./\\]*$/.exec(fileName)?.[0].toLowerCase() ?? ""];
  if (!read) return { state: "ignored" };
  if (text.includes("{{")) return { state: "unknown", reason: "template" };
  try {
    const root: Entry = { name: "", value: "", children: rootEntries(read(text)) };
    checkFields(root, configuration, true, "");
    return { state: "accepted", defines: definitionsOf(root) };
  } catch (error) {
    if (error instanceof Refused) return { state: "refused", reason: error.reason, where: error.where };
    throw error;
  }
}

const formats: Readonly<Record<string, (text: string) => RawValue>> = {
  ".yml": readYaml,
  ".yaml": readYaml,
  ".toml": readToml,
};

/** Root keys that Traefik does not know are passed over, whatever they hold. */
function rootEntries(raw: RawValue): Entry[] {
  if (raw.type === "null") return [];
  if (raw.type !== "map") throw new Refused("bad_value");
  return entriesOf(raw.entries.filter(([name]) => configuration.fields.has(folded(name))));
}
