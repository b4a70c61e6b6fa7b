import { configurationTree, isConfigurationFile } from "../schema/configuration-tree";
import { definitionsOf } from "../schema/file-contents";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";
import type { ReaderVerdict } from "../schema/verdict";

/**
 * What Traefik 3.7.9's file provider makes of a file, and what the file defines.
 *
 * A refused file freezes all files of the provider. The schema and its conversions (every scalar becomes
 * text and is read again by the field's type; empty elements refuse; unknown root keys do not) are those of
 * Traefik's own decoder, held against the real one by `tests/traefik/schema`.
 * @param fileName its ending says the format, in any case
 * @param text the whole file; bytes that are no UTF-8 are the caller's to refuse
 */
export function readTraefikFile(fileName: string, text: string): ReaderVerdict {
  if (!isConfigurationFile(fileName)) return { state: "ignored" };
  if (text.includes("{{")) return { state: "unknown", reason: "template" };
  try {
    return { state: "accepted", defines: definitionsOf(configurationTree(fileName, text)) };
  } catch (error) {
    if (error instanceof RefusedByTraefik) return { state: "refused", reason: error.reason, where: error.where };
    if (error instanceof Undecided) return { state: "unknown", reason: error.reason };
    throw error;
  }
}
