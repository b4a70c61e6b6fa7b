import { and, eq } from "drizzle-orm";
import { applicationStates } from "#drizzle/sync";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { StoredUnprovenReason, type UnprovenReason } from "#src/platform/contract/sync-state";
import { application } from "../applications/resource";
import { ListProofs, Proofs } from "./contract";

/** What the gateway last answered for each route of an application. The list is short and always complete. */
export const list = operation(
  {
    name: "proofs.list",
    summary: "List what the gateway last answered for each route of an application",
    permission: "sync:read",
    on: application,
    input: ListProofs,
    output: Proofs,
    errors: [],
    rest: { method: "GET", path: "/applications/{applicationId}/proofs" },
  },
  async (authorized) => {
    const { applicationId, gatewayId } = authorized.object;
    const [state] = await readAs(authorized, (tx) =>
      tx
        .select()
        .from(applicationStates)
        .where(and(eq(applicationStates.applicationId, applicationId), eq(applicationStates.gatewayId, gatewayId))),
    );
    if (!state) return { gatewayId, revision: null, provenRevision: 0, provedAt: null, unproven: null, items: [] };
    const { revision, provenRevision, provedAt, unproven, proof } = state;
    return {
      gatewayId,
      revision,
      provenRevision,
      provedAt: provedAt?.toISOString() ?? null,
      unproven: stored(unproven),
      items: (proof ?? []).map((result) => ({ ...result, why: stored(result.why), server: result.server ?? null })),
    };
  },
);

/** A later version may have stored a word that this version does not know. */
const stored = (reason: string | null): UnprovenReason | null => StoredUnprovenReason.nullable().parse(reason);
