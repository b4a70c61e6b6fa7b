import { and, eq, inArray } from "drizzle-orm";
import { claims } from "../../../drizzle/schema";
import type { Transaction } from "../database";

/** Those of the hosts that are claimed on a gateway, by name or by a wildcard above them. */
export async function managedHosts(tx: Transaction, gatewayId: string, hosts: readonly string[]): Promise<string[]> {
  const wildcardOf = (host: string) => `*.${host.slice(host.indexOf(".") + 1)}`;
  const values = [...new Set(hosts.flatMap((host) => [host, wildcardOf(host)]))];
  if (values.length === 0) return [];
  const rows = await tx
    .select({ value: claims.value })
    .from(claims)
    .where(and(eq(claims.gatewayId, gatewayId), eq(claims.kind, "host"), inArray(claims.value, values)));
  const claimed = new Set(rows.map(({ value }) => value));
  return hosts.filter((host) => claimed.has(host) || claimed.has(wildcardOf(host)));
}
