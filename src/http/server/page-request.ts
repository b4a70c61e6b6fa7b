import type { IncomingMessage } from "node:http";
import { z } from "zod";

/** Why a request for a page is refused. */
export interface PageProblem {
  readonly status: 400 | 405;
  readonly message: string;
}

/**
 * Headers that a page may depend on. Next reads many more, including headers of its own hosting platform, with which a
 * caller could choose the route, the rendering or the address of an internal request.
 */
const passedOn: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "connection",
  "host",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "next-router-prefetch",
  "next-router-segment-prefetch",
  "next-router-state-tree",
  "next-url",
  "range",
  "rsc",
  "user-agent",
]);

/** The permitted form of a path in this console, also for `next-url` and a prefetched segment. */
const path = /^\/[\w\-./$@()[\]%]{0,500}$/;

/** Headers of Next's client router and their permitted values. Next answers other values with 500. */
const routerHeaders: Readonly<Record<string, (value: string) => boolean>> = {
  rsc: (value) => value === "1",
  "next-router-prefetch": (value) => /^[1-3]$/.test(value),
  "next-router-segment-prefetch": (value) => path.test(value),
  "next-url": (value) => path.test(value),
  "next-router-state-tree": isRouterState,
};

/**
 * Prepares a request for Next: the method must be GET or HEAD, only headers that pages depend on remain, and the
 * headers of Next's router must have the form that the router sends.
 * @param request changed in place
 * @returns why it is refused, or null
 */
export function preparePageRequest(request: IncomingMessage): PageProblem | null {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, message: "Pages support only GET and HEAD requests." };
  }
  for (const [name, isValid] of Object.entries(routerHeaders)) {
    const sent = request.headersDistinct[name];
    if (sent !== undefined && !(sent.length === 1 && isValid(sent[0] ?? ""))) {
      return { status: 400, message: `The value of the header ${name} is invalid.` };
    }
  }
  for (const name of Object.keys(request.headers)) if (!passedOn.has(name)) delete request.headers[name];
  return null;
}

/** The maximum length of a router state in characters; Next has the same limit. */
const longestState = 40_000;

/** The maximum nesting of routes; this console has two levels. */
const deepest = 20;

const ParameterType = z.string().regex(/^(?:[cd]|oc|[cd]i(?:\(\.\)|\(\.\.\)|\(\.\.\)\(\.\.\)|\(\.\.\.\)))$/);
const Segment = z.union([z.string(), z.tuple([z.string(), z.string(), ParameterType, z.array(z.string()).nullable()])]);
const Note = z.enum(["refetch", "inside-shared-layout", "metadata-only"]);

/** `flightRouterStateSchema` of Next 16.4, without the routes below the segment. */
const State = z.tuple([
  Segment,
  z.record(z.string(), z.unknown()),
  z.tuple([z.string(), z.string()]).nullable().optional(),
  Note.nullable().optional(),
  z.number().nullable().optional(),
  z.string().optional(),
]);

function isRouterState(value: string): boolean {
  if (value.length > longestState) return false;
  try {
    return isState(JSON.parse(decodeURIComponent(value)), 0);
  } catch {
    return false;
  }
}

function isState(value: unknown, depth: number): boolean {
  const state = State.safeParse(value);
  return state.success && depth <= deepest && Object.values(state.data[1]).every((below) => isState(below, depth + 1));
}
