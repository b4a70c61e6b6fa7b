import { resolve } from "node:path";
import { z } from "zod";
import { readDatabaseUrl } from "#src/database/database-url";
import { SettingsProviders } from "#src/features/providers/contract";
import { proofProblem } from "#src/identity/external/email-proof";
import { sentenceOf } from "#src/platform/errors/refusal";
import { isNetwork } from "#src/platform/net/addresses";
import { checkFormerSecret, checkSecret } from "./secret-strength";

/** The forms of values. Each message ends a sentence that begins with the name of the setting. */

const secretThat = (check: typeof checkSecret) =>
  z.string().transform((text, context) => {
    const checked = check(text);
    if (checked.ok) return checked.secret;
    context.addIssue({ code: "custom", message: checked.message });
    return z.NEVER;
  });
export const secret = secretThat(checkSecret);
export const previousSecret = secretThat(checkFormerSecret);

/** `host:port`, or `:port` for every interface. */
export const hostAndPort = z
  .string()
  .regex(/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]*):(?:[1-9]\d{0,4})$/, "must be host:port, 127.0.0.1:8000 for example")
  .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "must have a port up to 65535");

export const wholeNumber = (from: number, to: number) => {
  const message = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= from && number <= to, message);
};

export const trueOrFalse = z
  .enum(["true", "false"], { error: "must be true or false" })
  .transform((text) => text === "true");

export function wrong(context: z.RefinementCtx, message: string) {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

export const folder = z.string().transform((path) => resolve(path));
export const optional = <S extends z.ZodType>(schema: S) => schema.optional().transform((value) => value ?? null);

export const networks = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(z.string().refine(isNetwork, "must be addresses or networks, 127.0.0.1,10.0.0.0/8 for example")))
  .optional()
  .transform((found) => found ?? []);

export const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be the name of a header");

/** Parses JSON with a schema. Messages name the path of a problem, never the value. */
export const json = <S extends z.ZodType>(schema: S, what: string) =>
  z.string().transform((text, context): z.output<S> => {
    const wrong = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return wrong(`must be JSON: ${what}`);
    }
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    return wrong(`must be ${what}: ${issue?.path.join(".") || "it"} ${withoutValues(issue)}`);
  });

/** Describes an issue without names and values from the input, because they may be a misplaced secret. */
function withoutValues(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "custom" || issue?.code === "invalid_format") return issue.message;
  if (issue?.code === "unrecognized_keys") return "has an unknown field";
  return issue?.code === "invalid_type" ? `must be there, of type ${issue.expected}` : "is not allowed";
}

export const url = (protocols: readonly string[], message: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message)
    .refine(isDecodable, "must have every percent sign in it written as %25");

export const databaseUrl = z.string().superRefine((text, context) => {
  const read = readDatabaseUrl(text);
  if (!read.ok) context.addIssue({ code: "custom", message: read.problem });
});

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export const provableProviders = SettingsProviders.superRefine((providers, context) => {
  for (const [at, provider] of providers.entries()) {
    const problem = proofProblem(provider);
    if (problem === null) continue;
    context.addIssue({ code: "custom", path: [at, "emailProof"], message: sentenceOf(problem) });
  }
});
