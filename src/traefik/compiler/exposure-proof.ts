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
  | "status";

/**
 * Decides whether a response proves the expected exposure. A response with the first tag only was stopped inside the
 * compiled chain; with both, it passed the chain; with neither, something else answered. A status alone proves little
 * (an allowlist answers 403, and a public upstream may send its own 401), but 2xx and 304 are never a refusal.
 */
export function exposureProof(expected: ExpectedExposure, response: ProbeResponse): ExposureProof {
  if (response.status === 429 && expected.expect === "stopped") return no("rate_limited", true);
  if (response.tag === null) return no("not_our_router", response.status === 429);
  if (response.tag !== expected.tag) return no("other_compile", false);
  if (response.pass !== null && response.pass !== expected.passTag) return no("not_our_pass", false);
  const passed = response.pass !== null;
  if (expected.expect === "passed") {
    if (passed) return { proven: true };
    return response.status === 429 ? no("rate_limited", true) : no("stopped", false);
  }
  if (passed) return no("passed", false);
  const served = (response.status >= 200 && response.status < 300) || response.status === 304;
  return served ? no("status", false) : { proven: true };
}

function no(why: WhyNot, again: boolean): ExposureProof {
  return { proven: false, again, why };
}
