/** Lower-case host names, where `*.` stands for one label; `any` if a rule may match every host or cannot be parsed. */
export type HostsOfRule = "any" | readonly string[];

/**
 * Returns the hosts that a router's rule may match. The list is never too short, but may be too long.
 *
 * `Host`, `HostSNI` and their older forms count, and so do regular expressions that stand for one host, or for one
 * label in front of a host. Negations, all other expressions and every unknown syntax give `any`.
 */
export function hostsOfRule(rule: string): HostsOfRule {
  const tokens = tokensOf(rule);
  if (!tokens) return "any";
  const reader = new RuleReader(tokens);
  return reader.whole() ?? "any";
}

/** Checks whether a rule may match a host, which may itself be a wildcard of one label. */
export function mayMatchHost(rule: string, host: string): boolean {
  const hosts = hostsOfRule(rule);
  return hosts === "any" || hosts.some((matched) => overlaps(matched, host.toLowerCase()));
}

function overlaps(left: string, right: string): boolean {
  if (left === right) return true;
  if (left.startsWith("*.")) return right.slice(right.indexOf(".")) === left.slice(1);
  return right.startsWith("*.") && left.slice(left.indexOf(".")) === right.slice(1);
}

/** Splits a rule into words, quoted texts with their quotes, and operators; null if it contains anything else. */
function tokensOf(rule: string): string[] | null {
  const tokens = [...rule.matchAll(/\s*([A-Za-z0-9]+|`[^`]*`|"[^"\\]*"|&&|\|\||[!(),])\s*/gy)];
  const read = tokens.reduce((length, [whole]) => length + whole.length, 0);
  return read === rule.length ? tokens.map(([, token = ""]) => token) : null;
}

/** A rule with deeper parentheses or negations is not understood: each level takes some of the stack. */
const deepest = 500;

/** Parses `a || b && !(c)`. Every method returns null if it cannot parse the rule. */
class RuleReader {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly string[]) {}

  whole(): HostsOfRule | null {
    const hosts = this.either();
    return this.at === this.tokens.length ? hosts : null;
  }

  private took(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private either(): HostsOfRule | null {
    const parts = [this.both()];
    while (this.took("||")) parts.push(this.both());
    return unionOf(parts);
  }

  private both(): HostsOfRule | null {
    let hosts = this.one();
    while (this.took("&&")) hosts = narrower(hosts, this.one());
    return hosts;
  }

  private one(): HostsOfRule | null {
    if (++this.depth > deepest) return null;
    const hosts = this.operand();
    this.depth--;
    return hosts;
  }

  private operand(): HostsOfRule | null {
    if (this.took("!")) return this.one() === null ? null : "any";
    if (!this.took("(")) return this.matcher();
    const hosts = this.either();
    return this.took(")") ? hosts : null;
  }

  private matcher(): HostsOfRule | null {
    const name = this.tokens[this.at++] ?? "";
    if (!/^[A-Za-z]/.test(name) || !this.took("(")) return null;
    const texts: string[] = [];
    while (!this.took(")")) {
      if (texts.length > 0 && !this.took(",")) return null;
      const token = this.tokens[this.at++] ?? "";
      if (!/^[`"]/.test(token)) return null;
      texts.push(token.slice(1, -1));
    }
    return hostsOfMatcher(name.toLowerCase(), texts);
  }
}

function hostsOfMatcher(matcher: string, texts: readonly string[]): HostsOfRule {
  if (matcher === "host" || matcher === "hostheader" || matcher === "hostsni") return all(texts.map(exactHost));
  if (matcher === "hostregexp" || matcher === "hostsniregexp") return all(texts.map(expressionHost));
  return "any";
}

function all(hosts: readonly (string | null)[]): HostsOfRule {
  const known = hosts.filter((host) => host !== null);
  return known.length === hosts.length && hosts.length > 0 ? known : "any";
}

/** A `*` that is not in front of a dot has no known meaning, so it is not interpreted. */
function exactHost(text: string): string | null {
  const host = text.toLowerCase().replace(/\.$/, "");
  return host.replace(/^\*\./, "").includes("*") ? null : host;
}

/** An expression that is anchored on both sides, with escaped dots: one host, or one label in front of one. */
function expressionHost(text: string): string | null {
  const [, label, rest = ""] = /^\^(\[\^\.\]\+\\\.)?((?:[a-z0-9-]+\\\.)*[a-z0-9-]+)(?:\\\.\?)?\$$/.exec(text) ?? [];
  if (rest === "") return null;
  return `${label ? "*." : ""}${rest.replaceAll("\\.", ".")}`;
}

/** In halves, so that a rule of many hosts does not copy all hosts for each of them. */
function unionOf(parts: readonly (HostsOfRule | null)[]): HostsOfRule | null {
  if (parts.length < 2) return parts[0] ?? null;
  const middle = Math.floor(parts.length / 2);
  return union(unionOf(parts.slice(0, middle)), unionOf(parts.slice(middle)));
}

function union(left: HostsOfRule | null, right: HostsOfRule | null): HostsOfRule | null {
  if (left === null || right === null) return null;
  return left === "any" || right === "any" ? "any" : [...left, ...right];
}

/** For a conjunction, either side alone contains every host that both match, so the shorter list is used. */
function narrower(left: HostsOfRule | null, right: HostsOfRule | null): HostsOfRule | null {
  if (left === null || right === null) return null;
  return left === "any" ? right : left;
}
