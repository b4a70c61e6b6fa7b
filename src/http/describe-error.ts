import type { Reason } from "../platform/errors/reasons";
import { ReasonedError } from "../platform/errors/refusal";

/**
 * What a log may contain about an error. Drizzle's message contains the bound parameters, PostgreSQL's detail the
 * values.
 */
export interface DescribedError {
  readonly name: string;
  /** Replaces the message, which names values, if the reason is in the catalogue. */
  readonly reason?: Reason;
  /** Omitted for database errors and for parse errors, because their messages repeat the input. */
  readonly message?: string;
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  /** The stack frames, without the lines that repeat the message. */
  readonly frames: readonly string[];
  readonly cause?: DescribedError;
}

/** Describes an error for the log, without any value from a request or a row. */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const hasForeignText = hasDatabaseText(error) || error instanceof SyntaxError;
  const cause = depth < 3 && error.cause !== undefined ? describeError(error.cause, depth + 1) : undefined;
  return {
    name: error.name,
    ...(error instanceof ReasonedError ? { reason: error.reason } : {}),
    ...(hasForeignText || error instanceof ReasonedError ? {} : { message: error.message.slice(0, 300) }),
    ...textAt("code", error, "code"),
    ...textAt("constraint", error, "constraint_name", "constraint"),
    ...textAt("table", error, "table_name", "table"),
    frames: (error.stack ?? "")
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12)
      .map((line) => line.trim()),
    ...(cause ? { cause } : {}),
  };
}

function hasDatabaseText(error: Error): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("query" in at || "severity" in at || "params" in at) return true;
  }
  return false;
}

function textAt<K extends string>(as: K, error: Error, ...names: readonly string[]): Partial<Record<K, string>> {
  for (const name of names) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === "string") return { [as]: value } as Record<K, string>;
  }
  return {};
}
