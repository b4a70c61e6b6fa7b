import type { UnknownReason } from "./verdict";

/** Ends the reading of a file when Traefik may read it differently from the readers here. */
export class Undecided extends Error {
  constructor(readonly reason: UnknownReason) {
    super(reason);
  }
}
