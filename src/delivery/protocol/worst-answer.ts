import { alarmReasons, type UnprovenReason } from "#src/platform/contract/sync-state";
import type { ProbeResult } from "./probe";

/** Why an application is not proven: an answer that let a visitor in, otherwise the first that proves nothing. */
export function worstAnswer(proof: readonly Pick<ProbeResult, "proven" | "why">[]): UnprovenReason | null {
  const alarm = alarmReasons.find((reason) => proof.some(({ why }) => why === reason));
  return alarm ?? proof.find(({ proven }) => !proven)?.why ?? null;
}
