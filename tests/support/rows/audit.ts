import { auditCheckpoints, auditEntries } from "#drizzle/audit";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

/** An entry of the product itself. It is not sealed, unless a test states a position and a hash. */
export const auditEntryRows = factoryOf(auditEntries, () => ({
  auditId: newId("audit"),
  actorKind: "system" as const,
  requestId: newId("request"),
  action: "test",
  outcome: "done" as const,
  createdAt: new Date(),
}));

export const checkpointRows = factoryOf(auditCheckpoints, () => ({ signature: "forged", createdAt: new Date() }));
