import type { Premise } from "../platform/errors/reasons/state";

/**
 * Thrown inside a unit of work when a condition that was decided before it no longer holds. The use case then starts
 * again.
 */
export class PremiseChanged extends Error {
  constructor(readonly premise: Premise) {
    super(`${premise} changed while the request ran`);
    this.name = "PremiseChanged";
  }
}
