import type { Database } from "../persistence/database";
import { lookAtPending } from "../persistence/sync/take-changes";
import type { Pace } from "./pace";

/** Something that closes came while a delivery that only opens was made: nothing of that one is in the folder yet. */
export class Overtaken extends Error {
  constructor() {
    super("a closing change goes first");
    this.name = "Overtaken";
  }
}

/** Between two looks for a closing change while a delivery is made, in ms. */
const lookEveryMs = 40;

/** @returns a function to call often; it throws `Overtaken` once a closing change is pending */
export function overtakenByClosing(database: Database, gatewayId: string, pace: Pace): () => Promise<void> {
  let lookedAt = pace.now();
  return async () => {
    if (pace.now() - lookedAt < lookEveryMs) return;
    lookedAt = pace.now();
    if ((await lookAtPending(database, gatewayId)).closes) throw new Overtaken();
  };
}
