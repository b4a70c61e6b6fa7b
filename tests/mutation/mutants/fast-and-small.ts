import type { Mutant } from "../mutant";
import { callBecomes, fragmentBecomes, negated, valueBecomes, withoutGuard } from "../mutations";

const hashQueues = ["tests/platform/passwords/hash-queues.test.ts"];

/** Promise 5: the work of one caller has a bound and does not delay others, also while the database fails. */
export const fastAndSmall: readonly Mutant[] = [
  {
    requirement: "DK-5",
    description: "a change that closes waits as long as one that opens",
    file: "src/delivery/planner/marker-spacing.ts",
    symbol: "markerDueAt",
    mutation: negated("closes"),
    tests: ["tests/delivery/planner/marker-spacing.test.ts"],
  },
  {
    requirement: "DK-5",
    description: "a delivery that only opens goes on when a revocation is pending",
    file: "src/delivery/leader/preempt-delivery.ts",
    symbol: "overtaking",
    mutation: withoutGuard("lookAtPending"),
    tests: ["tests/delivery/leader/preempt-delivery.db.test.ts"],
  },
  {
    requirement: "DK-3",
    description: "the proof of a revocation waits for the proofs of all other changes",
    file: "src/delivery/prober/proof-queue.ts",
    symbol: "ProofQueue.due",
    mutation: callBecomes("proofRanks.flatMap", "due.filter((queued) => take(queued))"),
    tests: ["tests/delivery/planner/planning.test.ts"],
  },
  {
    requirement: "TM-38",
    description: "unknown callers take all slots for active requests",
    file: "src/http/active-requests.ts",
    symbol: "ActiveRequests.constructor",
    mutation: callBecomes("Math.ceil", "active.total"),
    tests: ["tests/http/active-requests.test.ts"],
  },
  {
    requirement: "TM-1",
    description: "sign-ins of unknown callers wait for hashing without a bound",
    file: "src/platform/passwords/hash-queues.ts",
    symbol: "mostWaitingMs",
    mutation: valueBecomes("1_000_000"),
    tests: hashQueues,
  },
  {
    requirement: "TM-18",
    description: "a provider that sends a response without end fills the memory",
    file: "src/identity/external/allowed-addresses.ts",
    symbol: "bounded",
    mutation: negated("bytes > mostBytes"),
    tests: ["tests/identity/oidc.db.test.ts"],
  },
  {
    requirement: "DK-15",
    description: "a transaction that ended with a deadlock is not repeated",
    file: "src/access/unit-of-work.ts",
    symbol: "preparedUnitOfWork",
    mutation: fragmentBecomes("if (left > 0) continue;", ""),
    tests: ["tests/access/unit-of-work.db.test.ts"],
  },
  {
    requirement: "AUD",
    description: "an unknown caller gets an internal error when the database cannot store the refused attempt",
    file: "src/access/refusals.ts",
    symbol: "recordStranger",
    mutation: fragmentBecomes(".catch(", ".finally("),
    tests: ["tests/database/audit-floods.db.test.ts"],
  },
  {
    requirement: "— (settings)",
    description: "the server uses a database connection from which a pooler dropped the settings",
    file: "src/database/session-settings.ts",
    symbol: "requireSettings",
    mutation: withoutGuard("different.length > 0"),
    tests: ["tests/database/session-settings.postgres.test.ts"],
  },
];
