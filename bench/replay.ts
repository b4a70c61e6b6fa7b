import { type IdKind, newId } from "../src/platform/ids";
import type { RawDatabase } from "./raw-database";
import { recordedUsername, type Statement } from "./record-create";

const kinds: readonly (readonly [RegExp, IdKind])[] = [
  [/^sec_/, "credential"],
  [/^aud_/, "audit"],
  [/^chg_/, "change"],
  [/^req_/, "request"],
];

/** Repeats a recorded unit of work for another application and username, with new ids, so that it inserts new rows. */
export function replayer(
  raw: RawDatabase,
  recorded: readonly Statement[],
): (applicationId: string, username: string) => Promise<void> {
  const inside = recorded.slice(1, -1); // the driver sends `begin` and `commit`
  return (applicationId, username) => {
    const ids = new Map<string, string>();
    const replaced = (value: unknown) => {
      if (typeof value !== "string") return value;
      if (/^app_/.test(value)) return applicationId;
      const kind = kinds.find(([pattern]) => pattern.test(value))?.[1];
      if (kind === undefined) return value.replace(recordedUsername, username);
      const id = ids.get(value) ?? newId(kind);
      ids.set(value, id);
      return id;
    };
    return raw.transaction(inside.map(({ text, parameters }) => ({ text, parameters: parameters.map(replaced) })));
  };
}
