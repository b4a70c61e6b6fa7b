import type { ZodError } from "zod";

/** Names of inputs are ours; a name that a caller made up is shown only when it cannot be more than a name. */
const harmlessName = /^\w{1,40}$/;

/** Which inputs are concerned, by path, with a stable word each. */
export function fieldsOf(error: ZodError): Record<string, string> {
  const fields: [path: string, word: string][] = [];
  for (const issue of error.issues) {
    const path = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys)
        fields.push([[path, harmlessName.test(key) ? key : "?"].filter(Boolean).join("."), "unknown_field"]);
    } else {
      fields.push([path || "input", issue.code === "custom" ? issue.message : issue.code]);
    }
  }
  return Object.fromEntries(fields);
}
