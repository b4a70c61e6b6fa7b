import { markerDueAt } from "../planner/marker-spacing";
import { lookAtPending } from "../planner/take-changes";
import type { LeaderContext } from "./leader-context";

/** A delivery without a closing change must stop. It ended before its first file was applied. */
export class Overtaken extends Error {
  constructor(readonly by: "a closing change" | "a slow load") {
    super(`overtaken by ${by}`);
    this.name = "Overtaken";
  }
}

/** Time between two checks for a closing change during a delivery, in ms. */
const lookEveryMs = 40;

/**
 * Creates the check that preempts a delivery without a closing change.
 * @param closes whether it carries repairs that may close; if so, it does not leave the gateway the time that opening
 * changes leave
 * @returns a function to call often until the first file is applied. It throws `Overtaken` once a closing change is
 * pending, or once the previous marker is known to have taken longer to load than assumed when the delivery began
 */
export function overtaking(
  leader: LeaderContext,
  closes: boolean,
  lastMarkerAt: number | null,
  loadMs: () => number,
): () => Promise<void> {
  const { database, gateway, pace } = leader;
  let lookedAt = pace.now();
  return async () => {
    const now = pace.now();
    if (markerDueAt({ lastMarkerAt, loadMs: loadMs() }, closes) > now) throw new Overtaken("a slow load");
    if (now - lookedAt < lookEveryMs) return;
    lookedAt = now;
    if ((await lookAtPending(database, gateway.gatewayId)).closes) throw new Overtaken("a closing change");
  };
}
