import type { StoredProof } from "../../../drizzle/sync";
import { asSync } from "../../database/as-sync";
import { inParallel } from "../../platform/in-parallel";
import { compileDeny } from "../../traefik/compiler/compile-deny";
import { passTag } from "../../traefik/compiler/compile-shared";
import { exposureProof } from "../../traefik/compiler/exposure-proof";
import { isWildcard } from "../../traefik/compiler/well-formed";
import type { Leading } from "../leader/leader-context";
import { findDenyGroup, knownTags, type ProofResult, type ProofTask } from "../leader/proofs";
import { readDenyHosts } from "../planner/desired-state";
import type { GatewayAnswer, GatewayClient } from "./gateway-client";
import type { AskedProbe } from "./probes-to-ask";
import { goneProof, type TagOwner } from "./removed-route-check";

export interface ProbeLimits {
  /** Resolves when the gateway's budget allows one more probe. */
  readonly allowed: () => Promise<void>;
  /** How long a probe may take that an upstream may have to answer, in ms; null for as long as any. */
  readonly patienceMs: number | null;
}

/** Probes of one application at the same time. */
const probesAtOnce = 8;

/**
 * An anonymous visitor's questions for one application's routes; the worst answer counts.
 * @returns "too_slow" as soon as one probe was not answered within the patience; the others are not sent then
 */
export async function askProbes(
  leading: Leading,
  client: GatewayClient,
  task: ProofTask,
  { allowed, patienceMs }: ProbeLimits,
): Promise<ProofResult | "too_slow"> {
  const { gateway } = leading;
  const asked = { applicationId: task.applicationId, revision: task.revision };
  if (!gateway.state.tags && task.probes.length > 0) return { ...asked, why: "tags_are_off", proof: [] };
  const proof: StoredProof[] = [];
  let isTooSlow = false;
  await inParallel(task.probes, probesAtOnce, async (probe, at) => {
    if (isTooSlow) return;
    await allowed();
    const host = isWildcard(probe.host) ? `p${leading.random(8).toString("hex")}${probe.host.slice(1)}` : probe.host;
    const patience = probe.expect === "stopped" ? null : patienceMs;
    const answer = await client.askAsVisitor(gateway.address, host, probe.path, patience);
    if (answer === "too_slow") isTooSlow = true;
    else proof[at] = await judged(leading, task, probe, host, answer);
  });
  if (isTooSlow) return "too_slow";
  return { ...asked, why: proof.find(({ proven }) => !proven)?.why ?? null, proof };
}

async function judged(
  leading: Leading,
  task: ProofTask,
  probe: AskedProbe,
  host: string,
  answer: GatewayAnswer | null | "not_from_here",
): Promise<StoredProof> {
  if (answer === "not_from_here") return stored(leading, host, probe, null, "not_provable_from_here");
  const why = answer === null ? "gateway_does_not_answer" : await whyNot(leading, task, probe, answer);
  return stored(leading, host, probe, answer, why);
}

async function whyNot(
  leading: Leading,
  task: ProofTask,
  probe: AskedProbe,
  answer: GatewayAnswer,
): Promise<string | null> {
  if (probe.expect !== "gone") {
    const expected = { tag: task.tag, passTag: passTag(leading.gateway.state), expect: probe.expect };
    const proof = exposureProof(expected, answer);
    return proof.proven ? null : proof.why;
  }
  const { owner, claimed } = await ownerOf(leading, probe.host, answer.tag);
  const proof = goneProof(owner, claimed);
  return proof.proven ? null : proof.why;
}

/** Whose tag answered at the place of a route that is gone. */
async function ownerOf(
  { database, gateway }: Leading,
  host: string,
  tag: string | null,
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

function stored(
  { clock }: Leading,
  host: string,
  probe: AskedProbe,
  answer: GatewayAnswer | null,
  why: string | null,
): StoredProof {
  return {
    request: `HEAD ${host}${probe.path}`,
    status: answer?.status ?? null,
    tag: answer !== null && answer.tag !== null,
    pass: answer !== null && answer.pass !== null,
    proven: why === null,
    why,
    at: clock.now().toISOString(),
  };
}
