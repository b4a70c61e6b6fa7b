import { isAmong } from "#src/platform/net/addresses";
import { type MatchedPlace, matchOfOwnRule, type RequestedPlace } from "../schema/own-rule";
import { NOOP_SERVICE, PASS_MIDDLEWARE } from "./names";

/** A request of a visitor, without a password. */
export interface VisitorRequest extends RequestedPlace {
  /** The address from which the gateway sees the request; null for an address that is in no list. */
  readonly address: string | null;
  /** Null for a visitor without a credential. */
  readonly username: string | null;
}

/** A compiled document (`HttpDocument`), as far as it decides about requests. */
export interface DecidingDocument {
  readonly routers: Readonly<Record<string, DecidingRouter>>;
  readonly middlewares?: Readonly<Record<string, DecidingMiddleware>> | undefined;
  readonly services?: Readonly<Record<string, DecidingService>> | undefined;
}

interface DecidingRouter {
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  readonly middlewares?: readonly string[] | undefined;
}

type DecidingMiddleware =
  | { readonly headers: object }
  | { readonly basicAuth: { readonly users: readonly string[] } }
  | { readonly ipAllowList: { readonly sourceRange: readonly string[] } };

type DecidingService =
  | { readonly loadBalancer: { readonly servers: readonly { readonly url: string }[] } }
  | { readonly weighted: { readonly services: readonly { readonly name: string }[] } };

/** A compiled document, and whose it is. */
export interface OwnedDocument<Owner> {
  readonly owner: Owner;
  readonly document: DecidingDocument;
}

/** One check of a chain, in the gateway's order. The last one decides if it is not `passed`. */
export type Check =
  /** Headers that name the compile. Every request passes. */
  | { readonly check: "headers"; readonly outcome: "passed" }
  /** A list of addresses. `refused`: 403. */
  | { readonly check: "addresses"; readonly outcome: "passed" | "refused" }
  /**
   * The credentials. `asked`: 401 without a username. `unknown_username`: 401 with any password. `password_needed`: the
   * password decides.
   */
  | { readonly check: "credentials"; readonly outcome: "asked" | "unknown_username" | "password_needed" }
  /** Where a request leads that passed all checks. `nowhere`: to no upstream, 418. */
  | { readonly check: "upstream"; readonly outcome: "passed" | "nowhere" };

/** What the gateway does with a request. */
export interface ExplainedRequest<Owner> {
  readonly owner: Owner;
  /** The name of the router that answers. */
  readonly router: string;
  readonly matched: MatchedPlace;
  readonly checks: readonly Check[];
  /** `password`: with the right password, the request reaches an upstream. */
  readonly verdict: "reaches_upstream" | "password" | "refused";
  /** The status of a refusal; null if the upstream decides. */
  readonly status: 401 | 403 | 418 | null;
  /** The addresses to which the request can be sent. */
  readonly upstreams: readonly string[];
}

/**
 * Explains a request to the visitors' entry point as Traefik decides it: of all routers whose rule matches, the one with
 * the highest priority answers, and its middlewares check the request in order.
 * @param documents the documents of one gateway that have a router for the host
 * @returns null if none of their routers matches
 */
export function explainRequest<Owner>(
  documents: readonly OwnedDocument<Owner>[],
  request: VisitorRequest,
): ExplainedRequest<Owner> | null {
  const matching = documents.flatMap(({ owner, document }) =>
    Object.entries(document.routers).flatMap(([name, router]) => {
      const matched = matchOfOwnRule(router.rule, request);
      return matched === null ? [] : [{ owner, document, name, router, matched }];
    }),
  );
  const [first] = matching.sort((one, other) => other.router.priority - one.router.priority);
  if (first === undefined) return null;
  const { owner, document, name, router, matched } = first;
  const upstreams = upstreamsOf(document, router.service);
  const checks = checksOf(document, router, request, upstreams);
  return { owner, router: name, matched, checks, ...verdictOf(checks), upstreams };
}

function checksOf(
  { middlewares = {} }: DecidingDocument,
  router: DecidingRouter,
  request: VisitorRequest,
  upstreams: readonly string[],
): Check[] {
  const checks: Check[] = [];
  for (const name of router.middlewares ?? []) {
    const middleware = middlewares[name];
    if (middleware === undefined && name !== PASS_MIDDLEWARE) throw new Error(`${name} is in no document`);
    const check = middleware === undefined ? passedHeaders : checkOf(middleware, request);
    checks.push(check);
    if (check.outcome === "password_needed") continue; // what follows holds for the right password
    if (check.outcome !== "passed") return checks;
  }
  checks.push({ check: "upstream", outcome: upstreams.length > 0 ? "passed" : "nowhere" });
  return checks;
}

const passedHeaders: Check = { check: "headers", outcome: "passed" };

function checkOf(middleware: DecidingMiddleware, { address, username }: VisitorRequest): Check {
  if ("ipAllowList" in middleware) {
    const isAllowed = address !== null && isAmong(address, middleware.ipAllowList.sourceRange);
    return { check: "addresses", outcome: isAllowed ? "passed" : "refused" };
  }
  if ("basicAuth" in middleware) {
    if (username === null) return { check: "credentials", outcome: "asked" };
    const isKnown = middleware.basicAuth.users.some((line) => line.slice(0, line.indexOf(":")) === username);
    return { check: "credentials", outcome: isKnown ? "password_needed" : "unknown_username" };
  }
  return passedHeaders;
}

const statuses = { refused: 403, asked: 401, unknown_username: 401, nowhere: 418 } as const;

function verdictOf(checks: readonly Check[]): Pick<ExplainedRequest<unknown>, "verdict" | "status"> {
  const outcome = checks.at(-1)?.outcome ?? "nowhere";
  if (outcome !== "passed" && outcome !== "password_needed") return { verdict: "refused", status: statuses[outcome] };
  const isOpen = checks.every((check) => check.outcome === "passed");
  return { verdict: isOpen ? "reaches_upstream" : "password", status: null };
}

/** The addresses of a service; none for Traefik's own service that serves nothing. */
function upstreamsOf({ services = {} }: DecidingDocument, name: string): string[] {
  if (name === NOOP_SERVICE) return [];
  const service = services[name];
  if (service === undefined) return [];
  if ("loadBalancer" in service) return service.loadBalancer.servers.map(({ url }) => url);
  return service.weighted.services.flatMap((part) => upstreamsOf({ routers: {}, services }, part.name));
}
