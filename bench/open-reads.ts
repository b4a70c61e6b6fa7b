import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { eq } from "drizzle-orm";
import { security } from "../drizzle/security";
import type { Runtime } from "../src/access/runtime";
import { syncStatesOf } from "../src/delivery/sync-states";
import { ApplicationCredential, CredentialById } from "../src/features/credentials/contract";
import { credentialColumns, presentCredential } from "../src/features/credentials/rows";
import type { Handler } from "../src/http/handler";

/** Requests with this header are answered without authentication. Its value is the id of the organization. */
export const openHeader = "x-bench-open";

interface Open {
  readonly runtime: Runtime;
  readonly organizationId: string;
}

const t = initTRPC.context<Open>().create({ isServer: true });

/** The query of `security.one` through the same transport, without authorization. */
const router = t.router({
  security: t.router({
    one: t.procedure
      .input(CredentialById)
      .output(ApplicationCredential)
      .query(({ ctx: { runtime, organizationId }, input: { securityId } }) =>
        runtime.database.transaction("tenant", organizationId, async (tx) => {
          const [row] = await tx.select(credentialColumns).from(security).where(eq(security.securityId, securityId));
          if (!row) throw new Error("The credential does not exist");
          const stateOf = await syncStatesOf(tx, [row.applicationId], runtime.clock.now());
          return presentCredential(row, { changeId: null, state: stateOf(row.applicationId) });
        }),
      ),
  }),
});

/** The product's handler, which also answers the open query. */
export function withOpenReads(runtime: Runtime, handler: Handler): Handler {
  return (request, peer, exchange) => {
    const organizationId = request.headers.get(openHeader);
    if (organizationId === null) return handler(request, peer, exchange);
    return fetchRequestHandler({
      endpoint: "/api/trpc",
      router,
      req: request,
      allowBatching: false,
      allowMethodOverride: true,
      createContext: () => ({ runtime, organizationId }),
    });
  };
}
