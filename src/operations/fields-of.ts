import type { ZodError } from "zod";

/** Names of inputs come from the product. A name that a caller made up is shown only if it has the form of a name. */
const harmlessName = /^\w{1,40}$/;

/** The fields of the input that are wrong, by path, each with a stable code. */
export function fieldsOf(error: ZodError): Record<string, string> {
  const fields: [path: string, code: string][] = [];
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
