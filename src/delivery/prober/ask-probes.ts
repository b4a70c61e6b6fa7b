import type { UnprovenReason } from "../../platform/contract/sync-state";
import { inParallel } from "../../platform/in-parallel";
import { exposureProof } from "../../traefik/compiler/exposure-proof";
import { isWildcard } from "../../traefik/compiler/well-formed";
import type { AskedProbe, Proof, ProofTask, RemovedRouteAnswer, ReportedProof } from "../protocol/probe";
import type { GatewayAnswer } from "./gateway-client";
import type { ProberContext } from "./prober-context";

export interface ProbeLimits {
  /** Resolves when the gateway's rate limit allows one more probe. */
  readonly allowed: () => Promise<void>;
  /** How long a probe may take if an upstream may have to answer, in ms; null for no limit. */
  readonly patienceMs: number | null;
}

/** Concurrent probes of one application. */
const probesAtOnce = 8;

/**
 * Probes one application's routes as an anonymous visitor. The worst answer counts.
 * @returns "too_slow" as soon as one probe gets no answer in time; the remaining probes are not sent then
 */
export async function askProbes(
  context: ProberContext,
  task: ProofTask,
  { allowed, patienceMs }: ProbeLimits,
): Promise<ReportedProof | "too_slow"> {
  const { gateway, client } = context;
  const probed = { applicationId: task.applicationId, revision: task.revision };
  if (!gateway.tags && task.probes.length > 0) return { ...probed, why: "tags_are_off", proof: [], removed: [] };
  const proof: Proof[] = [];
  const removed: RemovedRouteAnswer[] = [];
  let isTooSlow = false;
  await inParallel(task.probes, probesAtOnce, async (probe, at) => {
    if (isTooSlow) return;
    await allowed();
    const host = isWildcard(probe.host) ? `p${context.random(8).toString("hex")}${probe.host.slice(1)}` : probe.host;
    const patience = probe.expect === "stopped" ? null : patienceMs;
    const answer = await client.askAsVisitor(gateway.address, host, probe.path, patience);
    if (answer === "too_slow") {
      isTooSlow = true;
      return;
    }
    proof[at] = judged(context, task, probe, host, answer);
    if (probe.expect !== "gone" || answer === null || answer === "not_from_here") return;
    removed.push({ entry: at, host: probe.host, tag: answer.tag });
  });
  if (isTooSlow) return "too_slow";
  return { ...probed, why: proof.find(({ proven }) => !proven)?.why ?? null, proof, removed };
}

function judged(
  { clock, gateway }: ProberContext,
  task: ProofTask,
  probe: AskedProbe,
  host: string,
  answer: GatewayAnswer | null | "not_from_here",
): Proof {
  const seen = answer === "not_from_here" ? null : answer;
  const why = answer === "not_from_here" ? "not_provable_from_here" : whyNot(gateway.passTag, task, probe, answer);
  return {
    request: `HEAD ${host}${probe.path}`,
    status: seen?.status ?? null,
    tag: seen !== null && seen.tag !== null,
    pass: seen !== null && seen.pass !== null,
    proven: why === null,
    why,
    at: clock.now().toISOString(),
  };
}

function whyNot(
  passTag: string,
  task: ProofTask,
  probe: AskedProbe,
  answer: GatewayAnswer | null,
): UnprovenReason | null {
  if (answer === null) return "gateway_does_not_answer";
  if (probe.expect === "gone") return "not_judged"; // only the leader can judge it
  const proof = exposureProof({ tag: task.tag, passTag, expect: probe.expect }, answer);
  return proof.proven ? null : proof.why;
}
