import { eq } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Gateway, UpdateGateway } from "./contract";
import { gateway } from "./resource";
import { allowedOrganizations, allowOrganizations, gatewayColumns, presentGateway } from "./rows";
import { orNameTaken, requireNoLocal } from "./rules";

/**
 * Renames a gateway, or changes which organizations may publish on it.
 * @throws Refusal `name_taken` | `local_gateway` | `gateway_in_use` an organization that is not in the list has
 * applications on it
 */
export const update = operation(
  {
    name: "gateways.update",
    summary: "Rename a gateway, or replace the list of organizations that may use it",
    permission: "gateway:update",
    on: gateway,
    input: UpdateGateway,
    output: Gateway,
    errors: ["gateway_in_use", "local_gateway", "name_taken"],
    rest: { method: "PATCH", path: "/gateways/{gatewayId}" },
  },
  async (authorized, input) => {
    return unitOfWork(
      authorized,
      async (work) => {
        const { gatewayId } = work.authorized.object;
        const self = eq(gateways.gatewayId, gatewayId);
        // The lock waits for concurrent creations of applications on this gateway, which lock it by their foreign keys.
        const [before] = await work.tx.select({ name: gateways.name }).from(gateways).where(self).for("update");
        if (!before) throw new Refusal("not_found", authorized.named);
        if (input.name !== undefined && input.name !== before.name) requireNoLocal(before.name);
        const { name, organizationIds } = input;
        const allowed = organizationIds && {
          before: await allowedOrganizations(work.tx, gatewayId),
          after: await allowOrganizations(work.tx, gatewayId, organizationIds, work.now),
        };
        const [row] = await work.tx
          .update(gateways)
          .set({ name: input.name ?? before.name })
          .where(self)
          .returning(gatewayColumns)
          .catch((error: unknown) => orNameTaken(error, input.name ?? before.name));
        if (!row) throw new Refusal("not_found", authorized.named);
        work.audit(
          { kind: "gateway", id: gatewayId },
          {
            ...(name === undefined ? {} : { name: [before.name, name] }),
            ...(allowed ? { organizationIds: [allowed.before, allowed.after] } : {}),
          },
        );
        return presentGateway(row, work.sync);
      },
      { role: "host" },
    );
  },
);
