import { asSync } from "#src/database/as-sync";
import { isAlarm } from "#src/platform/contract/sync-state";
import { inPages } from "#src/platform/in-pages";
import { inParallel } from "#src/platform/in-parallel";
import { hasExpired, later, readMoment } from "#src/platform/moment";
import { pageOfStates } from "../planner/desired-state";
import { findDelivery, recordLoaded } from "../planner/record-delivery";
import type { ProofResult } from "../protocol/probe";
import type { ProberReports, ProofPage, ProofRank, SettledProof } from "../protocol/prober";
import { Suspicions } from "./alarm";
import { judgeRemovedRoutes } from "./judge-removed-routes";
import type { LeaderContext } from "./leader-context";
import { recordCondition } from "./lease";
import { type AlarmChange, pageOfProven, readProofTasks, recordProofs, recordUnproven, recordWentBack } from "./proofs";

/**
 * While a process leads the gateway and the gateway answers, each proven application is probed within this time, in ms.
 */
const longestRoundMs = 600_000;
const statesAtOnce = 500;
const tasksAtOnce = 100;
const judgedAtOnce = 8;

/** Stores a prober's reports in the database, and reads the prober's tasks from it. */
export function proberReports(leader: LeaderContext, measured: (loadMs: number) => void): ProberReports {
  const { database, gateway, lease, clock, pace } = leader;
  const suspicions = new Suspicions();

  async function unproven(after: string): Promise<ProofPage> {
    const now = clock.now();
    const page = await asSync(database, (tx) => pageOfStates(tx, gateway.gatewayId, after, statesAtOnce));
    const ranks = new Map<string, ProofRank>();
    for (const state of page) {
      if (state.provenRevision < state.revision) ranks.set(state.applicationId, "changed");
      else if (hasExpired(state.provedAt && later(state.provedAt, longestRoundMs), now))
        ranks.set(state.applicationId, "again");
    }
    const tasks: ProofPage["tasks"][number][] = [];
    for (const ids of inPages([...ranks.keys()], tasksAtOnce)) {
      for (const task of await readProofTasks(database, gateway.gatewayId, ids)) {
        tasks.push({ ...task, rank: ranks.get(task.applicationId) ?? "changed" });
      }
    }
    return {
      tasks,
      next: page.at(-1)?.applicationId ?? null,
    };
  }

  return {
    isKnown: (served) => findDelivery(database, gateway.gatewayId, served),
    async loaded({ revision, before, isNews, seenAt }) {
      // Proofs that no longer hold are cleared first. A process that takes over in between finds the same state again.
      if (revision < before) await recordWentBack(database, lease, revision);
      if (isNews) await recordLoaded(database, lease, revision, readMoment(seenAt));
      leader.onProgress?.();
    },
    measured,
    missing: ({ above, why }) => recordUnproven(database, lease, above, why),
    condition: (condition) => recordCondition(database, lease, condition, clock.now()),
    unproven,
    proven: (after, limit) => pageOfProven(database, gateway.gatewayId, after, limit),
    async proofs(reported) {
      const results: ProofResult[] = [];
      await inParallel(reported, judgedAtOnce, async (result, at) => {
        results[at] = await judgeRemovedRoutes(leader, result);
      });
      const judged = results.map((result) => suspicions.judge(result, pace.now()));
      const { applicationIds, alarms } = await recordProofs(database, lease, judged, clock.now());
      for (const alarm of alarms) logAlarm(leader, alarm);
      if (alarms.some(({ change }) => change === "began")) leader.onAlarm?.();
      leader.onProgress?.();
      return judged.map((result) => settled(result, applicationIds.has(result.applicationId)));
    },
  };
}

function logAlarm({ log, gateway }: LeaderContext, { change, answer, ...alarm }: AlarmChange): void {
  const fields = { gatewayId: gateway.gatewayId, ...alarm, request: answer?.request, status: answer?.status };
  if (change === "ended") log.warn(fields, "the alarm is over: visitors without a credential are no longer let in");
  else log.error(fields, "a visitor without a credential was let in where the gateway should refuse");
}

function settled({ applicationId, revision, why }: ProofResult, isStored: boolean): SettledProof {
  const isDone = why === null || why === "tags_are_off" || !isStored;
  return { applicationId, revision, isDone, isExposed: isAlarm(why) };
}
