import { markerDueAt } from "../planner/marker-spacing";
import { lookAtPending } from "../planner/take-changes";
import type { LeaderContext } from "./leader-context";

/** A delivery without a closing change must not go on: it ended before the first of its files was applied. */
export class Overtaken extends Error {
  constructor(readonly by: "a closing change" | "a slow load") {
    super(`overtaken by ${by}`);
    this.name = "Overtaken";
  }
}

/** Between two looks for a closing change while a delivery is made, in ms. */
const lookEveryMs = 40;

/**
 * For a delivery without a closing change.
 * @param closes whether it mends what may close, and so does not leave the gateway the time that opening changes do
 * @returns a function to call often until its first file is applied; it throws `Overtaken` once a closing change is
 * pending, or once it is known that the marker before took longer to load than was thought when the delivery began
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
