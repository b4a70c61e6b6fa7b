import { organizationGateways } from "#drizzle/gateways";
import { organizations } from "#drizzle/organizations";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

export const organizationRows = factoryOf(organizations, () => {
  const organizationId = newId("organization");
  return {
    organizationId,
    name: `Organization ${organizationId.slice(-6)}`,
    slug: organizationId.replace("_", "-"),
    createdAt: new Date(),
  };
});

export const organizationGatewayRows = factoryOf(organizationGateways, () => ({ createdAt: new Date() }));
