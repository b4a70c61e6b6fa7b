import type { ServiceAccount } from "./contract";

/** What an account has, as an input would say it. */
export function roleOfAccount({ role, roleId }: Pick<ServiceAccount, "role" | "roleId">) {
  return role === null ? { roleId: roleId ?? "" } : { role };
}
