import { NOOP_SERVICE } from "../compiler/names";
import type { CompiledFile, Diagnostic } from "../compiler/state";
import { configurationTree } from "./configuration-tree";
import type { Entry } from "./entry";
import { fields, named, textOf, textsOf } from "./file-contents";
import { isOwnRule } from "./own-rule";
import { RefusedByTraefik } from "./refused-by-traefik";
import { middlewareProblem, middlewaresNamedBy } from "./unbuildable-middleware";
import { Undecided } from "./undecided";

/** At least 2^40, because foreign routers may be below that, and at most the maximum that Traefik allows to users. */
const priorities = { least: 2n ** 40n, most: 2n ** 63n - 1n - 1000n };

/**
 * Finds what Traefik would accept in a compiled file and then not build, or build without its protection.
 *
 * It is stricter than Traefik, because it only has to accept the compiler's own output. `no_middlewares` on a router
 * that leads to an upstream is how an application without a credential looks if tags are off; every other diagnostic is
 * a fault.
 * @param others files whose middlewares, services and transports the file may name
 * @returns an empty list for a correct file; subjects are names in the file, problems never contain values
 */
export function unbuildable(file: CompiledFile, others: readonly CompiledFile[] = []): Diagnostic[] {
  if (file.text.includes("{{")) return [{ subject: file.name, problem: "template" }];
  try {
    const own = configurationTree(file.name, file.text);
    return new Inspection(own, [own, ...others.map(treeOf)]).diagnostics();
  } catch (error) {
    if (error instanceof RefusedByTraefik) return [{ subject: file.name, problem: `refused_${error.reason}` }];
    if (error instanceof Undecided) return [{ subject: file.name, problem: `unknown_${error.reason}` }];
    throw error;
  }
}

/** Trees of files that many other files refer to. Each is read once, for as long as it is referenced. */
const trees = new WeakMap<CompiledFile, Entry>();

function treeOf(file: CompiledFile): Entry {
  const known = trees.get(file);
  if (known) return known;
  const tree = configurationTree(file.name, file.text);
  trees.set(file, tree);
  return tree;
}

class Inspection {
  private readonly found: Diagnostic[] = [];

  constructor(
    private readonly own: Entry,
    private readonly trees: readonly Entry[],
  ) {}

  diagnostics(): Diagnostic[] {
    for (const middleware of named(this.own, "http", "middlewares")) this.middleware(middleware);
    for (const service of named(this.own, "http", "services")) this.service(service);
    for (const router of named(this.own, "http", "routers")) this.router(router);
    for (const protocol of ["tcp", "udp", "tls"])
      this.demand(fields([this.own], protocol).length === 0, protocol, "not_ours");
    return this.found;
  }

  private demand(holds: boolean, subject: string, problem: string): void {
    if (!holds) this.found.push({ subject, problem });
  }

  private knows(section: string, name: string): boolean {
    return this.trees.some((tree) => named(tree, "http", section).some((entry) => entry.name === name));
  }

  private router(router: Entry): void {
    const subject = router.name;
    const service = textOf(router, "service");
    const middlewares = textsOf(router, "middlewares");
    const priority = textOf(router, "priority");
    this.demand(isOwnRule(textOf(router, "rule")), subject, "foreign_rule");
    this.demand(textsOf(router, "entryPoints").length === 1, subject, "not_one_entry_point");
    this.demand(service === NOOP_SERVICE || this.knows("services", service), subject, "unknown_service");
    this.demand(service === NOOP_SERVICE || middlewares.length > 0, subject, "no_middlewares");
    this.demand(
      middlewares.every((name) => this.knows("middlewares", name)),
      subject,
      "unknown_middleware",
    );
    this.demand(new Set(middlewares).size === middlewares.length, subject, "repeated_middleware");
    this.demand(/^[0-9]+$/.test(priority) && within(BigInt(priority)), subject, "priority");
  }

  private middleware(middleware: Entry): void {
    const problem = middlewareProblem(middleware);
    this.demand(problem === null, middleware.name, problem ?? "");
    const named = middlewaresNamedBy(middleware);
    this.demand(
      named.every((name) => this.knows("middlewares", name)),
      middleware.name,
      "unknown_middleware",
    );
  }

  private service(service: Entry): void {
    const balancer = fields([service], "loadBalancer");
    const weighted = fields([service], "weighted");
    this.demand(service.children.length === 1 && balancer.length + weighted.length === 1, service.name, "not_one_kind");
    for (const entry of balancer) this.balancer(service.name, entry);
    const parts = fields(weighted, "services").flatMap(({ children }) => children);
    this.demand(weighted.length === 0 || parts.length > 0, service.name, "no_services");
    this.demand(
      parts.every((part) => this.knows("services", textOf(part, "name"))),
      service.name,
      "unknown_service",
    );
  }

  private balancer(subject: string, balancer: Entry): void {
    const urls = fields([balancer], "servers")
      .flatMap(({ children }) => children)
      .map((server) => textOf(server, "url"));
    const transport = textOf(balancer, "serversTransport");
    this.demand(urls.length > 0, subject, "no_servers");
    this.demand(
      urls.every((url) => /^https?:$/.test(protocolOf(url))),
      subject,
      "bad_upstream",
    );
    this.demand(transport === "" || this.knows("serversTransports", transport), subject, "unknown_transport");
  }
}

const within = (priority: bigint): boolean => priority >= priorities.least && priority <= priorities.most;
const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : "");
