import { asSync } from "#src/database/as-sync";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { isServed } from "#src/traefik/compiler/exposure-proof";
import { readDenyHosts } from "../planner/desired-state";
import type { ProofResult, RemovedRouteResponse, ReportedProof } from "../protocol/probe";
import { worstAnswer } from "../protocol/worst-answer";
import type { LeaderContext } from "./leader-context";
import { findDenyGroup, knownTags } from "./proofs";
import { checkRemovedRoute, type TagOwner } from "./removed-route-check";

type Judge = Pick<LeaderContext, "database" | "gateway">;

/** Completes a report: decides for each place of a removed route whether the response shows that the route is gone. */
export async function judgeRemovedRoutes(leader: Judge, reported: ReportedProof): Promise<ProofResult> {
  const { removed, ...result } = reported;
  if (removed.length === 0) return result;
  const proof = [...result.proof];
  for (const response of removed) {
    const entry = proof[response.entry];
    if (entry === undefined) continue;
    const { owner, claimed } = await ownerOf(leader, response);
    const gone = checkRemovedRoute(owner, claimed, entry.status !== null && isServed(entry.status));
    proof[response.entry] = { ...entry, proven: gone.proven, why: gone.proven ? null : gone.why };
  }
  return { ...result, why: worstAnswer(proof), proof };
}

/** Returns the owner of the tag that answered at the place of a removed route. */
async function ownerOf(
  { database, gateway }: Judge,
  { host, tag }: RemovedRouteResponse,
): Promise<{ owner: TagOwner; claimed: boolean }> {
  const deny = await asSync(database, async (tx) => {
    const group = await findDenyGroup(tx, gateway.gatewayId, host);
    return group === null ? null : { ...group, hosts: await readDenyHosts(tx, gateway.gatewayId, group) };
  });
  const claimed = deny !== null;
  if (tag === null) return { owner: null, claimed };
  if (deny !== null && compileDeny(deny, gateway.state).tag === tag) return { owner: "deny", claimed };
  const known = await knownTags(database, gateway.gatewayId, [tag]);
  return { owner: known.has(tag) ? "route" : "unknown", claimed };
}
