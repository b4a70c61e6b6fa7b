import type { Probe } from "./state";

/** What a route must answer to an anonymous HEAD request once the revision is loaded. */
export interface ExpectedExposure {
  readonly tag: string;
  /** The pass value of the gateway. */
  readonly passTag: string;
  readonly expect: Probe["expect"];
}

/** The route's answer. A missing header is `null`. */
export interface ProbeResponse {
  readonly status: number;
  readonly tag: string | null;
  readonly pass: string | null;
}

export type ExposureProof =
  | { readonly proven: true }
  /** `again`: the response is not conclusive, and the same probe may be repeated. */
  | { readonly proven: false; readonly again: boolean; readonly why: WhyNot };

export type WhyNot =
  | "rate_limited"
  | "not_our_router"
  | "other_compile"
  | "not_our_pass"
  | "passed"
  | "stopped"
  | "status"
  | "let_in_by_other_compile"
  | "let_in_by_foreign_router";

/**
 * Decides whether a response proves the expected exposure. A response with the first tag only was stopped inside the
 * compiled chain; with both, it passed the chain; with neither, something else answered. A status alone proves little
 * (an allowlist answers 403, and a public upstream may send its own 401), but 2xx and 304 are never a refusal, whatever
 * answers. Where a refusal is expected, they and the pass value of the gateway mean that the visitor was let in.
 */
export function exposureProof(expected: ExpectedExposure, response: ProbeResponse): ExposureProof {
  if (expected.expect === "stopped" && isLetIn(expected, response)) return no(letInBy(expected, response), false);
  if (response.status === 429 && expected.expect === "stopped") return no("rate_limited", true);
  if (response.tag === null) return no("not_our_router", response.status === 429);
  if (response.tag !== expected.tag) return no("other_compile", false);
  if (response.pass !== null && response.pass !== expected.passTag) return no("not_our_pass", false);
  if (expected.expect === "stopped" || response.pass !== null) return { proven: true };
  return response.status === 429 ? no("rate_limited", true) : no("stopped", false);
}

/** Whether a status says that a request was served. */
export function isServed(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

function isLetIn({ passTag }: ExpectedExposure, { status, pass }: ProbeResponse): boolean {
  return pass === passTag || isServed(status);
}

function letInBy({ tag, passTag }: ExpectedExposure, response: ProbeResponse): WhyNot {
  if (response.tag === null) return "let_in_by_foreign_router";
  if (response.tag !== tag) return "let_in_by_other_compile";
  return response.pass === passTag ? "passed" : "status";
}

function no(why: WhyNot, again: boolean): ExposureProof {
  return { proven: false, again, why };
}
