import { and, eq, inArray, or } from "drizzle-orm";
import { claims } from "#drizzle/schema";
import type { Transaction } from "#src/database/database";

/**
 * Returns the hosts that overlap a claim on a gateway: the same name, a wildcard above it, or names below a wildcard.
 * @param hosts lower-case; `*.` stands for one label
 */
export async function managedHosts(tx: Transaction, gatewayId: string, hosts: readonly string[]): Promise<string[]> {
  if (hosts.length === 0) return [];
  const values = [...new Set(hosts.flatMap((host) => [host, wildcardOf(host)]))];
  const parents = [...new Set(hosts.filter((host) => host.startsWith("*.")).map((host) => host.slice(2)))];
  const rows = await tx
    .select({ value: claims.value, parent: claims.parent })
    .from(claims)
    .where(
      and(
        eq(claims.gatewayId, gatewayId),
        eq(claims.kind, "host"),
        or(inArray(claims.value, values), parents.length > 0 ? inArray(claims.parent, parents) : undefined),
      ),
    );
  const claimed = new Set(rows.map(({ value }) => value));
  const above = new Set(rows.map(({ parent }) => parent));
  return hosts.filter((host) =>
    host.startsWith("*.") ? above.has(host.slice(2)) : claimed.has(host) || claimed.has(wildcardOf(host)),
  );
}

function wildcardOf(host: string): string {
  return `*.${host.slice(host.indexOf(".") + 1)}`;
}
