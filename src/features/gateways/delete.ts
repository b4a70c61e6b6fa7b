import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { gateways } from "../../../drizzle/gateways";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { violatesForeignKey } from "../../database/database-errors";
import { Conflict, NotFound } from "../../platform/errors";
import type { Gateway } from "./contract";
import { gatewayColumns } from "./gateway-columns";
import { presentGateway } from "./present-gateway";
import { requireNoLocal } from "./require-no-local";

const notEmpty = () => new Conflict("not_empty", "Move or delete the applications on this gateway first.");

/**
 * Deletes a gateway that no application is on. Its folder stays as it is, denies included, and is not written any more.
 * @throws Conflict `not_empty` | `local_gateway`
 */
export async function deleteGateway(authorized: Authorized<"gateway:delete", "gateway">): Promise<Gateway> {
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
      if (application) throw notEmpty();
      const [row] = await work.tx
        .delete(gateways)
        .where(eq(gateways.gatewayId, gatewayId))
        .returning(gatewayColumns)
        .catch((error: unknown) => {
          throw violatesForeignKey(error) ? notEmpty() : error;
        });
      if (!row) throw new NotFound();
      work.audit("gateways.delete", { kind: "gateway", id: gatewayId }, { name: row.name });
      return presentGateway(row, work.sync);
    },
    { role: "host" },
  );
}
