import { inWords, plain } from "../quoted";
import { type AnyDefinition, fixed, worded } from "../reason";

/** What the transport refuses before it knows what the request is for. */
export const transportReasons = {
  unknown_path: worded(
    "unknownPath",
    ({ method, path }: { method: string; path: string }) =>
      `No such endpoint: ${plain(method)} ${plain(path)}. docs/api.md lists the endpoints.`,
    { method: "GET", path: "/api/foo" },
  ),
  unknown_procedure: fixed("unknownPath", "There is no such procedure. docs/api.md lists the procedures."),
  method_not_supported: worded(
    "otherMethod",
    ({ allowed }: { allowed: readonly string[] }) => `This endpoint accepts ${inWords(allowed)} requests.`,
    { allowed: ["GET", "POST"] },
  ),
  malformed_body: fixed("malformed", "The body is not a JSON object in UTF-8."),
  malformed_request: worded(
    "malformed",
    ({ problem }: { problem: RequestProblem }) => `The request cannot be read: ${problem}.`,
    { problem: "its query names a parameter twice" },
  ),
  target_too_long: fixed(
    "tooLong",
    "The request target is too long: a path has 1,024 bytes at most, and a target 8,192.",
  ),
  body_too_large: worded(
    "tooLarge",
    ({ most }: { most: number }) => `The body is too large: the limit for this request is ${bytes(most)}.`,
    { most: 1024 * 1024 },
  ),
  body_too_slow: fixed("tooSlow", "The body arrived too slowly. Send it at 16 KiB a second or faster."),
  unsupported_media_type: fixed("otherMediaType", "The content type is not application/json. Send the body as JSON."),
  expectation_failed: fixed("expectationFailed", "The only expectation that the server meets is 100-continue."),
  internal: fixed("internal", "An unexpected error occurred. The server's log has its details under this requestId."),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** The problem of a request that is refused before any other check. */
export type RequestProblem =
  | "a request holds one call"
  | "its form is neither URL-encoded nor a flat JSON object, or has a field twice"
  | "its query names a parameter twice"
  | "it has to name its host once"
  | `its target ${string}`;

function bytes(count: number): string {
  const kibibytes = count / 1024;
  return kibibytes < 1024 ? `${kibibytes} KiB` : `${kibibytes / 1024} MiB`;
}
