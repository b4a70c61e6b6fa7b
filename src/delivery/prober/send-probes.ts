import type { UnprovenReason } from "#src/platform/contract/sync-state";
import { inParallel } from "#src/platform/in-parallel";
import { exposureProof } from "#src/traefik/compiler/exposure-proof";
import { isWildcard } from "#src/traefik/compiler/well-formed";
import type { PlannedProbe, ProbeResult, ProofTask, RemovedRouteResponse, ReportedProof } from "../protocol/probe";
import { worstAnswer } from "../protocol/worst-answer";
import type { GatewayResponse } from "./gateway-client";
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
 * Probes one application's routes as an anonymous visitor. The worst response counts.
 * @returns "too_slow" as soon as one probe gets no response in time; the remaining probes are not sent then
 */
export async function sendProbes(
  context: ProberContext,
  task: ProofTask,
  { allowed, patienceMs }: ProbeLimits,
): Promise<ReportedProof | "too_slow"> {
  const { gateway, client } = context;
  const probed = { applicationId: task.applicationId, revision: task.revision };
  if (!gateway.tags && task.probes.length > 0) return { ...probed, why: "tags_are_off", proof: [], removed: [] };
  const proof: ProbeResult[] = [];
  const removed: RemovedRouteResponse[] = [];
  let isTooSlow = false;
  await inParallel(task.probes, probesAtOnce, async (probe, index) => {
    if (isTooSlow) return;
    await allowed();
    const host = isWildcard(probe.host) ? `p${context.random(8).toString("hex")}${probe.host.slice(1)}` : probe.host;
    const patience = probe.expect === "stopped" ? null : patienceMs;
    const response = await client.requestAsVisitor(gateway.address, host, probe.path, patience);
    if (response === "too_slow") {
      isTooSlow = true;
      return;
    }
    proof[index] = judged(context, task, probe, host, response);
    if (probe.expect !== "gone" || response === null || response === "not_from_here") return;
    removed.push({ entry: index, host: probe.host, tag: response.tag });
  });
  if (isTooSlow) return "too_slow";
  return { ...probed, why: worstAnswer(proof), proof, removed };
}

function judged(
  { clock, gateway }: ProberContext,
  task: ProofTask,
  probe: PlannedProbe,
  host: string,
  response: GatewayResponse | null | "not_from_here",
): ProbeResult {
  const seen = response === "not_from_here" ? null : response;
  const why = response === "not_from_here" ? "not_provable_from_here" : whyNot(gateway.passTag, task, probe, response);
  return {
    request: `HEAD ${host}${probe.path}`,
    status: seen?.status ?? null,
    tag: seen !== null && seen.tag !== null,
    pass: seen !== null && seen.pass !== null,
    proven: why === null,
    why,
    ...(why === null || seen === null ? {} : { server: serverOf(seen) }),
    at: clock.now().toISOString(),
  };
}

/** The header is text of a stranger: only its first printable characters are kept. */
function serverOf({ headers: { server } }: GatewayResponse): string | null {
  if (server === undefined) return null;
  return [server]
    .flat()
    .join(", ")
    .replace(/[^ -~]/g, "")
    .slice(0, 100);
}

function whyNot(
  passTag: string,
  task: ProofTask,
  probe: PlannedProbe,
  response: GatewayResponse | null,
): UnprovenReason | null {
  if (response === null) return "gateway_does_not_answer";
  if (probe.expect === "gone") return "not_judged"; // only the leader can judge it
  const proof = exposureProof({ tag: task.tag, passTag, expect: probe.expect }, response);
  return proof.proven ? null : proof.why;
}
