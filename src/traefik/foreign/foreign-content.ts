import { hostsOfRule } from "../schema/hosts-of-rule";
import type { DefinedRouter, ReaderVerdict } from "../schema/verdict";

/** Names that only the compiler gives: ids of routes and applications, denies, the shared ones. */
const ours =
  /^(?:(?:rte|app)_[0-9a-z]{20,40}(?:-[a-z0-9]+)?|deny-org_[0-9a-z]+-\d+(?:-[a-z]+)?|portcullis-[a-z0-9]+|guard)$/;

/** The effects of a foreign file on managed routes. Which hosts are managed is not known here. */
export interface ForeignContent {
  /** The file freezes the whole provider (`refused`), or only the gateway can decide (`unknown`). */
  readonly problem: { readonly kind: "refused" | "unknown"; readonly detail: string } | null;
  /** Names of Portcullis that the file defines. */
  readonly names: readonly string[];
  /** Hosts that its routers may match, in lower case; `*.` stands for one label. */
  readonly hosts: readonly string[];
  /** Routers that may match every host and come before Portcullis's routers. */
  readonly everything: readonly string[];
}

export function foreignContent(verdict: ReaderVerdict): ForeignContent {
  if (verdict.state === "refused") return nothingBut("refused", verdict.reason);
  if (verdict.state === "unknown") return nothingBut("unknown", verdict.reason);
  if (verdict.state === "ignored") return { problem: null, names: [], hosts: [], everything: [] };
  const { http, tcp } = verdict.defines;
  const names = [
    ...http.routers.map(({ name }) => name),
    ...http.services,
    ...http.middlewares,
    ...http.serversTransports,
  ].filter((name) => ours.test(name));
  const hosts = [...http.routers, ...tcp.routers].flatMap(({ rule }) => namedHosts(rule));
  return {
    problem: null,
    names: [...new Set(names)],
    hosts: [...new Set(hosts)],
    everything: [...http.routers.filter(takesEverything), ...tcp.routers.filter(takesConnections)].map(
      ({ name }) => name,
    ),
  };
}

function namedHosts(rule: string): readonly string[] {
  const hosts = hostsOfRule(rule);
  return hosts === "any" ? [] : hosts;
}

/** A catch-all with a lower priority never receives a managed host: the deny of its claim has a higher priority. */
function takesEverything({ rule, priority }: DefinedRouter): boolean {
  return hostsOfRule(rule) === "any" && priority >= 2 ** 40;
}

/** Traefik asks the routers of TCP before all of HTTP, whatever their priorities. */
function takesConnections({ rule }: DefinedRouter): boolean {
  return hostsOfRule(rule) === "any";
}

function nothingBut(kind: "refused" | "unknown", detail: string): ForeignContent {
  return { problem: { kind, detail }, names: [], hosts: [], everything: [] };
}
