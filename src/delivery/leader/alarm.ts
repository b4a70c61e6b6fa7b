import { isAlarm } from "#src/platform/contract/sync-state";
import type { ProofResult } from "../protocol/probe";

/** What a check of an application means for its alarm. */
export type AlarmStep = "begins" | "ends" | "stays";

/** A result, and what it means for the alarm of its application. */
export interface JudgedProof extends ProofResult {
  readonly alarm: AlarmStep;
}

/** The least time between the two answers that make an alarm, in ms. */
const apartMs = 1_000;

/**
 * Decides what a check means for an alarm. Only what was seen ends one: a proof, or an explicit refusal (401 or 403) at
 * every place that is not proven. A gateway that is silent, a failing upstream and a new delivery that is not loaded yet
 * do not show that visitors are refused.
 */
export function alarmStep({ why, proof }: Pick<ProofResult, "why" | "proof">): AlarmStep {
  if (why === null) return "ends";
  if (isAlarm(why)) return "begins";
  if (why === "let_in_once") return "stays";
  const unproven = proof.filter(({ proven }) => !proven);
  const isRefused = unproven.length > 0 && unproven.every(({ status }) => status === 401 || status === 403);
  return isRefused ? "ends" : "stays";
}

/**
 * Remembers, for one term, where a visitor was let in once. Only a second answer, a second later, makes an alarm: a
 * gateway that changes its configuration may answer one request with the old one.
 */
export class Suspicions {
  /** By application: the delivery, and when a visitor was let in first, in ms of a monotonic clock. */
  readonly #first = new Map<string, { readonly revision: number; readonly at: number }>();

  /** Returns the result with the reason `let_in_once` if the visitor was not let in before, a second ago or earlier. */
  judge(result: ProofResult, now: number): JudgedProof {
    const { applicationId, revision } = result;
    const alarm = alarmStep(result);
    if (alarm === "ends") this.#first.delete(applicationId);
    if (alarm !== "begins") return { ...result, alarm };
    const first = this.#first.get(applicationId);
    if (first?.revision === revision && now - first.at >= apartMs) return { ...result, alarm };
    if (first?.revision !== revision) this.#first.set(applicationId, { revision, at: now });
    return { ...result, why: "let_in_once", alarm: "stays" };
  }
}
