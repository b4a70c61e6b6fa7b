import { LeaseLost } from "#src/database/as-sync";
import { backoff } from "#src/platform/backoff";
import { openGateway } from "../planner/gateway";
import { planDelivery } from "../planner/plan-delivery";
import type { GatewayConnection } from "../protocol/gateway-connection";
import { compareUntilOver } from "./comparison-loop";
import type { Controller } from "./controller-settings";
import { applyPlan, recordPlan } from "./deliver";
import type { Work } from "./delivery-schedule";
import { type Election, newLeaderId, takeLead } from "./elect-leader";
import type { LeaderContext } from "./leader-context";
import { endLease } from "./lease";
import { openTerm, type Term } from "./open-term";
import { Overtaken } from "./preempt-delivery";
import { renewUntilOver } from "./renew-until-over";

/**
 * After failed attempts, the delay grows up to this multiple of `candidateMs`, so that a fixed problem is noticed
 * within seconds.
 */
const mostCandidates = 5;

/** Leads a gateway whenever possible, and delivers and proves while it leads. This file contains the whole loop. */
export async function control(controller: Controller, stopped: AbortSignal): Promise<void> {
  const { pace, timing } = controller;
  const limits = { firstMs: timing.candidateMs, mostMs: mostCandidates * timing.candidateMs };
  for (let failures = 0; !stopped.aborted; ) {
    const outcome = await attempt(controller, stopped);
    failures = outcome === "failed" ? failures + 1 : 0;
    if (outcome === "failed") await pace.sleep(backoff(failures, limits), stopped);
    if (outcome === "waits") await pace.sleep(timing.candidateMs, stopped);
  }
}

/** Makes one attempt to lead, and runs the whole term if it succeeds. */
async function attempt(controller: Controller, stopped: AbortSignal): Promise<"ended" | "waits" | "failed"> {
  let connection: GatewayConnection | null = null;
  try {
    connection = await controller.connect();
    // A term's staging folder belongs to one leader id, and a lost term is never resumed.
    const leaderId = newLeaderId(controller.random);
    const { applier } = connection;
    const election = await takeLead({ ...controller, applier, leaderId, leaseMs: controller.timing.leaseMs });
    if (election.leads) return await lead(controller, election, connection, stopped);
    controller.onLed(null);
    return "waits";
  } catch (error) {
    await controller.onUnled(error);
    return "failed";
  } finally {
    connection?.close();
  }
}

/** Runs one term. Its parts run concurrently, and the term ends when the first part ends. */
async function lead(
  controller: Controller,
  { lease, target, row }: Extract<Election, { leads: true }>,
  connection: GatewayConnection,
  stopped: AbortSignal,
): Promise<"ended" | "failed"> {
  const { database, timing, waker } = controller;
  const ended = new AbortController();
  const end = () => ended.abort();
  stopped.addEventListener("abort", end, { once: true });
  if (stopped.aborted) end();
  let outcome: "ended" | "failed" = "ended";
  const untilOver = (part: Promise<void>) => part.catch(failed).finally(end);
  const failed = (error: unknown) => {
    if (!(error instanceof LeaseLost)) outcome = "failed";
    controller.onEnded(error);
  };
  try {
    const gateway = openGateway(row, controller.sealer);
    const leader: LeaderContext = { ...controller, lease, gateway, target, over: ended.signal };
    const term = await openTerm(leader, { ...controller, row, connection });
    controller.onLed(term.prober);
    await Promise.all([
      untilOver(deliverUntilOver(controller, term)),
      untilOver(renewUntilOver(leader, timing.leaseMs)),
      untilOver(term.prober.run()),
      untilOver(compareUntilOver(leader, term.repairs, timing.compareMs, () => waker.ring())),
    ]);
    await endLease(database, lease);
    return outcome;
  } catch (error) {
    await endLease(database, lease).catch(() => undefined); // the lease expires by itself a little later
    throw error;
  } finally {
    end();
    stopped.removeEventListener("abort", end);
  }
}

/** Delivers pending changes until the term is over, or must end because its folders are missing. @throws LeaseLost */
async function deliverUntilOver(controller: Controller, { leader, prober, schedule, failures }: Term): Promise<void> {
  while (!leader.over.aborted) {
    let work: Work | null = null;
    try {
      if (failures.isDoubtful) await prober.failed();
      failures.isDoubtful = false;
      work = await schedule.next(); //                                     wait for work
      if (work === null) continue;
      await leader.faultPoint("taken");
      const { overtaken } = work.turn;
      const plan = await planDelivery(leader, { ...work, overtaken }); //  plan: rows become files
      const bundle = await applyPlan(leader, plan, work.turn); //          apply: number, stage, rename, marker
      const markerAt = leader.pace.now();
      prober.marked(bundle, markerAt); //                                  observe: is it loaded?
      await recordPlan(leader, work.rows, plan, bundle); //                record
      schedule.delivered(work, bundle, markerAt);
      failures.over();
      prober.recorded(bundle.revision, bundle.probes); //                  observe: is it enforced?
      leader.onProgress?.();
    } catch (error) {
      if (work !== null) schedule.giveBack(work);
      if (error instanceof LeaseLost) throw error;
      if (error instanceof Overtaken) {
        schedule.preempted(error);
        continue;
      }
      controller.onSettled();
      if (!(await failures.handle(error, work))) return;
    }
  }
}
