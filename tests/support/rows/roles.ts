import { roles, serviceAccounts } from "#drizzle/roles";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

export const roleRows = factoryOf(roles, () => {
  const roleId = newId("role");
  return { roleId, name: roleId, permissions: ["project:read"], createdAt: new Date() };
});

export const serviceAccountRows = factoryOf(serviceAccounts, () => {
  const serviceAccountId = newId("serviceAccount");
  return { serviceAccountId, name: serviceAccountId, createdAt: new Date() };
});
