import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { gateways } from "#drizzle/gateways";
import { unitOfWork } from "#src/access/unit-of-work";
import { violatesForeignKey } from "#src/database/database-errors";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Gateway, GatewayById } from "./contract";
import { gateway } from "./resource";
import { gatewayColumns, presentGateway } from "./rows";
import { requireNoLocal } from "./rules";

const notEmpty = (name: string) => new Refusal("not_empty", { kind: "gateway", name });

/**
 * Deletes a gateway without applications. Its folder, including the denies, stays as it is and is no longer written.
 * @throws Refusal `not_empty` | `local_gateway`
 */
export const remove = operation(
  {
    name: "gateways.delete",
    summary: "Delete a gateway without applications",
    permission: "gateway:delete",
    on: gateway,
    input: GatewayById,
    output: Gateway,
    errors: ["local_gateway", "not_empty"],
    rest: { method: "DELETE", path: "/gateways/{gatewayId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(
      authorized,
      async (work) => {
        const { gatewayId, name } = work.authorized.object;
        requireNoLocal(name);
        const [application] = await work.tx
          .select({ applicationId: applications.applicationId })
          .from(applications)
          .where(eq(applications.gatewayId, gatewayId))
          .limit(1);
        if (application) throw notEmpty(name);
        const [row] = await work.tx
          .delete(gateways)
          .where(eq(gateways.gatewayId, gatewayId))
          .returning(gatewayColumns)
          .catch((error: unknown) => {
            throw violatesForeignKey(error) ? notEmpty(name) : error;
          });
        if (!row) throw new Refusal("not_found", authorized.named);
        work.audit({ kind: "gateway", id: gatewayId }, { name: row.name });
        return presentGateway(row, work.sync);
      },
      { role: "host" },
    );
  },
);
