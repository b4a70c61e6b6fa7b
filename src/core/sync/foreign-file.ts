import type { ReaderVerdict } from "../traefik/reader/verdict";

/** Names that only the compiler gives: ids of routes and applications, denies, the shared ones. */
const ours =
  /^(?:(?:rte|app)_[0-9a-z]{20,40}(?:-[a-z]+)?|deny-org_[0-9a-z]+-\d+(?:-[a-z]+)?|portcullis-[a-z0-9]+|guard)$/;

/** What a file that is not ours does to what is ours, without knowing yet which hosts are managed. */
export interface ForeignContent {
  /** It freezes the whole provider, or nobody but the gateway can tell. */
  readonly problem: { readonly kind: "refused" | "unknown"; readonly detail: string } | null;
  /** Names of ours that it defines. */
  readonly names: readonly string[];
  /** Hosts that its routers name, lower-case. */
  readonly hosts: readonly string[];
}

export function foreignContent(verdict: ReaderVerdict): ForeignContent {
  if (verdict.state === "refused") return nothingBut("refused", verdict.reason);
  if (verdict.state === "unknown") return nothingBut("unknown", verdict.reason);
  if (verdict.state === "ignored") return { problem: null, names: [], hosts: [] };
  const { http } = verdict.defines;
  const names = [
    ...http.routers.map(({ name }) => name),
    ...http.services,
    ...http.middlewares,
    ...http.serversTransports,
  ].filter((name) => ours.test(name));
  return {
    problem: null,
    names: [...new Set(names)],
    hosts: [...new Set(http.routers.flatMap(({ rule }) => hostsOf(rule)))],
  };
}

/** Hosts that a rule names outright; a pattern names none. */
export function hostsOf(rule: string): string[] {
  return [...rule.matchAll(/\bHost\(([^)]*)\)/g)].flatMap(([, list]) =>
    [...(list ?? "").matchAll(/[`"]([^`"]+)[`"]/g)].map(([, host]) => (host ?? "").toLowerCase()),
  );
}

function nothingBut(kind: "refused" | "unknown", detail: string): ForeignContent {
  return { problem: { kind, detail }, names: [], hosts: [] };
}
